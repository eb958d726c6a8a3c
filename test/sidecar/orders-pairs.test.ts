/**
 * A pair of currencies: Alpaca takes it with and without a slash, shows orders with one and
 * positions without, and finds no position by the name that has one. Of what is bought it keeps its
 * fee at once: the order shows all as filled, the position what is left.
 */
import { describe, expect, test } from "vitest";
import type { SimulatorOptions } from "../../src/simulator/index.ts";
import { openOrderWorld } from "./orders-world.ts";

const BUY = { symbol: "BTC/USD", side: "buy", qty: "0.5", type: "market", time_in_force: "gtc" };
/** What is left of that. */
const LEFT = "0.49875";
const SELL = { ...BUY, side: "sell", qty: LEFT };
const CLOSE = { method: "DELETE", path: "/v2/positions/BTCUSD" };
const PRICES = { prices: { "BTC/USD": "100" } };

async function bought(options: SimulatorOptions = {}, waitedMs = 5_000) {
  const world = await openOrderWorld({ ...PRICES, ...options });
  const sidecar = await world.open();
  expect((await world.send(sidecar, BUY)).status).toBe(200);
  await world.advance(waitedMs);
  return { world, sidecar };
}

const PAGE = { kind: "html", status: 502, accept: false } as const;

/** No comparison of positions has come in between. */
const boughtJustNow = (options: SimulatorOptions = {}) => bought(options, 1_000);

test("a pair is one book, which its position in the other spelling agrees with", async () => {
  const { world, sidecar } = await bought();
  world.comparePositions(10_000);
  await world.advance(60_000);
  expect(world.simulator.positions()).toMatchObject([{ symbol: "BTCUSD", qty: LEFT }]);
  expect(await sidecar.started.latch.books()).toMatchObject([{ symbol: "BTC/USD", net: LEFT }]);
  expect(await sidecar.started.latch.book("BTCUSD")).toMatchObject({ net: LEFT });
  expect(await sidecar.started.latch.incidents()).toEqual([]);
});

test("a pair is sold by either spelling, once, also where the answer was lost", async () => {
  const { world, sidecar } = await bought();
  world.fault({ kind: "accept_then_drop" });
  const [sold] = await world.insist(sidecar, { ...SELL, symbol: "BTCUSD" });
  expect(sold).toMatchObject({ status: 200, body: { symbol: "BTC/USD", side: "sell" } });
  const again = await world.send(sidecar, SELL);
  expect(again.body.id).toBe(sold?.body.id);
  await world.advance(60_000);
  expect(world.simulator.positions()).toEqual([]);
  expect(await world.claims(sidecar)).toEqual([]);
});

test("a pair is closed by the name that its position has, and judged by it where that is refused", async () => {
  const { world, sidecar } = await bought();
  const refusal = {
    code: 42210000,
    message: "position intent mismatch, inferred: a, specified: b",
  };
  world.fault({ kind: "refuse", status: 422, ...refusal });
  expect((await world.send(sidecar, "", CLOSE)).status).toBe(422);
  await world.advance(30_000);
  expect(await sidecar.started.latch.incidents()).toMatchObject([
    { kind: "refused_exit", resolution: { verdict: "still_held" } },
  ]);
  expect(await world.send(sidecar, "", CLOSE)).toMatchObject({ status: 200, body: { qty: LEFT } });
});

test.each(["/v2/positions", "/v2/positions/BTCUSD", "/v2/positions/BTCUSD?qty=0.49875"])(
  "a pair is closed by DELETE %s for as long as it takes: no order in one is for a day",
  async (path) => {
    const { world, sidecar } = await bought();
    await world.send(sidecar, "", { ...CLOSE, path });
    expect(world.simulator.orders()[1]).toMatchObject({ side: "sell", time_in_force: "gtc" });
    await world.advance(5_000);
    expect(world.simulator.positions()).toEqual([]);
  },
);

test.each(["buy", "sell"])("a %s of a pair for the day is refused at once", async (side) => {
  const { world, sidecar } = await bought();
  const answer = await world.send(sidecar, { ...SELL, side, time_in_force: "day" });
  const body = { code: 42210000, message: "invalid crypto time_in_force" };
  expect(answer).toMatchObject({ status: 422, body, tookMs: 0 });
  await world.advance(5_000);
  expect((await world.send(sidecar, SELL)).status).toBe(200);
});

