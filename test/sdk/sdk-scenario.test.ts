import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Client, SeenOrder, Terms } from "./driver.ts";
import { MASTER_CHIEF } from "./master-chief.ts";
import { OFFICIAL_V3 } from "./official-v3.ts";
import { OFFICIAL_V4 } from "./official-v4.ts";
import { HIGH_CALL, LOW_CALL, SdkWorld } from "./sdk-world.ts";

const MARKET = { symbol: "TQQQ", side: "buy", type: "market", qty: "6" } as const;
const LIMIT = { symbol: "TQQQ", side: "buy", type: "limit", qty: "2", limitPrice: "60" } as const;
const SELL_QQQ = { symbol: "QQQ", side: "sell", qty: "1" } as const;

/** Every kind of order, with what its client must be shown beside what it asked for. */
const ORDERS: readonly (readonly [string, Omit<Terms, "clientOrderId">, object])[] = [
  ["market", MARKET, {}],
  ["limit", LIMIT, {}],
  ["stop", { symbol: "SPY", side: "buy", type: "stop", qty: "1", stopPrice: "510" }, {}],
  [
    "stop limit",
    {
      ...{ symbol: "SPY", side: "buy", type: "stop_limit", qty: "2" },
      ...{ stopPrice: "510", limitPrice: "511" },
    },
    {},
  ],
  ["trailing stop by price", { ...SELL_QQQ, type: "trailing_stop", trailPrice: "5" }, {}],
  ["trailing stop by percent", { ...SELL_QQQ, type: "trailing_stop", trailPercent: "2" }, {}],
  [
    "notional",
    { symbol: "AAPL", side: "buy", type: "market", notional: "95" },
    { qty: null, notional: "95" },
  ],
  ["fractional", { ...MARKET, symbol: "AAPL", qty: "0.25" }, {}],
  [
    "bracket",
    {
      ...{ symbol: "IWM", side: "buy", type: "limit", orderClass: "bracket", qty: "2" },
      ...{ limitPrice: "190", takeProfit: "220", stopLoss: "180" },
    },
    {
      legs: [
        { type: "limit", limitPrice: "220" },
        { type: "stop", stopPrice: "180" },
      ],
    },
  ],
  [
    "oco",
    {
      ...{ symbol: "DIA", side: "sell", type: "limit", orderClass: "oco", qty: "4" },
      ...{ takeProfit: "420", stopLoss: "350" },
    },
    { limitPrice: "420", legs: [{ type: "stop", stopPrice: "350" }] },
  ],
  [
    "oto",
    {
      ...{ symbol: "GLD", side: "buy", type: "limit", orderClass: "oto", qty: "1" },
      ...{ limitPrice: "290", stopLoss: "280" },
    },
    { legs: [{ type: "stop", stopPrice: "280" }] },
  ],
  [
    "multi-leg",
    {
      ...{ type: "limit", orderClass: "mleg", qty: "2", limitPrice: "1.6" },
      legs: [
        { symbol: LOW_CALL, ratio: "1", side: "buy", positionIntent: "buy_to_open" },
        { symbol: HIGH_CALL, ratio: "1", side: "sell", positionIntent: "sell_to_open" },
      ],
    },
    {
      ...{ symbol: "", side: "" },
      legs: [
        { symbol: LOW_CALL, side: "buy", qty: "2" },
        { symbol: HIGH_CALL, side: "sell", qty: "2" },
      ],
    },
  ],
];

/** What the order must show of what it was asked for. */
function asked({ takeProfit: _, stopLoss: __, legs: ___, ...terms }: Omit<Terms, "clientOrderId">) {
  return terms;
}

function nameOf({ name, byRequest }: Client): string {
  return byRequest.length === 0 ? name : `${name} (by its request method: ${byRequest.join()})`;
}

const CLIENTS = [OFFICIAL_V3, OFFICIAL_V4, MASTER_CHIEF].map((client) => {
  return [nameOf(client), client] as const;
});

