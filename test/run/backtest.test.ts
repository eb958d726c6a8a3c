import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { barFiles } from "../../fixtures/bars/generate-bars.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type Backtest, type BacktestOptions, backtest } from "../../src/run/backtest.ts";
import { reportPage } from "../../src/run/report-page.ts";
import { newYorkClock } from "../../src/schedule/new-york-time.ts";

const OPTIONS: BacktestOptions = {
  strategy: "strategies/momentum.ts",
  parameters: {},
  bars: ["fixtures/bars/2026-05-21-qqq.csv"],
  faults: "none",
  seed: 1,
  instances: 1,
};

function run(changes: Partial<BacktestOptions> = {}): Promise<Backtest> {
  return backtest({ ...OPTIONS, ...changes }, systemClock, new AbortController().signal);
}

const folder = mkdtempSync(join(tmpdir(), "tradelatch-morning-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Files with the first bars of the day; random-days.test.ts has whole days. */
function firstBars(count: number): string {
  for (const symbol of ["qqq", "tqqq", "sqqq"]) {
    const lines = readFileSync(`fixtures/bars/2026-05-21-${symbol}.csv`, "utf8").split("\n");
    const start = lines.findIndex((line) => line.startsWith("time,"));
    writeFileSync(join(folder, `${symbol}.csv`), lines.slice(0, start + 1 + count).join("\n"));
  }
  return join(folder, "qqq.csv");
}

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Bars of 21 May: time, open, high, low and close. */
function barsFile(name: string, rows: readonly string[], more: readonly string[] = []): string {
  const day = rows.map((row) => `2026-05-21T${row},400`);
  return fileOf(name, ["time,open,high,low,close,volume", ...day, ...more].join("\n"));
}

/** A bot that buys a share of AAA for each of `stages` at the bar of `time`. */
function buyerAt(time: string, stages: readonly string[], symbols = ["AAA"]): string {
  return `export default () => ({
    symbols: ${JSON.stringify(symbols)},
    async onBar({ symbol, name: bar }, context) {
      if (symbol !== "AAA" || !bar.endsWith("${time}")) return;
      for (const stage of ${JSON.stringify(stages)}) {
        const order = { symbol, side: "buy", effect: "open", quantity: "1" };
        await context.submit({ ...order, anchor: { bar, stage } });
      }
    },
  });`;
}

function fillLines({ accounts }: Backtest): readonly string[] {
  return accounts.fills.map(
    ({ at, side, symbol, quantity }) => `${newYorkClock(at)} ${side} ${symbol} ${quantity}`,
  );
}

/** Until the first entry that the old bot could not make any more. */
const MINUTES = 127;

const RECORD = [
  "09:42:00 buy TQQQ 6",
  "09:47:00 buy TQQQ 6",
  "09:49:00 sell TQQQ 12",
  "10:00:00 buy TQQQ 6",
  "10:05:00 buy TQQQ 6",
  "10:10:00 buy TQQQ 6",
  "10:14:00 sell TQQQ 18",
  "10:15:00 buy SQQQ 11",
  "11:06:00 buy SQQQ 11",
  "11:14:00 sell SQQQ 22",
  "11:16:00 buy TQQQ 6",
  "11:21:00 buy TQQQ 6",
  "11:26:00 sell TQQQ 12",
  "11:36:00 buy TQQQ 6",
];

describe("the generated bars of 21 May", () => {
  test("are what their generator makes with its seed, and say what they are", () => {
    for (const [name, text] of Object.entries(barFiles())) {
      expect(readFileSync(`fixtures/bars/${name}`, "utf8"), name).toBe(text);
      expect(text).toMatch(/^# Generated bars: no market ever traded so/);
    }
  });
});

describe("two instances of the bot, at once, on the bars of 21 May", () => {
  let guarded: Backtest;
  let unguarded: Backtest;
  beforeAll(async () => {
    const given = { bars: [firstBars(MINUTES)], instances: 2 };
    guarded = await run(given);
    unguarded = await run({ ...given, strategy: "strategies/naive.ts" });
  });

  test("trade at the record's minutes, through the latch once each", () => {
    const { summary } = guarded;
    expect(fillLines(guarded)).toEqual(RECORD);
    expect(summary).toMatchObject({
      ...{ isGuarded: true, bars: MINUTES, trades: 4, wins: 0, duplicateOrders: 0 },
      ...{ booksEqual: true, invariantsBroken: [], unsettled: 0 },
      finalPositions: { TQQQ: "6" },
    });
    expect(summary.orders).toBe(summary.intents);
    expect(summary.duplicatesBlocked).toBe(summary.intents);
    const posts = guarded.records.requests.filter(({ method }) => method === "POST");
    expect(posts).toHaveLength(summary.orders);
  });

  test("trade everything twice without it", () => {
    expect(fillLines(unguarded)).toEqual(RECORD.flatMap((line) => [line, line]));
    const { summary } = unguarded;
    expect(summary).toMatchObject({ isGuarded: false, booksEqual: null, duplicatesBlocked: null });
    expect(summary.orders).toBe(2 * guarded.summary.orders);
    expect(summary.duplicateOrders).toBe(guarded.summary.orders);
  });

  test("meet the prices that the record states", () => {
    const priceAt = (clock: string) =>
      guarded.accounts.fills.find(({ at }) => newYorkClock(at) === clock)?.price;
    const clocks = ["09:42:00", "09:47:00", "09:49:00", "10:00:00", "10:14:00"];
    expect(clocks.map(priceAt)).toEqual(["75.33", "75.33", "75.17", "75.67", "75"]);
  });

  test("make a report that loads nothing from elsewhere", () => {
    const page = reportPage(guarded);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/(?:src|href)=|url\(|@import|https?:/);
    expect(page).toContain("<dd>4</dd>");
    expect(page).toContain("no advice");
  });
});

describe("bars of which minutes are missing", () => {
  test("have an order meet the symbol's next bar, and no price that only the last one had", async () => {
    const others = ["09:30,50,50,50,50", "09:31,50,50,50,50", "09:32,50,50,50,50"];
    const own = ["09:30,10,10,10,10", "09:31,10,12,8,9", "09:33,9.5,9.6,9.4,9.6"];
    const { accounts } = await run({
      strategy: fileOf("buyer.mjs", buyerAt("09:31", ["base"], ["AAA", "BBB"])),
      bars: [`AAA=${barsFile("aaa.csv", own)}`, `BBB=${barsFile("bbb.csv", others)}`],
    });
    expect(accounts.fills.map(({ price }) => price)).toEqual(["9.5"]);
  });

  test("have an order meet the last close of the day, and not the next day's open", async () => {
    const own = ["09:30,10,10,10,10", "09:31,10,12,8,9"];
    const nextDay = "2026-05-22T09:30,20,20,20,20,400";
    const { accounts } = await run({
      strategy: fileOf("late-buyer.mjs", buyerAt("09:31", ["base"])),
      bars: [`AAA=${barsFile("two-days.csv", own, [nextDay])}`],
    });
    expect(accounts.fills.map(({ price }) => price)).toEqual(["9"]);
  });
});

test("an order that is sent at the close meets the next session's open", async () => {
  const own = ["15:58,10,10,10,10", "15:59,10,12,8,9"];
  const { accounts } = await run({
    strategy: fileOf("night-buyer.mjs", buyerAt("15:59", ["base"])),
    bars: [`AAA=${barsFile("night.csv", own, ["2026-05-22T09:30,20,20,20,20,400"])}`],
  });
  expect(accounts.fills.map(({ price }) => price)).toEqual(["20"]);
});

test.each([
  ["through the latch", ""],
  ["by itself", "isUnguarded: true,"],
])("a strategy that never returns, %s, has no day to report of", async (_, kind) => {
  const bot = `export default () => ({ ${kind} symbols: ["AAA"], onBar: () => new Promise(() => {}) });`;
  const hangs = run({
    strategy: fileOf(`hangs-${kind.length}.mjs`, bot),
    bars: [`AAA=${barsFile("hangs.csv", ["09:30,10,10,10,10", "09:31,10,10,10,10"])}`],
  });
  await expect(hangs).rejects.toMatchObject({
    code: "strategy_failed",
    message: expect.stringContaining("has not returned by the end of the run"),
  });
});

describe("two lots of one bar", () => {
  test("are no duplicates: each is an action of its own", async () => {
    const own = ["09:30,10,10,10,10", "09:31,10,10,10,10"];
    const { summary } = await run({
      strategy: fileOf("lots.mjs", buyerAt("09:30", ["first", "second"])),
      bars: [`AAA=${barsFile("lots.csv", own)}`],
    });
    expect(summary).toMatchObject({ orders: 2, intents: 2, duplicateOrders: 0 });
  });
});

describe("a morning with heavy faults", () => {
  test("ends with the broker's books, and tells which fills were moved, and by what", async () => {
    const { summary, moved } = await run({ bars: [firstBars(60)], faults: "heavy", seed: 2 });
    expect(summary).toMatchObject({ booksEqual: true, invariantsBroken: [], unsettled: 0 });
    expect(summary.faultsMet).toBeGreaterThan(0);
    expect(moved?.length).toBeGreaterThan(0);
    const known = moved?.filter(({ faults }) => faults.length > 0) ?? [];
    expect(known.length).toBeGreaterThan(0);
    for (const { without, withFaults } of moved ?? []) expect(without).not.toEqual(withFaults);
  });
});
