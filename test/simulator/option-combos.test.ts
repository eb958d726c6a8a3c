import { describe, expect, test } from "vitest";
import { type Bench, type Body, openBench } from "./simulator-bench.ts";

const LOW = "TQQQ260619C00080000";
const HIGH = "TQQQ260619C00090000";
const PUT = "TQQQ260619P00060000";
const PRICES = { TQQQ: "75.33", [LOW]: "2.5", [HIGH]: "1", [PUT]: "0.4" };
const BOUGHT = { symbol: LOW, ratio_qty: "1", side: "buy", position_intent: "buy_to_open" };
const SOLD = { symbol: HIGH, ratio_qty: "1", side: "sell", position_intent: "sell_to_open" };
const CLOSING = [
  { symbol: LOW, ratio_qty: "1", side: "sell", position_intent: "sell_to_close" },
  { symbol: HIGH, ratio_qty: "1", side: "buy", position_intent: "buy_to_close" },
];

/** A call spread of two combos at the market; fields replace or, as null, take away. */
function spread({ call }: Bench, fields: Record<string, unknown> = {}) {
  return call("POST", "/v2/orders", {
    ...{ order_class: "mleg", qty: "2", type: "market", time_in_force: "day" },
    legs: [BOUGHT, SOLD],
    ...fields,
  });
}

const open = () => openBench({ prices: PRICES, cash: "1000" });

async function lastEvents(bench: Bench, act: () => Promise<unknown>, count: number) {
  const stream = await (await bench.stream()).listen();
  await act();
  return stream.events(count);
}

