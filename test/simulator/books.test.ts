import { describe, expect, test } from "vitest";
import { openBench } from "./simulator-bench.ts";

describe("the books", () => {
  test("move cash and position by what was filled", async () => {
    const { order, call } = await openBench({ cash: "1000" });
    await order({ qty: "6" });
    const account = await call("GET", "/v2/account");
    expect(account.body).toMatchObject({
      cash: "548.02",
      buying_power: "548.02",
      equity: "1000",
      long_market_value: "451.98",
    });
    const position = await call("GET", "/v2/positions/TQQQ");
    expect(position.body).toMatchObject({
      qty: "6",
      qty_available: "6",
      avg_entry_price: "75.33",
      side: "long",
      market_value: "451.98",
    });
  });

  test("average the price of what was bought and keep it while selling", async () => {
    const { order, simulator } = await openBench({ prices: { TQQQ: "10" } });
    await order({ qty: "3" });
    simulator.setPrice("TQQQ", "20");
    await order({ qty: "1" });
    expect(simulator.positions()).toMatchObject([{ qty: "4", avg_entry_price: "12.5" }]);
    await order({ side: "sell", qty: "3" });
    expect(simulator.positions()).toMatchObject([{ qty: "1", avg_entry_price: "12.5" }]);
    await order({ side: "sell", qty: "1" });
    expect(simulator.positions()).toEqual([]);
  });

  test("take a whole-share sell while flat as a short and secure it with cash", async () => {
    const { order, call } = await openBench({ cash: "1000", prices: { TQQQ: "100" } });
    const sold = await order({ side: "sell", qty: "2" });
    expect(sold.body.position_intent).toBe("sell_to_open");
    const { body } = await call("GET", "/v2/positions/TQQQ");
    expect(body).toMatchObject({ qty: "-2", side: "short", qty_available: "-2" });
    const account = await call("GET", "/v2/account");
    expect(account.body).toMatchObject({
      cash: "1200",
      equity: "1000",
      short_market_value: "-200",
      buying_power: "800",
    });
    await order({ side: "buy", qty: "2", position_intent: "buy_to_close" });
    expect((await call("GET", "/v2/positions")).body).toEqual([]);
  });

  test("hold shares for working sells and give them back with a cancel", async () => {
    const positions = [{ symbol: "TQQQ", quantity: "10", averagePrice: "70" }];
    const { order, call } = await openBench({ positions });
    const sell = await order({ side: "sell", qty: "4", type: "limit", limit_price: "90" });
    const held = await call("GET", "/v2/positions/TQQQ");
    expect(held.body).toMatchObject({ qty: "10", qty_available: "6" });
    await call("DELETE", `/v2/orders/${sell.body.id}`);
    const free = await call("GET", "/v2/positions/TQQQ");
    expect(free.body.qty_available).toBe("10");
  });

  test("hold money for working buys", async () => {
    const { order, call } = await openBench({ cash: "1000" });
    await order({ qty: "10", type: "limit", limit_price: "60" });
    const account = await call("GET", "/v2/account");
    expect(account.body).toMatchObject({ cash: "1000", buying_power: "400" });
  });

  test("buy for a sum of money as many shares as it pays, down to nine decimals", async () => {
    const { order, call } = await openBench({ prices: { TQQQ: "3" } });
    const placed = await order({ notional: "10" });
    expect(placed.body).toMatchObject({ qty: null, notional: "10" });
    const filled = await call("GET", `/v2/orders/${placed.body.id}`);
    expect(filled.body).toMatchObject({ status: "filled", filled_qty: "3.333333333" });
  });

  test("keep a price of any precision as the average of a single fill", async () => {
    const price = "75.333333333333333333333333";
    const { order, simulator } = await openBench({ prices: { TQQQ: price } });
    await order({ qty: "6" });
    expect(simulator.orders()).toMatchObject([{ filled_avg_price: price }]);
    expect(simulator.positions()).toMatchObject([{ avg_entry_price: price }]);
  });

  test("keep it over several fills at one price, however many digits it has", async () => {
    const price = `75.${"3".repeat(60)}`;
    const { order, simulator } = await openBench({ prices: { TQQQ: price }, scriptedFills: true });
    const { body } = await order({ qty: "7" });
    simulator.fill({ orderId: body.id, quantity: "3" });
    simulator.fill({ orderId: body.id, quantity: "4" });
    expect(simulator.orders()).toMatchObject([{ status: "filled", filled_avg_price: price }]);
  });

  test("take amounts by value, as text or as JSON numbers", async () => {
    const { call, simulator } = await openBench();
    const rest = '"symbol":"TQQQ","side":"buy","type":"limit","time_in_force":"gtc"';
    for (const amounts of ['"qty":3.0,"limit_price":60', '"qty":"3","limit_price":"60.00"']) {
      const answer = await call("POST", "/v2/orders", `{${amounts},${rest}}`);
      expect(answer.body).toMatchObject({ qty: "3", limit_price: "60" });
    }
    const tiny = await call(
      "POST",
      "/v2/orders",
      `{"qty":1e-7,${rest.replace("gtc", "day")}
      ,"limit_price":60}`,
    );
    expect(tiny.body.qty).toBe("0.0000001");
    expect(simulator.orders()).toHaveLength(3);
  });
});

