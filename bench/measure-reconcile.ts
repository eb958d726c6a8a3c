/**
 * One comparison of 1,000 books with the broker's positions beside 1,000 live claims: our own CPU
 * time, reading included. The books agree, as they do nearly always.
 */
import { join } from "node:path";
import { withFolder } from "./bench-folder.ts";
import { openBenchLatch } from "./bench-latch.ts";
import { startBroker } from "./broker-process.ts";
import { makeRestingOrders } from "./live-claims.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { median } from "./quantiles.ts";

const MICROSECONDS = 1_000;

export const RECONCILE: Measurement = {
  keys: ["reconcilePer1000"],
  measure: (scale) => withFolder((folder) => measureIn(folder, scale)),
};

async function measureIn(folder: string, scale: Scale): Promise<readonly Figure[]> {
  const symbols = Array.from({ length: scale.books }, (_, index) => `B${letters(index)}`);
  const broker = await startBroker({
    prices: Object.fromEntries(symbols.map((symbol) => [symbol, "50"])),
    positions: symbols.map((symbol) => ({ symbol, quantity: "6", averagePrice: "50" })),
  });
  const latch = await openBenchLatch(join(folder, "latch.db"), broker.url);
  await makeRestingOrders(latch, scale.liveClaims);
  const taken: number[] = [];
  for (let round = -1; round < scale.rounds; round += 1) {
    const before = process.cpuUsage();
    await latch.comparePositions();
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) taken.push((user + system) / MICROSECONDS);
  }
  const books = (await latch.books()).length;
  const liveClaims = (await latch.unsettledClaims()).length;
  await latch.close();
  await broker.close();
  return [{ key: "reconcilePer1000", value: median(taken), parts: { books, liveClaims } }];
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** `AAA`, `AAB` and so on. */
function letters(index: number): string {
  const places = [index / ALPHABET.length ** 2, index / ALPHABET.length, index];
  return places.map((place) => ALPHABET[Math.floor(place) % ALPHABET.length]).join("");
}
