import { describe, expect, test } from "vitest";
import { type Bench, type Body, openBench } from "./simulator-bench.ts";

const BRACKET = {
  order_class: "bracket",
  qty: "4",
  take_profit: { limit_price: "90" },
  stop_loss: { stop_price: "60" },
};
const HELD = { positions: [{ symbol: "TQQQ", quantity: "4", averagePrice: "70" }] };
const OCO = { ...BRACKET, order_class: "oco", side: "sell", type: "limit" };

async function statuses({ call }: Bench, ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const id of ids) found.push((await call("GET", `/v2/orders/${id}`)).body.status);
  return found;
}

/** The part of each in its group, of which there is one. */
function rolesOf(orders: readonly Body[]): readonly string[] {
  expect(new Set(orders.map((order) => order.group_id)).size).toBe(1);
  return orders.map((order) => order.group_role);
}

function family(order: Body): string[] {
  return [order.id, ...order.legs.map((leg: Body) => leg.id)];
}

describe("orders that belong together", () => {
  test("name their group and their part in it, as whatever takes their place does", async () => {
    const { order, call } = await openBench();
    const { body } = await order({ ...BRACKET, type: "limit", limit_price: "70" });
    expect(rolesOf([body, ...body.legs])).toEqual(["entry", "take_profit", "stop_loss"]);
    expect(body.group_id).not.toBe(body.id);
    const [, stop] = body.legs;
    const moved = (await call("PATCH", `/v2/orders/${stop.id}`, { stop_price: "61" })).body;
    expect(rolesOf([body, moved])).toEqual(["entry", "stop_loss"]);
    const entry = (await call("PATCH", `/v2/orders/${body.id}`, { limit_price: "69" })).body;
    expect(rolesOf([moved, entry])).toEqual(["stop_loss", "entry"]);
    expect((await order()).body).not.toHaveProperty("group_id");
  });

  test("are a take-profit and its stop where nothing is entered", async () => {
    const { order } = await openBench(HELD);
    const { body } = await order(OCO);
    expect(rolesOf([body, ...body.legs])).toEqual(["take_profit", "stop_loss"]);
  });
});

