import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/simulator/index.ts";
import { openOrderWorld } from "./orders-world.ts";

const LOW = "SPY270115C00500000";
const HIGH = "SPY270115C00510000";
const PRICES = { SPY: "500", [LOW]: "12.50", [HIGH]: "7.50" };
const SPREAD = {
  ...{ order_class: "mleg", qty: "2", type: "limit", limit_price: "5.00", time_in_force: "day" },
  legs: [
    { symbol: LOW, ratio_qty: "1", side: "buy", position_intent: "buy_to_open" },
    { symbol: HIGH, ratio_qty: "1", side: "sell", position_intent: "sell_to_open" },
  ],
};

type Leg = Readonly<Record<string, string>>;

/** Both contracts at the market: the spread, and what ends it. */
function atMarket(legs: readonly Leg[]) {
  return { order_class: "mleg", qty: "2", type: "market", time_in_force: "day", legs };
}
const OPEN = atMarket(SPREAD.legs);
const CLOSE = atMarket([
  { symbol: LOW, ratio_qty: "1", side: "sell", position_intent: "sell_to_close" },
  { symbol: HIGH, ratio_qty: "1", side: "buy", position_intent: "buy_to_close" },
]);
/** Whose legs leave it to the broker whether they open or close. */
function bySideAlone({ legs, ...order }: typeof OPEN) {
  return { ...order, legs: legs.map(({ position_intent: _, ...leg }) => leg) };
}

async function openWorld() {
  const world = await openOrderWorld({ prices: PRICES });
  return { world, sidecar: await world.open() };
}

describe("a multi-leg order", () => {
  test("is placed once however often it is sent, and each contract's book has its fills", async () => {
    const { world, sidecar } = await openWorld();
    const first = await world.send(sidecar, SPREAD);
    expect(first).toMatchObject({ status: 200, body: { order_class: "mleg", qty: "2" } });
    const again = await world.send(sidecar, { ...SPREAD, qty: 2, limit_price: 5 });
    expect(again.body.id).toBe(first.body.id);
    await world.advance(5_000);
    expect(await world.claims(sidecar)).toEqual([]);
    const { latch } = sidecar.started;
    expect(await latch.book(LOW)).toMatchObject({ net: "2", averagePrice: "12.5" });
    expect(await latch.book(HIGH)).toMatchObject({ net: "-2", averagePrice: "7.5" });
    const { rows } = await latch.operator.positions();
    expect(rows.map(({ symbol }) => symbol)).toEqual([LOW, HIGH]);
    const later = await world.send(sidecar, SPREAD);
    expect(later.headers.get("tradelatch-status")).toBe("SKIP");
    expect(later.body.id).toBe(first.body.id);
    expect(world.posts()).toHaveLength(1);
  });

  test("goes out as it is where its legs say what they do by their intent alone", async () => {
    const { world, sidecar } = await openWorld();
    const legs = SPREAD.legs.map(({ side: _, ...leg }) => leg);
    const answer = await world.send(sidecar, { ...SPREAD, legs });
    expect(answer).toMatchObject({ status: 200, body: { order_class: "mleg" } });
    expect(world.posts()).toMatchObject([{ body: { legs } }]);
    await world.advance(5_000);
    expect(await sidecar.started.latch.book(HIGH)).toMatchObject({ net: "-2" });
  });

  test.each([{ toString: 1 }, ["1"], null, "0"])(
    "is refused with a ratio that is no number above zero: %j",
    async (ratio_qty) => {
      const { world, sidecar } = await openWorld();
      const legs = SPREAD.legs.map((leg) => ({ ...leg, ratio_qty }));
      const { status, body } = await world.send(sidecar, { ...SPREAD, legs });
      expect([status, body.tradelatch.error]).toEqual([422, "invalid_intent"]);
      expect(world.posts()).toEqual([]);
    },
  );

  test("is another order with another net price, which may be a credit", async () => {
    const { world, sidecar } = await openWorld();
    const debit = await world.send(sidecar, { ...SPREAD, limit_price: "4.00" });
    const credit = await world.send(sidecar, { ...SPREAD, limit_price: "-1.00" });
    expect([debit.status, credit.status]).toEqual([200, 200]);
    expect(credit.body.id).not.toBe(debit.body.id);
    expect(world.posts()).toHaveLength(2);
  });

  test.each<[string, Fault]>([
    ["cut off", { kind: "accept_then_drop" }],
    ["a 503", { kind: "accept_then_error", status: 503 }],
  ])("is found where its answer was %s", async (_, fault) => {
    const { world, sidecar } = await openWorld();
    world.fault(fault);
    const answers = await world.insist(sidecar, SPREAD);
    expect(answers.at(-1)).toMatchObject({ status: 200, body: { order_class: "mleg" } });
    await world.advance(5_000);
    expect(await sidecar.started.latch.book(LOW)).toMatchObject({ net: "2" });
    expect(world.posts()).toHaveLength(1);
  });

  test.each([
    ["no legs", { legs: undefined }],
    ["one leg", { legs: SPREAD.legs.slice(0, 1) }],
    ["a stock for a leg", { legs: [SPREAD.legs[0], { ...SPREAD.legs[1], symbol: "SPY" }] }],
    ["a ratio of zero", { legs: [SPREAD.legs[0], { ...SPREAD.legs[1], ratio_qty: "0" }] }],
  ])("with %s is refused, and the legs are named", async (_, changes) => {
    const { world, sidecar } = await openWorld();
    const answer = await world.send(sidecar, { ...SPREAD, ...changes });
    expect(answer).toMatchObject({
      status: 422,
      body: { tradelatch: { error: "invalid_intent" } },
    });
    expect(answer.body.message).toContain("legs is");
    expect(world.posts()).toEqual([]);
  });
});

