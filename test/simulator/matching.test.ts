import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { EVENING, openBench } from "./simulator-bench.ts";

describe("the answer to a POST", () => {
  test("never shows the fill, and the next request always does", async () => {
    const { order, call } = await openBench();
    const placed = await order({ qty: "6" });
    expect(placed.body).toMatchObject({ status: "pending_new", filled_qty: "0", filled_at: null });
    const next = await call("GET", `/v2/orders/${placed.body.id}`);
    expect(next.body).toMatchObject({
      status: "filled",
      filled_qty: "6",
      filled_avg_price: "75.33",
      filled_at: expect.stringMatching(/^2026-05-21T14:00:00\.\d{9}Z$/),
    });
  });

  test("leaves the fill to a next request that comes on its heels", async () => {
    const { simulator } = await openBench();
    const keys = "Host: x\r\nAPCA-API-KEY-ID: k\r\nAPCA-API-SECRET-KEY: s\r\n";
    const terms = '{"symbol":"TQQQ","qty":6,"side":"buy","type":"market","time_in_force":"day"}';
    const post = `POST /v2/orders HTTP/1.1\r\n${keys}Content-Length: ${terms.length}\r\n\r\n${terms}`;
    const get = `GET /v2/orders?status=all HTTP/1.1\r\n${keys}Connection: close\r\n\r\n`;
    const socket = connect(simulator.port, "127.0.0.1");
    socket.write(post + get);
    let text = "";
    for await (const chunk of socket) text += chunk;
    expect(text.match(/"status":"\w+"/g)).toEqual(['"status":"pending_new"', '"status":"filled"']);
  });

  test("shows an accepted order when the market is closed", async () => {
    const { order, call } = await openBench({ startAt: EVENING });
    const placed = await order();
    expect(placed.body).toMatchObject({ status: "accepted", filled_qty: "0" });
    expect((await call("GET", `/v2/orders/${placed.body.id}`)).body.status).toBe("accepted");
  });

  test("has every field of an order, null where there is no value", async () => {
    const { order } = await openBench();
    const { body } = await order({ client_order_id: "mine" });
    const time = "2026-05-21T14:00:00.000000001Z";
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      client_order_id: "mine",
      ...{ created_at: time, updated_at: time, submitted_at: time },
      ...{ filled_at: null, expired_at: null, canceled_at: null, failed_at: null },
      expires_at: "2026-05-21T20:00:00.000000000Z",
      ...{ replaced_at: null, replaced_by: null, replaces: null },
      asset_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...{ symbol: "TQQQ", asset_class: "us_equity" },
      ...{ notional: null, qty: "1", filled_qty: "0", filled_avg_price: null },
      ...{ order_class: "", order_type: "market", type: "market", side: "buy" },
      ...{ position_intent: "buy_to_open", time_in_force: "day", status: "pending_new" },
      ...{ limit_price: null, stop_price: null, trail_percent: null, trail_price: null },
      ...{ extended_hours: false, legs: null, hwm: null, subtag: null, source: null },
    });
  });
});

describe("the market", () => {
  const held = { positions: [{ symbol: "TQQQ", quantity: "10", averagePrice: "70" }] };

  test("lets a market order wait for the first price of its symbol", async () => {
    const { order, call, simulator } = await openBench();
    const placed = await order({ symbol: "QQQ" });
    const path = `/v2/orders/${placed.body.id}`;
    expect((await call("GET", path)).body.status).toBe("new");
    simulator.setPrice("QQQ", "500");
    expect((await call("GET", path)).body).toMatchObject({ filled_avg_price: "500" });
  });

  test.each([
    ["a buy limit", { type: "limit", limit_price: "70" }, "70.01", "69.99"],
    ["a sell limit", { side: "sell", type: "limit", limit_price: "80" }, "79.99", "80.5"],
    ["a sell stop", { side: "sell", type: "stop", stop_price: "70" }, "70.01", "69"],
    ["a buy stop", { type: "stop", stop_price: "80" }, "79.99", "80"],
    [
      "a trailing stop",
      { side: "sell", type: "trailing_stop", trail_price: "5" },
      "70.34",
      "70.33",
    ],
    [
      "a trailing stop by percent",
      { side: "sell", type: "trailing_stop", trail_percent: "10" },
      "67.8",
      "67.797",
    ],
  ])("fills %s when its price is crossed, at the price set", async (_kind, fields, before, at) => {
    const { order, call, simulator } = await openBench(held);
    const placed = await order(fields);
    const path = `/v2/orders/${placed.body.id}`;
    simulator.setPrice("TQQQ", before);
    expect((await call("GET", path)).body.status).toBe("new");
    simulator.setPrice("TQQQ", at);
    expect((await call("GET", path)).body).toMatchObject({
      status: "filled",
      filled_avg_price: at,
    });
  });

  test("lets a trailing stop follow the best price", async () => {
    const { order, call, simulator } = await openBench(held);
    const placed = await order({ side: "sell", type: "trailing_stop", trail_price: "5" });
    simulator.setPrice("TQQQ", "90");
    simulator.setPrice("TQQQ", "86");
    const trailing = await call("GET", `/v2/orders/${placed.body.id}`);
    expect(trailing.body).toMatchObject({ hwm: "90", stop_price: "85", status: "new" });
  });

  test("needs a stop limit's stop first and then its limit", async () => {
    const { order, call, simulator } = await openBench();
    const fields = { type: "stop_limit", stop_price: "80", limit_price: "81" };
    const path = `/v2/orders/${(await order(fields)).body.id}`;
    simulator.setPrice("TQQQ", "82");
    expect((await call("GET", path)).body.status).toBe("new");
    simulator.setPrice("TQQQ", "80.5");
    expect((await call("GET", path)).body.filled_avg_price).toBe("80.5");
  });

  test.each(["ioc", "fok"])("cancels what an %s order cannot fill at once", async (tif) => {
    const { order, call } = await openBench();
    const unmet = await order({ time_in_force: tif, type: "limit", limit_price: "70" });
    const path = `/v2/orders/${unmet.body.id}`;
    expect((await call("GET", path)).body.status).toBe("canceled");
    const met = await order({ time_in_force: tif, type: "limit", limit_price: "76" });
    expect((await call("GET", `/v2/orders/${met.body.id}`)).body.status).toBe("filled");
  });
});