describe("a bracket", () => {
  test("has its legs inside, held until the entry has filled", async () => {
    const bench = await openBench();
    const placed = await bench.order({ ...BRACKET, type: "limit", limit_price: "70" });
    expect(placed.body.legs).toMatchObject([
      { side: "sell", type: "limit", limit_price: "90", qty: "4", status: "held" },
      { side: "sell", type: "stop", stop_price: "60", qty: "4", status: "held" },
    ]);
    const ids = family(placed.body);
    expect(await statuses(bench, ids)).toEqual(["new", "held", "held"]);
    bench.simulator.setPrice("TQQQ", "70");
    expect(await statuses(bench, ids)).toEqual(["filled", "new", "held"]);
    const position = await bench.call("GET", "/v2/positions/TQQQ");
    expect(position.body).toMatchObject({ qty: "4", qty_available: "0" });
  });

  test.each([
    ["the take-profit", "90", ["filled", "filled", "canceled"]],
    ["the stop", "60", ["filled", "canceled", "filled"]],
  ])("ends with %s and cancels the other leg", async (_leg, price, expected) => {
    const bench = await openBench();
    const ids = family((await bench.order(BRACKET)).body);
    bench.simulator.setPrice("TQQQ", price);
    expect(await statuses(bench, ids)).toEqual(expected);
    expect(bench.simulator.positions()).toEqual([]);
  });

  test("is canceled whole before its entry, and leg with leg after it", async () => {
    const bench = await openBench();
    const waiting = await bench.order({ ...BRACKET, type: "limit", limit_price: "70" });
    await bench.call("DELETE", `/v2/orders/${waiting.body.id}`);
    expect(await statuses(bench, family(waiting.body))).toEqual(Array(3).fill("canceled"));
    const entered = family((await bench.order(BRACKET)).body);
    await bench.call("DELETE", `/v2/orders/${entered[1]}`);
    expect(await statuses(bench, entered)).toEqual(["filled", "canceled", "canceled"]);
  });

  test("is one order in a nested list and three in a flat one", async () => {
    const { call, order } = await openBench();
    await order({ ...BRACKET, type: "limit", limit_price: "70" });
    const nested = await call("GET", "/v2/orders?nested=true");
    expect(nested.body).toHaveLength(1);
    expect(nested.body[0].legs).toHaveLength(2);
    const flat = await call("GET", "/v2/orders");
    expect(flat.body).toHaveLength(3);
    expect(flat.body.map((one: Body) => one.legs)).toEqual([null, null, null]);
    const single = await call("GET", `/v2/orders/${nested.body[0].id}?nested=true`);
    expect(single.body.legs).toHaveLength(2);
  });

  test("passes its legs to the order that replaces its entry, if that is taken", async () => {
    const bench = await openBench();
    const placed = await bench.order({ ...BRACKET, type: "limit", limit_price: "70" });
    const ids = family(placed.body);
    bench.simulator.addFaults([{ match: { method: "PATCH" }, fault: { kind: "reject_later" } }]);
    const path = `/v2/orders/${ids[0]}`;
    const refused = await bench.call("PATCH", path, { limit_price: "71" });
    expect(await statuses(bench, ids)).toEqual(["new", "held", "held"]);
    expect(await statuses(bench, [refused.body.id])).toEqual(["rejected"]);
    const taken = await bench.call("PATCH", path, { limit_price: "72" });
    bench.simulator.setPrice("TQQQ", "72");
    expect(await statuses(bench, [taken.body.id, ...ids])).toEqual([
      ...["filled", "replaced", "new", "held"],
    ]);
  });

  test("can have a leg replaced", async () => {
    const bench = await openBench();
    const ids = family((await bench.order(BRACKET)).body);
    const answer = await bench.call("PATCH", `/v2/orders/${ids[1]}`, { limit_price: "80" });
    expect(answer.body).toMatchObject({ limit_price: "80", replaces: ids[1] });
    const nested = await bench.call("GET", `/v2/orders/${ids[0]}?nested=true`);
    expect(nested.body.legs.map((leg: Body) => leg.id)).toEqual([answer.body.id, ids[2]]);
    bench.simulator.setPrice("TQQQ", "60");
    const after = [answer.body.id, String(ids[2])];
    expect(await statuses(bench, after)).toEqual(["canceled", "filled"]);
  });

  test("can have its stop replaced while that is held, before and after its entry", async () => {
    const bench = await openBench();
    const placed = await bench.order({ ...BRACKET, type: "limit", limit_price: "70" });
    const [entry, profit, stop] = family(placed.body);
    const before = await bench.call("PATCH", `/v2/orders/${stop}`, { stop_price: "62" });
    expect(before.body).toMatchObject({ stop_price: "62", replaces: stop, status: "held" });
    expect(await statuses(bench, [String(stop), before.body.id])).toEqual(["replaced", "held"]);
    bench.simulator.setPrice("TQQQ", "70");
    const after = await bench.call("PATCH", `/v2/orders/${before.body.id}`, { stop_price: "68" });
    const ids = [String(entry), String(profit), after.body.id];
    expect(await statuses(bench, ids)).toEqual(["filled", "new", "held"]);
    bench.simulator.setPrice("TQQQ", "67");
    expect(await statuses(bench, ids)).toEqual(["filled", "canceled", "filled"]);
  });

  test("keeps its held stop where the one in its place is turned down, and sells at once where not", async () => {
    const bench = await openBench();
    const [, profit, stop] = family((await bench.order(BRACKET)).body);
    bench.simulator.addFaults([{ match: { method: "PATCH" }, fault: { kind: "reject_later" } }]);
    const path = `/v2/orders/${stop}`;
    const refused = await bench.call("PATCH", path, { stop_price: "70" });
    const ids = [String(profit), String(stop)];
    expect(await statuses(bench, [...ids, refused.body.id])).toEqual(["new", "held", "rejected"]);
    const taken = await bench.call("PATCH", path, { stop_price: "80" });
    expect(await statuses(bench, [...ids, taken.body.id])).toEqual([
      ...["canceled", "replaced", "filled"],
    ]);
  });
});

describe("an oco", () => {
  test("sells the position once, whichever side comes first", async () => {
    const bench = await openBench(HELD);
    const placed = await bench.order(OCO);
    expect(placed.body).toMatchObject({ limit_price: "90", legs: [{ stop_price: "60" }] });
    const position = await bench.call("GET", "/v2/positions/TQQQ");
    expect(position.body.qty_available).toBe("0");
    bench.simulator.setPrice("TQQQ", "59");
    expect(await statuses(bench, family(placed.body))).toEqual(["canceled", "filled"]);
  });

  test("cannot sell by one leg what the other has sold in part", async () => {
    const bench = await openBench({ ...HELD, scriptedFills: true });
    const ids = family((await bench.order(OCO)).body);
    bench.simulator.fill({ orderId: String(ids[0]), quantity: "3", price: "90" });
    const stop = await bench.call("GET", `/v2/orders/${ids[1]}`);
    expect(stop.body).toMatchObject({ qty: "1", status: "held" });
  });
});

describe("an oto", () => {
  test("sends its one leg to the market when the entry has filled", async () => {
    const bench = await openBench();
    const terms = { order_class: "oto", qty: "2", stop_loss: { stop_price: "60" } };
    const ids = family((await bench.order(terms)).body);
    expect(await statuses(bench, ids)).toEqual(["filled", "new"]);
    bench.simulator.setPrice("TQQQ", "60");
    expect(await statuses(bench, ids)).toEqual(["filled", "filled"]);
  });
});
