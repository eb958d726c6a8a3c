import { describe, expect, test } from "vitest";
import { decimal, divide } from "../../src/core/decimal.ts";
import {
  guardedTotals,
  notionalOf,
  type ReplayReport,
  reportJson,
  reportsJson,
  sumNotionals,
} from "../../src/replay/report.ts";
import { BLOCKED, SAMPLE_REPORT } from "./sample-report.ts";

describe("a sum of notionals", () => {
  test("rounds each to the cent before it adds, half to even", () => {
    expect(sumNotionals(["0.005", "0.005"])).toBe("0.00");
    expect(sumNotionals(["0.015", "0.015"])).toBe("0.04");
    expect(sumNotionals(["0.004", "0.004", "0.004"])).toBe("0.00");
  });

  test("of nothing is 0.00, and has two decimals always", () => {
    expect(sumNotionals([])).toBe("0.00");
    expect(sumNotionals(["452", "452.5"])).toBe("904.50");
  });

  test("is exact where binary floating point is not", () => {
    expect(sumNotionals(Array.from({ length: 10 }, () => "0.1"))).toBe("1.00");
  });
});

describe("the notional of an order", () => {
  test.each([
    ["452", "6"],
    ["902", "12"],
    ["1350", "18"],
    ["43", "1"],
    ["514.80", "12"],
  ])("of %s dollars for %s shares survives its own price", (notional, quantity) => {
    const price = divide(decimal(notional), decimal(quantity));
    expect(sumNotionals([notionalOf(decimal(quantity), price)])).toBe(sumNotionals([notional]));
  });
});

describe("the guarded totals", () => {
  test("count what is on record from the blocked duplicates, and only that", () => {
    const { recordedDuplicates, recordedNotionalUsd } = guardedTotals({
      ...SAMPLE_REPORT.guarded,
      duplicatesBlocked: [...BLOCKED, ...BLOCKED],
    });
    expect({ recordedDuplicates, recordedNotionalUsd }).toEqual({
      recordedDuplicates: 2,
      recordedNotionalUsd: "904.00",
    });
  });
});

describe("the JSON of a report", () => {
  test("is the report and nothing else", () => {
    expect(JSON.parse(reportJson(SAMPLE_REPORT))).toEqual(SAMPLE_REPORT);
  });

  test("has its keys in the one order, however the report was put together", () => {
    const { session, unguarded, guarded, incidents, elapsedMs } = SAMPLE_REPORT;
    const shuffled: ReplayReport = {
      elapsedMs,
      incidents: incidents.map(reversed),
      guarded: { ...reversed(guarded), duplicatesBlocked: BLOCKED.map(reversed) },
      unguarded: reversed(unguarded),
      session,
    };
    expect(reportJson(shuffled)).toBe(reportJson(SAMPLE_REPORT));
    expect(Object.keys(JSON.parse(reportJson(shuffled)).guarded)).toEqual([
      "brokerOrders",
      "duplicateOrders",
      "duplicatesBlocked",
      "recordedDuplicates",
      "recordedNotionalUsd",
      "finalPositions",
      "blockedEntryMinutes",
      "claims",
    ]);
  });

  test("does not carry a field that the document does not have", () => {
    const extended = {
      ...SAMPLE_REPORT,
      secret: 1,
      unguarded: { ...SAMPLE_REPORT.unguarded, x: 1 },
    };
    expect(reportJson(extended)).toBe(reportJson(SAMPLE_REPORT));
  });
});

describe("the JSON of several reports", () => {
  test("is a list of the same documents, each behind the name of its session", () => {
    const named = [{ name: "2026-09-skip", report: SAMPLE_REPORT }];
    expect(JSON.parse(reportsJson(named))).toEqual([{ name: "2026-09-skip", ...SAMPLE_REPORT }]);
  });
});

function reversed<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).reverse()) as Value;
}
