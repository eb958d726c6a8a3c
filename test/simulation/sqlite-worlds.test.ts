/** Worlds on the SQLite store: a few seeds here, more by `npm run simulate`. */
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { judgeGuards } from "./guards/judge.ts";
import { judgePlan } from "./judge.ts";
import { drawGuardWorld, drawWorld } from "./seeded-worlds.ts";
import { SQLITE_CANARIES } from "./sqlite-canaries.ts";
import { SqliteDisk } from "./sqlite-disk.ts";
import { timelineOf } from "./timeline.ts";

const SEEDS = Array.from({ length: 4 }, (_, index) => index + 1);
const GUARD_SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

const onFile = (seed: number, combos = false) => drawWorld(seed, { combos, sqlite: true });

async function story(seed: number): Promise<string> {
  const { outcome } = await judgePlan(onFile(seed));
  return outcome === undefined ? "" : timelineOf(outcome).join("\n");
}

describe("a world on a file", () => {
  test("is the same whenever its seed is run, to the millisecond", async () => {
    for (const seed of [6, 143]) {
      const first = await story(seed);
      expect(first.length).toBeGreaterThan(1_000);
      expect(await story(seed)).toBe(first);
    }
  });

  test("runs on the product's own store, and leaves no file behind", async () => {
    const { outcome } = await judgePlan(onFile(4));
    const disk = outcome?.disk;
    if (!(disk instanceof SqliteDisk)) throw new Error("it ran on something else");
    expect(disk.rows.events.length).toBeGreaterThan(10);
    expect(readdirSync(tmpdir())).not.toContain(basename(disk.folder));
  });

  test("keeps every invariant, for the first seeds", async () => {
    for (const seed of SEEDS) {
      for (const combos of [false, true]) {
        const { violations } = await judgePlan(onFile(seed, combos));
        expect({ seed, combos, violations }).toEqual({ seed, combos, violations: [] });
      }
    }
  });

  test("pays once what is asked for, for the first seeds", async () => {
    for (const seed of GUARD_SEEDS) {
      const { outcome, violations } = await judgeGuards(drawGuardWorld(seed, { sqlite: true }));
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      expect(outcome?.disk).toBeInstanceOf(SqliteDisk);
    }
  });
});

test("a defect that was put into the store is out again when its world is over", async () => {
  const [canary] = SQLITE_CANARIES;
  const whole = await story(4);
  await judgePlan(onFile(4), canary?.tampering);
  expect(await story(4)).toBe(whole);
});
