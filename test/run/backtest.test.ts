import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { type Backtest, type BacktestOptions, backtest } from "../../src/run/backtest.ts";

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

describe("the bars of 21 May", () => {
  test("make the bot's entries, adds and flips at the record's minutes", async () => {
    const { summary, records, elapsedMs } = await run();
    console.log(summary, elapsedMs);
    for (const l of records.lines)
      console.log(new Date(l.at).toISOString(), l.message, JSON.stringify(l.fields));
  });
});
