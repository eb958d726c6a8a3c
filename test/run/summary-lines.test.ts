import { expect, test } from "vitest";
import type { RunSummary } from "../../src/run/run-summary.ts";
import { summaryLines } from "../../src/run/summary-lines.ts";

const SUMMARY = {
  ...{ trades: 15, wins: 3, hitRate: "0.2", exposure: "0.678", faults: "none", faultsMet: 0 },
  ...{ orders: 98, duplicateOrders: 49, duplicateNotionalUsd: "30730.38" },
  ...{ realizedProfitUsd: "-1251.08", maxDrawdownUsd: "152.40" },
  ...{ intents: null, finalPositions: {} },
} as unknown as RunSummary;

test("a sum of dollars has its thousands apart, so that it is not read into the number before it", () => {
  const lines = Object.fromEntries(summaryLines(SUMMARY));
  expect(lines["Duplicates among them"]).toBe("49, 30,730.38 USD");
  expect(lines["Realized profit or loss"]).toBe("-1,251.08 USD");
  expect(lines["Maximum drawdown"]).toBe("152.40 USD");
  const millions = { ...SUMMARY, maxDrawdownUsd: "1234567.00" };
  expect(Object.fromEntries(summaryLines(millions))["Maximum drawdown"]).toBe("1,234,567.00 USD");
});
