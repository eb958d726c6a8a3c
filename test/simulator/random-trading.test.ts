import { describe, expect, test } from "vitest";
import {
  add,
  compare,
  type DecimalText,
  decimal,
  multiply,
  negate,
  subtract,
  ZERO,
} from "../../src/core/decimal.ts";
import { type RandomSource, seededRandom } from "../../src/core/random.ts";
import { type Bench, type Body, openBench } from "./simulator-bench.ts";

const STEPS = 150;
const SYMBOLS = ["TQQQ", "SPY"];

describe("random trading", () => {
  test.each([1, 2, 3, 4])("keeps all records in agreement (seed %i)", async (seed) => {
    const bench = await openBench({
      ...{ seed, partialFillChance: 0.3, prices: { TQQQ: "75", SPY: "50" } },
    });
    const random = seededRandom(seed);
    for (let step = 0; step < STEPS; step += 1) {
      await act(bench, random);
      await checkAvailability(bench);
    }
    await checkRecords(bench);
  });

  test("is the same in every run of one seed", async () => {
    const run = async () => {
      const bench = await openBench({ seed: 9, partialFillChance: 0.3 });
      const random = seededRandom(9);
      for (let step = 0; step < 60; step += 1) await act(bench, random);
      return [bench.simulator.orders(), bench.simulator.positions(), bench.simulator.requests()];
    };
    expect(await run()).toEqual(await run());
  });
});

describe("orders at the same time", () => {
  test("with one client_order_id are accepted once", async () => {
    const { order, simulator } = await openBench();
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => order({ client_order_id: "mine" })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 40010001)).toHaveLength(29);
    expect(simulator.positions()).toMatchObject([{ qty: "1" }]);
  });

  test("cannot sell more than is held", async () => {
    const positions = [{ symbol: "TQQQ", quantity: "3", averagePrice: "70" }];
    const { order, simulator } = await openBench({ positions, allowShorting: false });
    const sell = { side: "sell", position_intent: "sell_to_close" };
    const answers = await Promise.all(Array.from({ length: 10 }, () => order(sell)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(simulator.positions()).toEqual([]);
  });
});

async function act({ order, call, simulator }: Bench, random: RandomSource): Promise<void> {
  const pick = <Value>(values: readonly Value[]) =>
    values[Math.floor(random.fraction() * values.length)] as Value;
  const symbol = pick(SYMBOLS);
  const choice = random.fraction();
  if (choice < 0.6) {
    const priced = { type: "limit", limit_price: pick(["45", "55", "70", "80"]) };
    const terms = pick([{}, {}, priced, { ...priced, time_in_force: "gtc" }]);
    await order({ symbol, side: pick(["buy", "sell"]), qty: pick(["1", "3", "7"]), ...terms });
  } else if (choice < 0.75) {
    simulator.setPrice(symbol, pick(["44", "50.25", "71.5", "76.125", "81"]));
  } else if (choice < 0.85) {
    const open = (await call("GET", "/v2/orders")).body as Body[];
    if (open.length > 0) await call("DELETE", `/v2/orders/${pick(open).id}`);
  } else if (choice < 0.9) {
    await call("DELETE", `/v2/positions/${symbol}`);
  } else {
    simulator.advance(pick([1, 60_000, 3_600_000]));
  }
}

async function checkAvailability({ simulator }: Bench): Promise<void> {
  for (const { qty, qty_available: available } of simulator.positions()) {
    const long = compare(qty, ZERO) > 0;
    const [low, high] = long ? [ZERO, qty] : [qty, ZERO];
    expect(compare(available, low)).toBeGreaterThanOrEqual(0);
    expect(compare(available, high)).toBeLessThanOrEqual(0);
  }
}

/** Activities, orders, positions and cash each tell the same story. */
async function checkRecords({ call, simulator }: Bench): Promise<void> {
  const fills = await everyFill(call);
  expect(fills.length).toBeGreaterThan(20);
  let cash = decimal("100000");
  const held = new Map<string, DecimalText>();
  const byOrder = new Map<string, DecimalText>();
  for (const fill of fills) {
    const signed = fill.side === "buy" ? decimal(fill.qty) : negate(decimal(fill.qty));
    cash = subtract(cash, multiply(signed, decimal(fill.price)));
    held.set(fill.symbol, add(held.get(fill.symbol) ?? ZERO, signed));
    byOrder.set(fill.order_id, add(byOrder.get(fill.order_id) ?? ZERO, decimal(fill.qty)));
    expect(fill.cum_qty).toBe(byOrder.get(fill.order_id));
  }
  expect((await call("GET", "/v2/account")).body.cash).toBe(cash);
  for (const symbol of SYMBOLS) {
    const position = simulator.positions().find((candidate) => candidate.symbol === symbol);
    expect(position?.qty ?? ZERO).toBe(held.get(symbol) ?? ZERO);
  }
  for (const order of simulator.orders()) {
    expect(order.filled_qty).toBe(byOrder.get(order.id) ?? ZERO);
    expect(compare(order.filled_qty, order.qty ?? ZERO)).toBeLessThanOrEqual(0);
  }
}

async function everyFill(call: Bench["call"]): Promise<Body[]> {
  const fills: Body[] = [];
  for (let token = ""; ; token = fills.at(-1).id) {
    const query = new URLSearchParams({ direction: "asc", page_size: "40", page_token: token });
    const page = (await call("GET", `/v2/account/activities/FILL?${query}`)).body as Body[];
    fills.push(...page);
    if (page.length < 40) return fills;
  }
}