describe.each([
  ["by what its legs say", OPEN, CLOSE],
  ["by the sides of its legs", bySideAlone(OPEN), bySideAlone(CLOSE)],
])("a spread without a name, %s", (_, open, close) => {
  test.each([
    ["known by then", 5_000],
    ["not read yet", 0],
  ])("is opened and closed twice in 45 s, each fill %s", async (_, pauseMs) => {
    const { world, sidecar } = await openWorld();
    const held: number[] = [];
    for (const order of [open, close, open, close]) {
      const answer = await world.send(sidecar, order);
      expect(answer.headers.get("tradelatch-status")).toBe("PROCEED");
      await world.advance(pauseMs);
      held.push(world.simulator.positions().length);
    }
    expect(held).toEqual([2, 0, 2, 0]);
    expect(world.posts()).toHaveLength(4);
  });

  test.each([
    ["known by then", 5_000],
    ["not read yet", 0],
  ])("is sent once though each order comes twice, each fill %s", async (_, pauseMs) => {
    const { world, sidecar } = await openWorld();
    const ids: string[] = [];
    for (const order of [open, open, close, close, open, open, close, close]) {
      const answer = await world.send(sidecar, order);
      ids.push(answer.body.id);
      await world.advance(pauseMs);
    }
    expect(world.posts()).toHaveLength(4);
    expect(new Set(ids).size).toBe(4);
  });

  test.each([
    ["known by then", 5_000],
    ["not read yet", 0],
  ])(
    "is not closed again with what was bought of one contract since, fills %s",
    async (_, pauseMs) => {
      const { world, sidecar } = await openWorld();
      const more = { symbol: LOW, side: "buy", qty: "2", type: "market", time_in_force: "day" };
      const ids: string[] = [];
      for (const order of [open, close, more, close]) {
        const answer = await world.send(sidecar, order);
        ids.push(answer.body.id);
        await world.advance(pauseMs);
      }
      expect(ids[3]).toBe(ids[1]);
      expect(world.posts()).toHaveLength(3);
      expect(world.simulator.positions()).toMatchObject([{ symbol: LOW }]);
    },
  );
});

test("a multi-leg order is told to people by its underlying and its contracts", async () => {
  const { world, sidecar } = await openWorld();
  world.fault({ kind: "accept_then_drop" });
  const match = { method: "GET", path: "/v2/orders*" } as const;
  const page: Fault = { kind: "html", status: 502, accept: false };
  world.simulator.addFaults([{ match, fault: page, times: 1_000 }]);
  await world.send(sidecar, SPREAD);
  const answered = world.log
    .map((line) => JSON.parse(line))
    .find(({ msg }) => msg.includes("order"));
  const [buys, sells] = [`buy 2 ${LOW}`, `sell 2 ${HIGH}`];
  expect(answered).toMatchObject({ status: "PENDING", symbol: "SPY", legs: [buys, sells] });
  expect(answered).not.toHaveProperty("side");
  await world.advance(40_000);
  const [incident] = await sidecar.started.latch.incidents();
  expect(incident?.summary).toContain(`what became of the order to ${buys} and ${sells}: `);
  const status = await world.send(sidecar, "", { method: "GET", path: "/latch/v1/status" });
  expect(status.body.latch.oldestUnresolved.what).toBe(`${buys} and ${sells}`);
});

test("a spread that was canceled is another order when it is placed again at once", async () => {
  const { world, sidecar } = await openWorld();
  const resting = { ...SPREAD, limit_price: "4.00" };
  const first = await world.send(sidecar, resting);
  const again = await world.send(sidecar, resting);
  expect(again.body).toMatchObject({ id: first.body.id, status: "new" });
  await world.send(sidecar, "", { method: "DELETE", path: `/v2/orders/${first.body.id}` });
  const placed = await world.send(sidecar, resting);
  expect(placed.status).toBe(200);
  expect(placed.body.id).not.toBe(first.body.id);
  expect(world.posts()).toHaveLength(2);
});