describe.each(CLIENTS)("%s, unmodified, behind the sidecar", (_, client) => {
  const placed = new Map<string, SeenOrder>();
  const idOf = (kind: string) => placed.get(kind)?.id ?? `no order ${kind}`;
  let world: SdkWorld;
  beforeAll(async () => {
    world = await SdkWorld.open(client);
  });
  afterAll(() => world.close());

  test("reads the account", async () => {
    const account = await world.ask((driver) => driver.account());
    expect(account).toEqual({ status: "ACTIVE", cash: "100000" });
  });

  test("reads the clock", async () => {
    const clock = await world.ask((driver) => driver.clock());
    expect(clock).toEqual({ isOpen: true, nextClose: new Date("2026-05-21T20:00:00Z") });
  });

  test("reads the calendar of a range, and without one", async () => {
    const range = { start: new Date("2026-05-22"), end: new Date("2026-05-26") };
    const hours = { open: "09:30", close: "16:00" };
    expect(await world.ask((driver) => driver.calendar(range))).toEqual([
      { date: "2026-05-22", ...hours },
      { date: "2026-05-26", ...hours },
    ]);
    const days = await world.ask((driver) => driver.calendar());
    expect(days).toContainEqual({ date: "2026-05-21", ...hours });
  });

  test.each(ORDERS)("places an order: %s", async (kind, terms, shown) => {
    const clientOrderId = `sdk-${kind}`;
    const order = await world.ask((driver) => driver.place({ ...terms, clientOrderId }));
    placed.set(kind, order);
    expect(order).toMatchObject({ clientOrderId, ...asked(terms), ...shown });
    const found = await world.ask((driver) => driver.order(order.id));
    expect(found).toMatchObject({ id: order.id, clientOrderId, ...asked(terms) });
  });

  test("lists orders by status, symbols, direction, limit and nesting", async () => {
    const open = await world.ask((driver) =>
      driver.orders({ status: "open", symbols: ["TQQQ", "SPY"] }),
    );
    const kinds = ["stop limit", "stop", "limit"];
    expect(open.map(({ id }) => id)).toEqual(kinds.map(idOf));
    const first = { status: "all", direction: "asc", limit: 2 } as const;
    const oldest = await world.ask((driver) => driver.orders(first));
    expect(oldest.map(({ id }) => id)).toEqual(["market", "limit"].map(idOf));
    const nested = { status: "all", nested: true, symbols: ["IWM"] } as const;
    const brackets = await world.ask((driver) => driver.orders(nested));
    expect(brackets).toMatchObject([{ id: idOf("bracket"), legs: [{}, {}] }]);
  });

  test("finds an order by its client_order_id, and is told when there is none", async () => {
    const found = await world.ask((driver) => driver.orderByClientId("sdk-market"));
    expect(found).toMatchObject({ id: idOf("market"), status: "filled", filledQty: "6" });
    const failure = await world.failure((driver) => driver.orderByClientId("sdk-none"));
    expectFailure(failure, 404, 40410000, "order not found");
  });

  test("gets the same order for a repeated one, and a refusal for another under its id", async () => {
    const again = { ...MARKET, clientOrderId: "sdk-market" };
    const repeated = await world.ask((driver) => driver.place(again));
    expect(repeated).toMatchObject({ id: idOf("market"), status: "filled" });
    const failure = await world.failure((driver) => driver.place({ ...again, qty: "7" }));
    expectFailure(failure, 422, 40010001, "client_order_id must be unique");
  });

  test("gets the broker's refusal in the client's own form", async () => {
    const dear = { ...MARKET, qty: "5000", clientOrderId: "sdk-dear" };
    const failure = await world.failure((driver) => driver.place(dear));
    expectFailure(failure, 403, 40310000, "insufficient buying power");
  });

  test("replaces an order", async () => {
    const id = idOf("limit");
    const order = await world.ask((driver) => driver.replace(id, { limitPrice: "61" }));
    expect(order).toMatchObject({ symbol: "TQQQ", qty: "2", limitPrice: "61", replaces: id });
    expect(await world.ask((driver) => driver.order(id))).toMatchObject({ status: "replaced" });
  });

  test("cancels an order", async () => {
    const id = idOf("stop");
    await world.ask((driver) => driver.cancel(id));
    expect(await world.ask((driver) => driver.order(id))).toMatchObject({ status: "canceled" });
  });

  test("cancels all orders", async () => {
    const canceled = await world.ask((driver) => driver.cancelAll());
    expect(canceled).toContainEqual({ id: idOf("stop limit"), status: 200 });
    expect(await world.ask((driver) => driver.orders({ status: "open" }))).toEqual([]);
    for (const kind of ["stop limit", "bracket", "oco"]) {
      const order = await world.ask((driver) => driver.order(idOf(kind)));
      expect(order.status).toBe("canceled");
    }
  });

  test("reads the positions", async () => {
    const positions = await world.ask((driver) => driver.positions());
    const held = { symbol: "QQQ", qty: "10", side: "long", assetClass: "us_equity" };
    expect(positions).toContainEqual(held);
    expect(positions).toContainEqual({ ...held, symbol: "TQQQ", qty: "6" });
    expect(await world.ask((driver) => driver.position("QQQ"))).toEqual(held);
  });

  test("holds the contracts of its multi-leg order", async () => {
    const long = await world.ask((driver) => driver.position(LOW_CALL));
    const contract = { symbol: LOW_CALL, qty: "2", side: "long", assetClass: "us_option" };
    expect(long).toEqual(contract);
    const short = await world.ask((driver) => driver.position(HIGH_CALL));
    expect(short).toEqual({ ...contract, symbol: HIGH_CALL, qty: "-2", side: "short" });
  });

  test("closes a position in part and whole, and is told when there is none", async () => {
    const sold = { symbol: "TQQQ", side: "sell", type: "market" };
    const left = async () => (await world.ask((driver) => driver.position("TQQQ"))).qty;
    const some = await world.ask((driver) => driver.close("TQQQ", { qty: "2" }));
    expect([some, await left()]).toMatchObject([{ ...sold, qty: "2" }, "4"]);
    const half = await world.ask((driver) => driver.close("TQQQ", { percentage: "50" }));
    expect([half, await left()]).toMatchObject([{ ...sold, qty: "2" }, "2"]);
    const rest = await world.ask((driver) => driver.close("TQQQ"));
    expect(rest).toMatchObject({ ...sold, qty: "2" });
    const flat = await world.failure((driver) => driver.position("TQQQ"));
    expectFailure(flat, 404, 40410000, "position does not exist");
    const never = await world.failure((driver) => driver.close("GLD"));
    expectFailure(never, 404, 40410000, "position does not exist");
  });

  test("hears of what happens, in order", async () => {
    await world.listen();
    const buy = { ...MARKET, qty: "1", clientOrderId: "sdk-heard" };
    await world.ask((driver) => driver.place(buy));
    const order = { clientOrderId: "sdk-heard" };
    expect(await world.updates(2)).toMatchObject([
      { event: "new", caughtUp: false, order: { ...order, status: "new" } },
      { event: "fill", qty: "1", caughtUp: false, order: { ...order, status: "filled" } },
    ]);
  });

  test("hears of a fill that the broker's stream did not tell, with the mark", async () => {
    const resting = { ...LIMIT, clientOrderId: "sdk-missed" };
    await world.ask((driver) => driver.place(resting));
    await world.updates(1);
    await world.missingByTheSidecar(() => world.simulator.setPrice("TQQQ", "59"));
    expect(await world.updates(1)).toMatchObject([
      { event: "fill", qty: "2", caughtUp: true, order: { clientOrderId: "sdk-missed" } },
    ]);
  });

  test("listens again after its own connection was lost", async () => {
    await world.loseConnection();
    const buy = { ...MARKET, qty: "3", clientOrderId: "sdk-heard-again" };
    await world.ask((driver) => driver.place(buy));
    expect(await world.updates(2)).toMatchObject([
      { event: "new", order: { clientOrderId: "sdk-heard-again" } },
      { event: "fill", qty: "3" },
    ]);
  });

  test("closes all positions", async () => {
    const closed = await world.ask((driver) => driver.closeAll());
    const order = { symbol: "QQQ", side: "sell", qty: "10" };
    expect(closed.find(({ symbol }) => symbol === "QQQ")).toMatchObject({ status: 200, order });
    expect(closed.map(({ status }) => status)).toEqual(closed.map(() => 200));
    await world.advance(1_000);
    expect(await world.ask((driver) => driver.positions())).toEqual([]);
  });
});

function expectFailure(
  failure: Awaited<ReturnType<SdkWorld["failure"]>>,
  status: number,
  code: number,
  message: string,
): void {
  expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
  // One client keeps the status to itself.
  expect([status, null]).toContain(failure.status);
}