describe("the fee of a pair, which is taken from what was bought,", () => {
  test("is in the book before the first close, which sells what is left", async () => {
    const { world, sidecar } = await boughtJustNow();
    const closed = await world.send(sidecar, "", CLOSE);
    expect(closed).toMatchObject({ status: 200, body: { qty: LEFT } });
    await world.advance(5_000);
    expect(world.simulator.positions()).toEqual([]);
    expect(await sidecar.started.latch.book("BTC/USD")).toMatchObject({ net: "0" });
  });

  test.each([
    ["nothing, in an account without fees", "0", "0.5"],
    ["that of whoever makes the price", "0.0015", "0.49925"],
  ])("may be %s", async (_, pairFee, left) => {
    const { world, sidecar } = await boughtJustNow({ pairFee });
    expect(await world.send(sidecar, "", CLOSE)).toMatchObject({ body: { qty: left } });
    await world.advance(5_000);
    expect(world.simulator.positions()).toEqual([]);
  });

  test("is in the book before a sale of all that was bought, of which nothing is sent", async () => {
    const { world, sidecar } = await boughtJustNow();
    const refused = await world.send(sidecar, { ...SELL, qty: "0.5" });
    expect(refused).toMatchObject({ status: 403, body: { code: 40310000 } });
    expect(refused.body.message).toContain(`${LEFT} are held`);
    expect(world.simulator.orders()).toHaveLength(1);
    expect((await world.send(sidecar, SELL)).status).toBe(200);
  });

  test("leaves nothing behind, so that bought, sold and bought at once are three orders", async () => {
    const { world, sidecar } = await boughtJustNow();
    expect((await world.send(sidecar, SELL)).status).toBe(200);
    const again = await world.send(sidecar, BUY);
    expect(again.status).toBe(200);
    expect(world.simulator.orders()).toHaveLength(3);
  });

  test("is that of each purchase", async () => {
    const { world, sidecar } = await boughtJustNow();
    world.comparePositions(10_000);
    await world.advance(30_000);
    await world.send(sidecar, { ...BUY, qty: "0.1" });
    await world.advance(30_000);
    expect(await sidecar.started.latch.book("BTC/USD")).toMatchObject({ net: "0.5985" });
    expect(await sidecar.started.latch.incidents()).toEqual([]);
  });

  test("explains no more than itself: what is gone besides is told of", async () => {
    const { world, sidecar } = await boughtJustNow();
    world.simulator.setPositions([{ symbol: "BTC/USD", quantity: "0.4", averagePrice: "100" }]);
    world.comparePositions(10_000);
    await world.advance(60_000);
    expect(await sidecar.started.latch.incidents()).toMatchObject([{ kind: "quantity" }]);
    expect(await world.send(sidecar, "", CLOSE)).toMatchObject({ body: { qty: "0.4" } });
  });

  test("is not learnt while an order in the pair cannot be read, which may have sold some too", async () => {
    const { world, sidecar } = await boughtJustNow({ prices: { "BTC/USD": "100000" } });
    const little = { ...SELL, qty: "0.0001", type: "limit", limit_price: "110000" };
    world.simulator.addFaults([
      { match: { method: "GET", path: "/v2/positions*" }, fault: PAGE, times: 1 },
    ]);
    expect((await world.send(sidecar, little)).status).toBe(200);
    world.simulator.addFaults([
      { match: { method: "GET", path: "/v2/orders*" }, fault: PAGE, times: 1_000 },
    ]);
    world.simulator.setPrice("BTC/USD", "110000");
    await world.send(sidecar, { ...SELL, qty: "0.4" });
    expect(await sidecar.started.latch.book("BTC/USD")).toMatchObject({ net: "0.5" });
    world.simulator.clearFaults();
    await world.advance(60_000);
    expect(await sidecar.started.latch.book("BTC/USD")).toMatchObject({ net: "0.09865" });
  });

  test("is learnt from the refusal where the position could not be read before", async () => {
    const { world, sidecar } = await boughtJustNow();
    const match = { method: "GET", path: "/v2/positions/BTCUSD" } as const;
    const fault = { kind: "html", status: 502, accept: false } as const;
    world.simulator.addFaults([{ match, fault, times: 2 }]);
    const [refused] = await world.insist(sidecar, "", CLOSE);
    const message = "insufficient balance for BTC (requested: 0.5, available: 0.49875)";
    expect(refused).toMatchObject({ status: 403, body: { code: 40310000, message } });
    await world.advance(60_000);
    expect(await world.send(sidecar, "", CLOSE)).toMatchObject({ body: { qty: LEFT } });
  });
});

test("what is on record of a pair is found by either spelling", async () => {
  const { world, sidecar } = await bought();
  const refusal = {
    code: 42210000,
    message: "position intent mismatch, inferred: a, specified: b",
  };
  world.fault({ kind: "refuse", status: 422, ...refusal });
  expect((await world.send(sidecar, "", CLOSE)).status).toBe(422);
  const { latch } = sidecar.started;
  for (const symbol of ["BTC/USD", "BTCUSD"]) {
    expect(await latch.incidents({ symbol, isOpen: true })).toMatchObject([{ symbol: "BTC/USD" }]);
    expect((await latch.claims({ symbol })).claims).toHaveLength(2);
    expect((await latch.audit.page({ symbol })).items.length).toBeGreaterThan(1);
  }
});

test("a coin that was paid with elsewhere is closed by the second try, and the book has what is held", async () => {
  const { world, sidecar } = await bought();
  world.comparePositions(10_000);
  await world.advance(60_000);
  // As a purchase of ETH/BTC leaves it.
  world.simulator.setPositions([{ symbol: "BTCUSD", quantity: "0.4", averagePrice: "100" }]);
  const refused = await world.send(sidecar, "", CLOSE);
  expect(refused.status).toBe(403);
  await world.advance(40_000);
  const { latch } = sidecar.started;
  expect(await latch.incidents({ isOpen: true })).toEqual([]);
  expect(await latch.book("BTC/USD")).toMatchObject({ net: "0.4" });
  expect((await world.send(sidecar, "", CLOSE)).status).toBe(200);
  await world.advance(5_000);
  expect(await latch.book("BTC/USD")).toMatchObject({ net: "0" });
  const told = (await latch.incidents()).map(({ kind, resolution }) => [kind, resolution?.verdict]);
  expect(told).toEqual([["refused_exit", "changed_elsewhere"]]);
});
