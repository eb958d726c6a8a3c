/**
 * Days that a seed has drawn, with a broker that misbehaves in every way it can: on each of them no
 * invariant is broken, every intent ends, and the books equal the broker's. RUN_DAYS=1-200 runs
 * others than the usual days; a day that fails belongs into KEPT_DAYS.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { csvOf, randomDay } from "../../fixtures/bars/generated-day.ts";
import { seededRandom } from "../../src/core/random.ts";
import { runBacktest } from "../../src/run/backtest-world.ts";
import { readBars } from "../../src/run/bar-file.ts";
import { booksEqual, brokenInvariants } from "../../src/run/run-checks.ts";
import createMomentumBot from "../../strategies/momentum.ts";

/** Days that once failed. */
const KEPT_DAYS: readonly number[] = [];
const DAYS = [...KEPT_DAYS, ...range(process.env.RUN_DAYS ?? "1-2")];

const DATE = "2026-05-21";
const folder = mkdtempSync(join(tmpdir(), "tradelatch-days-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every other day has two instances of the bot. */
function strategiesOf(day: number) {
  return Array.from({ length: 1 + (day % 2) }, () => createMomentumBot({}));
}

function barsOf(day: number) {
  const symbols = randomDay(seededRandom(day));
  const files = Object.entries(symbols).map(([symbol, bars]) => {
    const file = join(folder, `${day}-${symbol.toLowerCase()}.csv`);
    writeFileSync(file, csvOf(DATE, bars, []));
    return file;
  });
  return readBars(files, createMomentumBot({}).symbols);
}

describe("a random day with heavy faults", () => {
  test.each(DAYS)("ends with the broker's books, and nothing broken: day %i", async (day) => {
    const records = await runBacktest({
      strategies: strategiesOf(day),
      bars: barsOf(day),
      faults: "heavy",
      seed: day,
      stop: new AbortController().signal,
    });
    const { ledger, positions, requests } = records;
    if (ledger === null) throw new Error("there was no latch");
    expect(brokenInvariants(records, ledger)).toEqual([]);
    expect(booksEqual(ledger, positions)).toBe(true);
    expect(ledger.claims.filter(({ status }) => status !== "SETTLED")).toEqual([]);
    // It was a day worth running.
    expect(ledger.claims.length).toBeGreaterThan(0);
    expect(requests.filter(({ fault }) => fault !== undefined).length).toBeGreaterThan(0);
  });
});

function range(text: string): number[] {
  const [from = 1, to = from] = text.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