describe("a spread without a name whose orders cannot be read", () => {
  const match = { method: "GET", path: "/v2/orders*" } as const;
  const page: Fault = { kind: "html", status: 502, accept: false };

  test("is told from the ledger in the broker's own shape", async () => {
    const { world, sidecar } = await openWorld();
    const first = await world.send(sidecar, SPREAD);
    await world.advance(5_000);
    world.simulator.addFaults([{ match, fault: page, times: 1_000 }]);
    const { status, body } = await world.send(sidecar, SPREAD);
    expect([status, body.id, "position_intent" in body]).toEqual([200, first.body.id, false]);
    const terms = { order_class: "mleg", qty: "2", filled_qty: "2", filled_avg_price: "5" };
    expect(body).toMatchObject({ ...terms, symbol: "", side: "", limit_price: "5" });
  });

  test("is not told to be closed by the exit before, and is closed once they can", async () => {
    const world = await openOrderWorld({ prices: PRICES });
    const sidecar = await world.open({ waitMs: 3_000 });
    for (const order of [OPEN, CLOSE, OPEN]) {
      await world.send(sidecar, order);
      await world.advance(250);
    }
    world.simulator.addFaults([{ match, fault: page, times: 1_000 }]);
    const kept = await world.send(sidecar, CLOSE);
    expect(kept).toMatchObject({ status: 409, body: { tradelatch: { error: "not_sent" } } });
    expect(kept.body.message).toContain(`what is held of ${LOW} and ${HIGH} is not known`);
    world.simulator.clearFaults();
    const answers = await world.insist(sidecar, CLOSE);
    expect(answers.at(-1)).toMatchObject({ status: 200, body: { order_class: "mleg" } });
    expect(world.simulator.positions()).toEqual([]);
    expect(world.posts()).toHaveLength(4);
  });
});

test("spreads are booked as the broker has filled them, whichever was sent first", async () => {
  const positions = [
    { symbol: LOW, quantity: "2", averagePrice: "12.50" },
    { symbol: HIGH, quantity: "-2", averagePrice: "7.50" },
  ];
  const world = await openOrderWorld({ prices: PRICES, positions });
  const sidecar = await world.open();
  const legs = [
    { symbol: LOW, ratio_qty: "1", side: "sell", position_intent: "sell_to_close" },
    { symbol: HIGH, ratio_qty: "1", side: "buy", position_intent: "buy_to_close" },
  ];
  const exit = { ...SPREAD, legs, limit_price: "-8.00" };
  const resting = await world.send(sidecar, exit);
  await world.send(sidecar, SPREAD);
  world.simulator.setPrice(LOW, "16");
  await world.advance(5_000);
  expect(await sidecar.started.latch.book(LOW)).toMatchObject({ net: "2", episode: 1 });
  const again = await world.send(sidecar, exit);
  expect(again.headers.get("tradelatch-status")).toBe("SKIP");
  expect(again.body.id).toBe(resting.body.id);
  expect(world.posts()).toHaveLength(2);
});

test("a spread is booked behind the exit that filled before it, whichever contract is asked about", async () => {
  const positions = [{ symbol: LOW, quantity: "2", averagePrice: "12.50" }];
  const world = await openOrderWorld({ prices: PRICES, positions });
  const sidecar = await world.open();
  const terms = { qty: "2", type: "limit", time_in_force: "day" };
  const exit = { ...terms, symbol: LOW, side: "sell", limit_price: "16" };
  const first = await world.send(sidecar, exit);
  await world.send(sidecar, { ...SPREAD, limit_price: "4.00" });
  await world.advance(20_000);
  for (const price of ["16", "11"]) {
    world.simulator.setPrice(LOW, price);
    await world.advance(100);
  }
  await world.send(sidecar, "", { method: "DELETE", path: `/v2/positions/${HIGH}` });
  await world.advance(4_000);
  const { latch } = sidecar.started;
  expect(await latch.book(LOW)).toMatchObject({ net: "2", averagePrice: "11", episode: 2 });
  const again = await world.send(sidecar, exit);
  expect(again.headers.get("tradelatch-status")).toBe("PROCEED");
  expect(again.body.id).not.toBe(first.body.id);
});