describe("closing a position", () => {
  const positions = [
    { symbol: "TQQQ", quantity: "10", averagePrice: "70" },
    { symbol: "SQQQ", quantity: "-4", averagePrice: "20" },
  ];
  const prices = { TQQQ: "75", SQQQ: "20" };

  test("places a market order with an id that the server made", async () => {
    const { call, simulator } = await openBench({ positions, prices });
    const closed = await call("DELETE", "/v2/positions/TQQQ");
    expect(closed.status).toBe(200);
    expect(closed.body).toMatchObject({
      qty: "10",
      side: "sell",
      position_intent: "sell_to_close",
    });
    expect(closed.body.client_order_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(simulator.positions()).toMatchObject([{ symbol: "SQQQ" }]);
  });

  test("takes a quantity or a percentage", async () => {
    const { call } = await openBench({ positions, prices });
    expect((await call("DELETE", "/v2/positions/TQQQ?qty=3")).body.qty).toBe("3");
    expect((await call("DELETE", "/v2/positions/TQQQ?percentage=50")).body.qty).toBe("3");
    expect((await call("DELETE", "/v2/positions/TQQQ?percentage=101")).status).toBe(422);
    expect((await call("DELETE", "/v2/positions/TQQQ?qty=5")).status).toBe(403);
    const nothing = await call("DELETE", "/v2/positions/TQQQ?percentage=10");
    expect(nothing.body).toEqual({ code: 42210000, message: "qty must be > 0" });
  });

  test("sells a fraction by percentage only of what is one", async () => {
    const held = { symbol: "TQQQ", quantity: "7.5", averagePrice: "70" };
    const { call } = await openBench({ positions: [held], prices });
    expect((await call("DELETE", "/v2/positions/TQQQ?percentage=50")).body.qty).toBe("3.75");
  });

  test.each(["true", "True"])("closes all, canceling orders first (%s)", async (flag) => {
    const { call, order, simulator } = await openBench({ positions, prices });
    await order({ side: "sell", qty: "10", type: "limit", limit_price: "90" });
    const held = await call("DELETE", "/v2/positions");
    expect(held.body.map((row: { status: number }) => row.status)).toEqual([403, 200]);
    const closed = await call("DELETE", `/v2/positions?cancel_orders=${flag}`);
    expect(closed.status).toBe(207);
    expect(closed.body).toMatchObject([{ symbol: "TQQQ", status: 200, body: { qty: "10" } }]);
    expect(simulator.positions()).toEqual([]);
  });

  test("finds a position by its asset's id and whatever the symbol's case", async () => {
    const { call } = await openBench({ positions });
    const position = await call("GET", "/v2/positions/tqqq");
    const byAsset = await call("GET", `/v2/positions/${position.body.asset_id}`);
    expect(byAsset.body.symbol).toBe("TQQQ");
  });
});
