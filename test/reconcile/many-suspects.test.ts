/** More symbols in question, or with an incident of another matter, than one round compares. */
import { expect, test } from "vitest";
import { cancelByHand, orderByHand } from "../faults/by-hand.ts";
import { COMPARISON_MS } from "../faults/healing.ts";
import { openMany } from "../incident/many-incidents.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { HELD, ORDER, openOrderWorld } from "../sidecar/orders-world.ts";

const MINUTE = 60_000;
const SYMBOLS = Array.from({ length: 55 }, (_, nth) => `ZZ${letter(nth / 26)}${letter(nth)}`);
const RESTING = { ...ORDER, qty: "1", type: "limit", limit_price: "1", time_in_force: "gtc" };
const POSITIONS = SYMBOLS.map((symbol) => ({ symbol, quantity: "1", averagePrice: "70" }));

function letter(nth: number): string {
  return String.fromCharCode(65 + (Math.floor(nth) % 26));
}

test("a difference is found beside 55 orders by hand at work in other symbols", async () => {
  const prices = Object.fromEntries([...SYMBOLS, "TQQQ"].map((symbol) => [symbol, "75"]));
  const world = await openOrderWorld({ ...HELD, prices });
  world.comparePositions(COMPARISON_MS);
  const { latch } = (await world.open()).started;
  for (const symbol of SYMBOLS) await orderByHand(world, { ...RESTING, symbol });
  await world.advance(MINUTE);
  expect(await latch.incidents({ isOpen: true, limit: 500 })).toHaveLength(SYMBOLS.length);
  await orderByHand(world, { ...ORDER, side: "sell", qty: "2" });
  await world.advance(MINUTE);
  expect(await latch.book("TQQQ")).toMatchObject({ net: "4" });
});

test("of more differences than a round compares each has its turn, and each one's end", async () => {
  const world = await openOrderWorld();
  world.comparePositions(COMPARISON_MS);
  const { latch } = (await world.open({ divergence: "observe" })).started;
  const openIn = async () =>
    (await latch.incidents({ isOpen: true, limit: 500 })).map(({ symbol }) => symbol).sort();
  world.simulator.setPositions(POSITIONS);
  await world.advance(2 * MINUTE);
  expect(await openIn()).toEqual(SYMBOLS);
  world.simulator.setPositions(POSITIONS.slice(-1).map((one) => ({ ...one, quantity: "0" })));
  await world.advance(2 * MINUTE);
  expect(await openIn()).toEqual(SYMBOLS.slice(0, -1));
});

test("each of many incidents is in the log as it opens and as it ends, once", async () => {
  const world = await openOrderWorld();
  const { latch } = (await world.open()).started;
  await world.advance(4_000);
  const ledger = openLedger(world.store);
  const { account } = latch;
  await openMany(ledger, { account, symbol: "TQQQ", at: world.simulator.now() }, 130);
  await Promise.all([latch.tick(), latch.tick()]);
  const end = { verdict: "by_operator", provenance: "operator", reason: "seen to" } as const;
  for (let nth = 1; nth <= 130; nth += 1) {
    await ledger.endIncident(account, `matter:${nth}`, end, world.simulator.now());
  }
  await world.advance(4_000);
  const lines = world.log.map((line) => JSON.parse(line) as { msg: string; incident?: number });
  const said = (msg: string) =>
    lines.filter((line) => line.msg === msg).map(({ incident }) => incident);
  const all = Array.from({ length: 130 }, (_, index) => index + 1);
  expect(said("incident opened")).toEqual(all);
  expect(said("incident resolved")).toEqual(all);
});

test("of more orders by hand than a list of incidents has, the first one's end is told too", async () => {
  const world = await openOrderWorld({ prices: { TQQQ: "75" } });
  world.comparePositions(COMPARISON_MS);
  const { latch } = (await world.open()).started;
  const byHand: string[] = [];
  for (let nth = 1; nth <= 105; nth += 1) {
    byHand.push(await orderByHand(world, { ...RESTING, symbol: "TQQQ" }));
    if (nth === 1) await world.advance(MINUTE);
  }
  await world.advance(MINUTE);
  expect(await latch.incidents({ isOpen: true, limit: 500 })).toHaveLength(byHand.length);
  await cancelByHand(world, byHand[0] ?? "");
  await world.advance(MINUTE);
  expect(await latch.incident(1)).toMatchObject({ resolution: { verdict: "order_gone" } });
});
