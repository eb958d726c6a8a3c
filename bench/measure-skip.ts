/**
 * Repeats under a request id whose order is done, answered by the library: 64 callers at once, and
 * for comparison one. The notes that each repeat leaves behind are written within the time.
 */
import { join } from "node:path";
import type { Latch } from "../src/index.ts";
import { BareStore, CLAIM_SIZED_BODY } from "./bare-store.ts";
import { withFolder } from "./bench-folder.ts";
import { openBenchLatch, settle } from "./bench-latch.ts";
import { intentAt } from "./bench-orders.ts";
import { startBroker } from "./broker-process.ts";
import { byCallers, CALLERS } from "./callers.ts";
import { timed } from "./interleaved-rounds.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { median } from "./quantiles.ts";

const ORDERS = 200;
/** Repeats in a round for each turn: a repeat takes far less than an order. */
const REPEATS = 8;
const SECOND_MS = 1_000;

export const SKIP: Measurement = {
  keys: ["skipPerSecond"],
  measure: (scale) => withFolder((folder) => measureIn(folder, scale)),
};

async function measureIn(folder: string, { rounds, turns }: Scale): Promise<readonly Figure[]> {
  const broker = await startBroker();
  const latch = await openBenchLatch(join(folder, "latch.db"), broker.url);
  const bare = new BareStore(join(folder, "bare.db"));
  for (let index = 0; index < ORDERS; index += 1) await latch.submit(intentAt("first", index));
  await settle(latch);
  const claim = await latch.claim("first-0");
  const body = JSON.stringify(claim ?? CLAIM_SIZED_BODY);
  for (let index = 0; index < ORDERS; index += 1) bare.insert(`first-${index}`, body);
  const count = turns * REPEATS;
  const found: { bare: number; skips: number; single: number }[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const perSecond = (ms: number) => (count * SECOND_MS) / ms;
    const bareMs = await timed(() => {
      for (let index = 0; index < count; index += 1) bare.read(`first-${index % ORDERS}`);
    });
    const skipsMs = await timed(() => repeats(latch, count, CALLERS));
    const singleMs = await timed(() => repeats(latch, count, 1));
    const rates = { bare: perSecond(bareMs), skips: perSecond(skipsMs) };
    if (round >= 0) found.push({ ...rates, single: perSecond(singleMs) });
  }
  await latch.close();
  bare.close();
  await broker.close();
  return [
    {
      key: "skipPerSecond",
      value: median(found.map(({ skips, bare: reads }) => skips / reads)),
      parts: {
        skipsPerSecond: median(found.map(({ skips }) => skips)),
        oneCallerPerSecond: median(found.map(({ single }) => single)),
        bareReadsPerSecond: median(found.map((round) => round.bare)),
      },
    },
  ];
}

/** Ends when every repeat is answered and its note is on record. */
async function repeats(latch: Latch, count: number, callers: number): Promise<void> {
  await byCallers(callers, count, async (index) => {
    const { status } = await latch.submit(intentAt("first", index % ORDERS));
    if (status !== "SKIP") throw new Error(`a repeat was answered with ${status}`);
  });
  await latch.lastSequence();
}