describe("partial fills", () => {
  test("are scripted by an order's id and add up to its average price", async () => {
    const { order, call, simulator } = await openBench({ scriptedFills: true });
    const placed = await order({ qty: "3", client_order_id: "mine" });
    const path = `/v2/orders/${placed.body.id}`;
    expect((await call("GET", path)).body.status).toBe("new");
    const part = await call("POST", "/sim/fills", {
      clientOrderId: "mine",
      quantity: "1",
      price: "10",
    });
    expect(part.body).toMatchObject({ status: "partially_filled", filled_qty: "1" });
    simulator.fill({ orderId: placed.body.id, quantity: "2", price: "11.5" });
    expect((await call("GET", path)).body).toMatchObject({
      status: "filled",
      filled_qty: "3",
      filled_avg_price: "11",
    });
    expect(simulator.positions()).toMatchObject([{ qty: "3", avg_entry_price: "11" }]);
  });

  test("can be ordered by a fault, and go on with the next price", async () => {
    const { order, call, simulator } = await openBench();
    simulator.addFaults([{ match: {}, fault: { kind: "partial_fill", quantity: "2" } }]);
    const path = `/v2/orders/${(await order({ qty: "6" })).body.id}`;
    const part = await call("GET", path);
    expect(part.body).toMatchObject({ status: "partially_filled", filled_qty: "2" });
    simulator.setPrice("TQQQ", "80");
    expect((await call("GET", path)).body).toMatchObject({ status: "filled", filled_qty: "6" });
  });

  test("can stay open until they are canceled", async () => {
    const { order, call, simulator } = await openBench();
    const fault = { kind: "partial_fill", quantity: "2", rest: "script" } as const;
    simulator.addFaults([{ match: { method: "POST" }, fault }]);
    const path = `/v2/orders/${(await order({ qty: "6" })).body.id}`;
    simulator.setPrice("TQQQ", "80");
    expect((await call("DELETE", path)).status).toBe(204);
    const canceled = await call("GET", path);
    expect(canceled.body).toMatchObject({ status: "canceled", filled_qty: "2", filled_at: null });
  });

  test("happen by chance, the same for the same seed", async () => {
    const outcome = async () => {
      const { order, simulator } = await openBench({ partialFillChance: 0.5, seed: 7 });
      for (let count = 0; count < 20; count += 1) await order({ qty: "10" });
      return simulator.orders().map((placed) => placed.filled_qty);
    };
    const quantities = await outcome();
    expect(quantities.some((quantity) => quantity !== "10")).toBe(true);
    expect(quantities.some((quantity) => quantity === "10")).toBe(true);
    expect(quantities.every((quantity) => /^([1-9]|10)$/.test(String(quantity)))).toBe(true);
    expect(await outcome()).toEqual(quantities);
  });

  test("cancel the rest of an ioc and the whole of a fok", async () => {
    const { order, call, simulator } = await openBench();
    const fault = { kind: "partial_fill", quantity: "2" } as const;
    simulator.addFaults([{ match: { method: "POST" }, fault, times: 2 }]);
    const ioc = await order({ qty: "6", time_in_force: "ioc" });
    const fok = await order({ qty: "6", time_in_force: "fok" });
    const orderOf = async (id: string) => (await call("GET", `/v2/orders/${id}`)).body;
    expect(await orderOf(ioc.body.id)).toMatchObject({ status: "canceled", filled_qty: "2" });
    expect(await orderOf(fok.body.id)).toMatchObject({ status: "canceled", filled_qty: "0" });
  });

  test("cannot be scripted beyond what is left, for ended orders, or without a price", async () => {
    const { order, call } = await openBench({ scriptedFills: true });
    const placed = await order({ qty: "3", client_order_id: "mine" });
    const fill = (fields: object) => call("POST", "/sim/fills", { quantity: "1", ...fields });
    const tooMuch = await fill({ clientOrderId: "mine", quantity: "4" });
    expect(tooMuch.body.message).toBe("quantity: 4 is more than the 3 that are left to fill");
    expect((await fill({ clientOrderId: "other" })).body.message).toBe("no order other");
    expect((await fill({})).status).toBe(400);
    await call("DELETE", `/v2/orders/${placed.body.id}`);
    expect((await fill({ clientOrderId: "mine" })).body.message).toContain("is canceled");
    await order({ symbol: "SPY", client_order_id: "unpriced" });
    expect((await fill({ clientOrderId: "unpriced" })).body.message).toContain("price");
  });

  test("can be scripted to come late, after the order has ended, but not beyond what it asked", async () => {
    const { order, call, simulator } = await openBench({ scriptedFills: true });
    const placed = await order({ qty: "3", client_order_id: "mine" });
    await call("DELETE", `/v2/orders/${placed.body.id}`);
    const late = { clientOrderId: "mine", price: "11.5", late: true };
    expect(() => simulator.fill({ ...late, quantity: "4" })).toThrow("more than the 3");
    const filled = simulator.fill({ ...late, quantity: "2" });
    expect(filled).toMatchObject({ status: "canceled", filled_qty: "2" });
    expect(simulator.positions()).toMatchObject([{ qty: "2" }]);
  });
});
