/**
 * A pair of currencies: Alpaca takes it with and without a slash, shows orders with one and
 * positions without, and finds no position by the name that has one.
 */
import { expect, test } from "vitest";
import { openOrderWorld } from "./orders-world.ts";

const BUY = { symbol: "BTC/USD", side: "buy", qty: "0.5", type: "market", time_in_force: "gtc" };
const CLOSE = { method: "DELETE", path: "/v2/positions/BTCUSD" };
const PRICES = { prices: { "BTC/USD": "100" } };

async function bought() {
  const world = await openOrderWorld(PRICES);
  const sidecar = await world.open();
  expect((await world.send(sidecar, BUY)).status).toBe(200);
  await world.advance(5_000);
  return { world, sidecar };
}

test("a pair is one book, which its position in the other spelling agrees with", async () => {
  const { world, sidecar } = await bought();
  world.comparePositions(10_000);
  await world.advance(60_000);
  expect(world.simulator.positions()).toMatchObject([{ symbol: "BTCUSD", qty: "0.5" }]);
  expect(await sidecar.started.latch.books()).toMatchObject([{ symbol: "BTC/USD", net: "0.5" }]);
  expect(await sidecar.started.latch.book("BTCUSD")).toMatchObject({ net: "0.5" });
  expect(await sidecar.started.latch.incidents()).toEqual([]);
});

test("a pair is sold by either spelling, once, also where the answer was lost", async () => {
  const { world, sidecar } = await bought();
  world.fault({ kind: "accept_then_drop" });
  const [sold] = await world.insist(sidecar, { ...BUY, symbol: "BTCUSD", side: "sell" });
  expect(sold).toMatchObject({ status: 200, body: { symbol: "BTC/USD", side: "sell" } });
  const again = await world.send(sidecar, { ...BUY, side: "sell" });
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
  expect(await world.send(sidecar, "", CLOSE)).toMatchObject({ status: 200, body: { qty: "0.5" } });
});

test.each(["/v2/positions", "/v2/positions/BTCUSD", "/v2/positions/BTCUSD?qty=0.5"])(
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
  const answer = await world.send(sidecar, { ...BUY, side, time_in_force: "day" });
  const body = { code: 42210000, message: "invalid crypto time_in_force" };
  expect(answer).toMatchObject({ status: 422, body, tookMs: 0 });
  await world.advance(5_000);
  expect((await world.send(sidecar, { ...BUY, side: "sell" })).status).toBe(200);
});

test("a pair is closed although its fee was taken from what had been bought", async () => {
  const { world, sidecar } = await bought();
  const held = { symbol: "BTC/USD", quantity: "0.49875", averagePrice: "100" };
  world.simulator.setPositions([held]);
  const message = "insufficient balance for BTC (requested: 0.5, available: 0.49875)";
  world.fault({ kind: "refuse", status: 403, code: 40310000, message });
  const [refused] = await world.insist(sidecar, "", CLOSE);
  expect(refused).toMatchObject({ status: 403, body: { code: 40310000, message } });
  await world.advance(60_000);
  expect(await world.send(sidecar, "", CLOSE)).toMatchObject({ body: { qty: "0.49875" } });
});