test("a spread that fills while orders are read is booked behind what filled before it", async () => {
  const positions = [{ symbol: LOW, quantity: "2", averagePrice: "12.50" }];
  const world = await openOrderWorld({ prices: PRICES, positions });
  const sidecar = await world.open();
  const terms = { qty: "2", type: "limit", time_in_force: "day" };
  await world.send(sidecar, { ...terms, symbol: LOW, side: "sell", limit_price: "16" });
  const { body } = await world.send(sidecar, { ...SPREAD, limit_price: "4.00" });
  await world.advance(5_000);
  const { simulator } = world;
  let prices = ["16", "11"];
  sidecar.gate = (_, path) => {
    if (path !== `/v2/orders/${body.id}`) return "pass";
    for (const price of prices) {
      simulator.setTime(simulator.now() + 1);
      simulator.setPrice(LOW, price);
    }
    prices = [];
    return "pass";
  };
  await world.advance(30_000);
  const { latch } = sidecar.started;
  expect(await latch.book(LOW)).toMatchObject({ net: "2", averagePrice: "11", episode: 2 });
});

describe("a contract of a multi-leg order", () => {
  const CLOSE = { method: "DELETE", path: `/v2/positions/${LOW}` };
  const ALL = { method: "DELETE", path: "/v2/positions" };

  test("is closed as it was filled, though nobody has polled the order yet", async () => {
    const { world, sidecar } = await openWorld();
    await world.send(sidecar, SPREAD);
    const closed = await world.send(sidecar, "", CLOSE);
    expect(closed).toMatchObject({ status: 200, body: { symbol: LOW, side: "sell", qty: "2" } });
  });

  test("that was sold is bought back by an order that does not say so, before it was polled", async () => {
    const { world, sidecar } = await openWorld();
    await world.send(sidecar, SPREAD);
    const back = { symbol: HIGH, side: "buy", qty: "2", type: "market", time_in_force: "day" };
    const closed = await world.send(sidecar, back);
    expect(closed).toMatchObject({ status: 200, body: { position_intent: "buy_to_close" } });
    await world.advance(5_000);
    expect(await sidecar.started.latch.book(HIGH)).toMatchObject({ net: "0" });
  });

  test("is bought again once a spread has ended its position, before that was polled", async () => {
    const { world, sidecar } = await openWorld();
    const more = { symbol: LOW, side: "buy", qty: "2", type: "market", time_in_force: "day" };
    const first = await world.send(sidecar, more);
    await world.advance(5_000);
    const legs = [
      { symbol: LOW, ratio_qty: "1", side: "sell", position_intent: "sell_to_close" },
      { symbol: HIGH, ratio_qty: "1", side: "buy", position_intent: "buy_to_open" },
    ];
    await world.send(sidecar, { ...SPREAD, legs, limit_price: "-4.00" });
    const second = await world.send(sidecar, more);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.id).not.toBe(first.body.id);
    expect(world.posts()).toHaveLength(3);
  });

  test("is bought once behind spreads that end its position and begin another", async () => {
    const positions = [
      { symbol: LOW, quantity: "2", averagePrice: "12.50" },
      { symbol: HIGH, quantity: "-2", averagePrice: "7.50" },
    ];
    const world = await openOrderWorld({ prices: PRICES, positions });
    const sidecar = await world.open();
    const back = SPREAD.legs.map(({ symbol, side }) => ({
      ...{ symbol, ratio_qty: "1", side: side === "buy" ? "sell" : "buy" },
      position_intent: side === "buy" ? "sell_to_close" : "buy_to_close",
    }));
    await world.send(sidecar, { ...SPREAD, legs: back, limit_price: "-5.00" });
    await world.send(sidecar, SPREAD);
    const more = { symbol: LOW, side: "buy", qty: "4", type: "market", time_in_force: "day" };
    const first = await world.send(sidecar, more);
    expect(first.status).toBe(200);
    await world.advance(5_000);
    const again = await world.send(sidecar, more);
    expect(again.body.id).toBe(first.body.id);
    expect(world.posts()).toHaveLength(3);
  });

  test("is not told to be none while nobody knows what became of the order", async () => {
    const world = await openOrderWorld({ prices: PRICES });
    const sidecar = await world.open({ waitMs: 1_000 });
    world.fault({ kind: "accept_then_drop" });
    const match = { method: "GET", path: "/v2/orders*" } as const;
    const page: Fault = { kind: "html", status: 502, accept: false };
    world.simulator.addFaults([{ match, fault: page, times: 100 }]);
    await world.send(sidecar, SPREAD);
    const inDoubt = { status: 409, body: { tradelatch: { error: "not_sent" } } };
    expect(await world.send(sidecar, "", CLOSE)).toMatchObject(inDoubt);
    const all = await world.send(sidecar, "", ALL);
    expect(all.body).toMatchObject([
      { symbol: LOW, ...inDoubt },
      { symbol: HIGH, ...inDoubt },
    ]);
    world.simulator.clearFaults();
    const answers = await world.insist(sidecar, "", CLOSE);
    expect(answers.at(-1)).toMatchObject({ status: 200, body: { symbol: LOW, qty: "2" } });
  });
});
