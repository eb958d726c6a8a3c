import { describe, expect, test } from "vitest";
import { BENCHMARK_KEYS, holds } from "../../bench/benchmark-keys.ts";
import { interleave } from "../../bench/interleaved-rounds.ts";
import { CLAIM_SETTLE } from "../../bench/measure-claim-settle.ts";
import { slope } from "../../bench/measure-memory.ts";
import { median, quantile } from "../../bench/quantiles.ts";
import { reportDocument, reportJson, reportTable } from "../../bench/report.ts";
import { MEASUREMENTS, runBenchmarks } from "../../bench/run-benchmarks.ts";

/** Nothing here says how long anything took: a test is no place for that. */
const TINY = {
  ...{ rounds: 1, turns: 2, history: 1, liveClaims: 2, books: 1, memoryOrders: 1, seeds: 1 },
};
const COLUMNS = 80;

test("a run of one tiny measurement has every key in its document, its JSON and its table", async () => {
  const run = await runBenchmarks(TINY, undefined, () => undefined, [CLAIM_SETTLE]);
  const document = reportDocument(run);
  const table = reportTable(run);
  const { figures } = JSON.parse(reportJson(run)) as { figures: Record<string, unknown> };
  expect(Object.keys(figures)).toEqual(BENCHMARK_KEYS.map(({ key }) => key));
  for (const { key } of BENCHMARK_KEYS) {
    expect(document).toContain(`| \`${key}\` |`);
    expect(table).toContain(`\n${key} `);
  }
  expect(figures.claimSettlePairs64).toMatchObject({
    value: expect.any(Number),
    bound: { value: 5 },
  });
  expect(document).toContain("## What was found");
  for (const line of table.split("\n")) expect(line.length).toBeLessThanOrEqual(COLUMNS);
});

test("every key is measured by one measurement, or says why it is not", () => {
  const measured = MEASUREMENTS.flatMap(({ keys }) => keys);
  const missing = BENCHMARK_KEYS.filter((key) => key.missing !== null).map(({ key }) => key);
  expect([...measured, ...missing].sort()).toEqual(BENCHMARK_KEYS.map(({ key }) => key).sort());
});

describe("the arithmetic", () => {
  test("takes what was measured for a quantile", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(median(hundred)).toBe(50);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(median([3])).toBe(3);
  });

  test("holds a bound on its own side", () => {
    const [most, least] = [
      { kind: "most", value: 2 } as const,
      { kind: "least", value: 2 } as const,
    ];
    const key = { key: "k", what: "w", unit: "u", missing: null };
    expect([1, 2, 3].map((value) => holds({ ...key, bound: most }, value))).toEqual([
      true,
      true,
      false,
    ]);
    expect([1, 2, 3].map((value) => holds({ ...key, bound: least }, value))).toEqual([
      false,
      true,
      true,
    ]);
    expect(holds({ ...key, bound: null }, 1)).toBeNull();
  });

  test("goes by a straight line for what grows", () => {
    expect(
      slope([
        [0, 5],
        [1, 7],
        [2, 9],
      ]),
    ).toBeCloseTo(2);
    expect(slope([[1, 5]])).toBe(0);
  });
});

test("operations take turns, each as often as the other, and nothing between them is counted", async () => {
  const calls: string[] = [];
  const plan = { rounds: 2, turns: 3, warmUp: 1 };
  const operations = { one: () => calls.push("one"), other: () => calls.push("other") };
  const found = await interleave(operations, plan, {
    between: async () => void calls.push("-"),
  });
  expect(calls.join(" ")).toBe(
    "other one - one other other one one other - other one one other other one -",
  );
  expect(found.one.byRound).toHaveLength(2);
});

test("what an operation has left behind is over before the next one begins", async () => {
  const calls: string[] = [];
  const leave = (name: string) => () => void setImmediate(() => calls.push(`left by ${name}`));
  const operations = { one: leave("one"), other: leave("other") };
  const plan = { rounds: 1, turns: 1, warmUp: 1 };
  await interleave(operations, plan);
  expect(calls).toEqual(["left by other", "left by one", "left by one", "left by other"]);
  const rests: string[] = [];
  const own = { one: () => rests.push("one"), other: () => rests.push("other") };
  await interleave(own, plan, { rest: async () => void rests.push("rest") });
  expect(rests.join(" ")).toBe("other rest one rest one rest other rest");
});
