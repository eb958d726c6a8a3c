import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { startSimulator } from "../../src/simulator/index.ts";
import { temporaryFolder } from "../ledger/temporary-folder.ts";
import { remoteMarket } from "./remote-market.ts";
import { KEYS, openSoakLatch } from "./soak-latch.ts";
import { SoakMarket } from "./soak-market.ts";
import { CALLS_PER_SECOND, callAt, PRICES } from "./soak-orders.ts";
import { rise, type Sample, Sampler, verdictsOn } from "./soak-samples.ts";

/** `npm run soak` does the same for two hours. */
const SECONDS = 32;

test("under a minute of a busy market everything comes to its end, and the books are right", async () => {
  const simulator = await startSimulator({ ...KEYS, prices: PRICES, cash: "1000000000" });
  const store = join(temporaryFolder(), "latch.db");
  const clock = new ManualClock(simulator.now());
  const soak = await openSoakLatch(store, simulator.url, clock);
  const market = new SoakMarket(remoteMarket(simulator.url), soak, clock);
  const sampler = new Sampler(store);
  await market.run(SECONDS * 1_000, () => sampler.pace());
  const sample = await sampler.take(1, market.calls);
  await market.drain();
  const books = await soak.latch.books();
  const held = new Map(simulator.positions().map(({ symbol, qty }) => [symbol, qty]));
  for (const { symbol, net } of books) expect(held.get(symbol) ?? "0", symbol).toBe(net);
  await soak.latch.close();
  await simulator.close();
  expect(market.faults).toEqual([]);
  expect(soak.failures).toEqual([]);
  expect(sample.orders).toBe(SECONDS * CALLS_PER_SECOND);
  expect(sample.bytesPerOrder).toBeGreaterThan(0);
  const kinds = ["entry PROCEED", "exit PROCEED", "limit PROCEED", "repeat SKIP"];
  expect([...market.answers.keys()]).toEqual(expect.arrayContaining(kinds));
});

describe("the verdict on a run", () => {
  const sample = (minute: number, changes: Partial<Sample> = {}): Sample => ({
    ...{ minute, orders: minute * 1_200, heapMb: 20, rssMb: 100, handles: 5 },
    ...{ bytesPerOrder: 4_800, msPerOrder: 4, roundsPerOrder: 3 },
    ...changes,
  });
  const minutes = Array.from({ length: 24 }, (_, index) => index);
  const growing = (changes: Partial<Sample>) => {
    const found = verdictsOn(
      minutes.map((minute) => sample(minute, changesAt(changes, minute))),
      2,
    );
    return found.filter(({ isFlat }) => !isFlat).map(({ measure }) => measure);
  };
  const changesAt = (changes: Partial<Sample>, minute: number): Partial<Sample> =>
    Object.fromEntries(
      Object.entries(changes).map(([name, perMinute]) => {
        return [name, sample(0)[name as keyof Sample] + perMinute * minute];
      }),
    );

  test("is that it is flat where nothing grows", () => {
    expect(growing({})).toEqual([]);
  });

  test.each([
    ["heapMb", { heapMb: 1 }],
    ["handles", { handles: 1 }],
    ["bytesPerOrder", { bytesPerOrder: 20 }],
    ["roundsPerOrder", { roundsPerOrder: 0.1 }],
  ])("names what grows: %s", (measure, changes) => {
    expect(growing(changes)).toEqual([measure]);
  });

  test("goes by a straight line, not by the last sample", () => {
    expect(
      rise([
        [0, 1],
        [1, 9],
        [2, 1],
        [3, 9],
        [4, 1],
      ]),
    ).toBeCloseTo(0);
    expect(
      rise([
        [0, 1],
        [5, 2],
        [10, 3],
      ]),
    ).toBeCloseTo(2);
  });
});

test("a second's exits sell no more than its entries have bought", () => {
  const sumOf = (wanted: readonly string[]) =>
    Array.from({ length: CALLS_PER_SECOND }, (_, index) => callAt(index))
      .filter(({ kind }) => wanted.includes(kind))
      .reduce((sum, { intent }) => sum + Number(intent.quantity), 0);
  expect(sumOf(["exit"])).toBeLessThanOrEqual(sumOf(["entry", "anchored"]));
  expect(sumOf(["exit"])).toBeGreaterThan(sumOf(["entry", "anchored"]) * 0.9);
});
