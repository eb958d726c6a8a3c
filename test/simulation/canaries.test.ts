/** The worlds that must fail, each at its seed; `npm run simulate` looks further for one that does not. */
import { describe, expect, test } from "vitest";
import { EVERY_CANARY } from "./every-canary.ts";
import { perform, seedThatCatches } from "./tasks.ts";

/** Within so many each has to be caught where its own seed has moved. */
const SEEDS_MAX = 100;

describe("a canary", () => {
  test.each(EVERY_CANARY.map(({ name, caughtBy }) => [name, caughtBy] as const))(
    "that %s is caught by %s",
    async (name, caughtBy) => {
      const caught = await perform({ kind: "canary", name, seedsMax: SEEDS_MAX });
      expect(caught).toMatchObject({ name, caughtBy });
    },
  );

  test("is tried at its own seed, and at all others where that finds nothing", async () => {
    const caughtAt = (...seeds: number[]) =>
      seedThatCatches(7, 10, (seed) => Promise.resolve(seeds.includes(seed)));
    expect(await caughtAt(3, 7)).toBe(7);
    expect(await caughtAt(3, 10)).toBe(3);
    expect(await caughtAt(11)).toBeUndefined();
  });

  test("has a name of its own", () => {
    const names = EVERY_CANARY.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