describe("a multi-leg option order", () => {
  test("is one order without a symbol, with an order for each leg inside", async () => {
    const bench = await open();
    const placed = await spread(bench, { client_order_id: "spread-1" });
    expect(placed).toMatchObject({ status: 200, body: { status: "pending_new", qty: "2" } });
    const shown = await bench.call("GET", `/v2/orders/${placed.body.id}`);
    expect(shown.body).toMatchObject({
      ...{ symbol: "", asset_id: "", asset_class: "", side: "", order_class: "mleg" },
      ...{ type: "market", status: "filled", filled_qty: "2", filled_avg_price: "1.5" },
      legs: [
        { symbol: LOW, side: "buy", qty: "2", ratio_qty: "1", filled_avg_price: "2.5", type: "" },
        { symbol: HIGH, side: "sell", qty: "2", filled_qty: "2", asset_class: "us_option" },
      ],
    });
    expect(shown.body).not.toHaveProperty("position_intent");
    const [first] = shown.body.legs;
    expect(first).toMatchObject({ status: "filled", position_intent: "buy_to_open", legs: null });
    const leg = await bench.call("GET", `/v2/orders/${first.id}`);
    expect(leg.body).toMatchObject({ id: first.id, symbol: LOW });
    expect((await spread(bench, { client_order_id: "spread-1" })).body.code).toBe(40010001);
  });

  test("moves a position for each contract, a hundred shares each, and the cash", async () => {
    const bench = await open();
    await spread(bench);
    const { body } = await bench.call("GET", "/v2/positions");
    expect(body).toMatchObject([
      { symbol: LOW, asset_class: "us_option", qty: "2", cost_basis: "500", side: "long" },
      { symbol: HIGH, asset_class: "us_option", qty: "-2", market_value: "-200", side: "short" },
    ]);
    const account = (await bench.call("GET", "/v2/account")).body;
    expect(account).toMatchObject({ cash: "700", equity: "1000", buying_power: "700" });
    const activities = (await bench.call("GET", "/v2/account/activities/FILL")).body;
    expect(activities.map((fill: Body) => [fill.symbol, fill.qty])).toEqual([
      ...[
        [HIGH, "2"],
        [LOW, "2"],
      ],
    ]);
  });

  test("is closed by another, and its contracts by their own route", async () => {
    const bench = await open();
    await spread(bench);
    await spread(bench, { qty: "1", legs: CLOSING });
    expect(bench.simulator.positions()).toMatchObject([{ qty: "1" }, { qty: "-1" }]);
    const closed = await bench.call("DELETE", `/v2/positions/${HIGH}`);
    expect(closed.body).toMatchObject({ symbol: HIGH, side: "buy", asset_class: "us_option" });
    expect(bench.simulator.positions()).toMatchObject([{ symbol: LOW, qty: "1" }]);
  });

  test("waits for its net price, and fills whole", async () => {
    const bench = await open();
    const { body } = await spread(bench, { type: "limit", limit_price: "1.2" });
    const status = async () => {
      const { body: now } = await bench.call("GET", `/v2/orders/${body.id}`);
      return [now.status, ...now.legs.map((leg: Body) => leg.status)];
    };
    expect(await status()).toEqual(["new", "new", "new"]);
    bench.simulator.setPrice(LOW, "2.3");
    expect(await status()).toEqual(["new", "new", "new"]);
    bench.simulator.setPrice(HIGH, "1.1");
    expect(await status()).toEqual(["filled", "filled", "filled"]);
  });

  test("may ask for a credit by a negative price", async () => {
    const bench = await open();
    const legs = [
      { ...SOLD, symbol: LOW },
      { ...BOUGHT, symbol: HIGH },
    ];
    const { body } = await spread(bench, { type: "limit", limit_price: "-1.4", legs });
    const shown = await bench.call("GET", `/v2/orders/${body.id}`);
    expect(shown.body).toMatchObject({ status: "filled", filled_avg_price: "-1.5" });
    expect((await bench.call("GET", "/v2/account")).body.cash).toBe("1300");
  });

  test("is told about as one order, on a stream", async () => {
    const bench = await open();
    const events = await lastEvents(bench, () => spread(bench), 2);
    expect(events).toMatchObject([
      { event: "new", order: { symbol: "", position_intent: "", legs: [{}, {}] } },
      { event: "fill", price: "1.5", qty: "2", position_qty: null, order: { filled_qty: "2" } },
    ]);
  });

  test("is canceled and replaced whole, never by a leg", async () => {
    const bench = await open();
    const { body } = await spread(bench, { type: "limit", limit_price: "1" });
    const leg = `/v2/orders/${body.legs[0].id}`;
    const words = (verb: string) => `cannot ${verb} individual legs of a mleg order`;
    const refusals = [
      await bench.call("DELETE", leg),
      await bench.call("PATCH", leg, { qty: "1" }),
    ];
    expect(refusals).toMatchObject([
      { status: 422, body: { code: 42210000, message: words("cancel") } },
      { status: 422, body: { code: 42210000, message: words("replace") } },
    ]);
    const replaced = await bench.call("PATCH", `/v2/orders/${body.id}`, { qty: "3" });
    expect(replaced.body).toMatchObject({ qty: "3", replaces: body.id });
    const now = (await bench.call("GET", `/v2/orders/${replaced.body.id}`)).body;
    expect(now.legs).toMatchObject([{ qty: "3", status: "new" }, { qty: "3" }]);
    const all = await bench.call("DELETE", "/v2/orders");
    expect(all.body).toMatchObject([{ id: replaced.body.id, status: 200 }]);
    const ended = (await bench.call("GET", `/v2/orders/${replaced.body.id}`)).body;
    expect([ended.status, ended.legs[0].status]).toEqual(["canceled", "canceled"]);
  });

  test("fills in part by a script, without prices of its own", async () => {
    const bench = await openBench({ prices: PRICES, scriptedFills: true });
    const { body } = await spread(bench);
    const { simulator } = bench;
    const fill = { orderId: String(body.id), quantity: "1" };
    expect(() => simulator.fill({ ...fill, price: "1" })).toThrow(/legs .* fill at their own/);
    const leg = { orderId: String(body.legs[0].id), quantity: "1" };
    expect(() => simulator.fill(leg)).toThrow(`fills with its order ${body.id}`);
    simulator.fill(fill);
    const shown = (await bench.call("GET", `/v2/orders/${body.id}`)).body;
    expect(shown).toMatchObject({ status: "partially_filled", legs: [{ filled_qty: "1" }, {}] });
  });

  const REFUSALS: readonly (readonly [string, number, Record<string, unknown>])[] = [
    ["mleg orders require 2 to 4 legs", 422, { legs: [BOUGHT] }],
    ["mleg orders require 2 to 4 legs", 422, { legs: "many" }],
    ["invalid legs", 422, { legs: [BOUGHT, "two"] }],
    ["qty is required for mleg orders", 422, { qty: null }],
    ["qty must be a whole number", 422, { qty: "1.5" }],
    ["invalid type: stop", 422, { type: "stop" }],
    ["invalid time_in_force: ioc", 422, { time_in_force: "ioc" }],
    ["limit orders require a limit price", 422, { type: "limit" }],
    ["symbol TQQQ: not an option contract", 422, { legs: [BOUGHT, { ...SOLD, symbol: "TQQQ" }] }],
    ["two legs of the same symbol", 422, { legs: [BOUGHT, { ...SOLD, symbol: LOW }] }],
    ["same underlying", 422, { legs: [BOUGHT, { ...SOLD, symbol: "SPY260619C00080000" }] }],
    ["must be a whole number > 0", 422, { legs: [BOUGHT, { ...SOLD, ratio_qty: "0" }] }],
    ["relatively prime", 422, { legs: [BOUGHT, SOLD].map((leg) => ({ ...leg, ratio_qty: "2" })) }],
    ["is required for leg", 422, { legs: [BOUGHT, { symbol: HIGH, ratio_qty: "1" }] }],
    ["does not match position_intent", 422, { legs: [BOUGHT, { ...SOLD, side: "buy" }] }],
    ["not found", 422, { legs: [BOUGHT, { ...SOLD, symbol: "TQQQ260619C00095000" }] }],
    ["position intent mismatch, inferred: sell_to_open", 422, { legs: CLOSING }],
    ["uncovered option contracts", 403, { legs: [BOUGHT, { ...SOLD, symbol: PUT }] }],
    ["uncovered option contracts", 403, { legs: [BOUGHT, { ...SOLD, ratio_qty: "2" }] }],
    ["insufficient buying power", 403, { qty: "7" }],
  ];
  test.each(REFUSALS)("is refused: %s, %i", async (message, status, fields) => {
    const bench = await open();
    const answer = await spread(bench, fields);
    expect(answer).toMatchObject({ status, body: { message: expect.stringContaining(message) } });
    expect(bench.simulator.orders()).toEqual([]);
  });
});

describe("an option contract by itself", () => {
  test("is bought like a share, at a hundred times its price", async () => {
    const bench = await open();
    const bought = await bench.order({ symbol: LOW, qty: "1" });
    expect(bought.body).toMatchObject({ symbol: LOW, asset_class: "us_option", side: "buy" });
    expect((await bench.call("GET", "/v2/account")).body.cash).toBe("750");
  });

  test("cannot be bought in fractions, sold uncovered, or found among the stocks", async () => {
    const bench = await open();
    const answers = [
      await bench.order({ symbol: LOW, qty: "0.5" }),
      await bench.order({ symbol: LOW, side: "sell" }),
      await bench.order({ symbol: LOW, qty: "5" }),
      await bench.call("GET", `/v2/assets/${LOW}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 404]);
    const listed = (await bench.call("GET", "/v2/assets")).body.map((asset: Body) => asset.symbol);
    expect(listed).not.toContain(LOW);
  });
});
