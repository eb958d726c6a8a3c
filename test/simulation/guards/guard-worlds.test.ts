/** Worlds of guarded payments: a few seeds here, thousands by `npm run simulate`. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Kept, keptIn } from "../kept-worlds.ts";
import { lineText } from "../timeline.ts";
import { drawGuardPlan } from "./draw.ts";
import { judgeGuards } from "./judge.ts";
import type { GuardPlan } from "./plan.ts";

const KEPT_FOLDER = join("fixtures", "guard-seeds");

const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1);

async function story(seed: number): Promise<string> {
  const { outcome } = await judgeGuards(drawGuardPlan(seed));
  return (outcome?.facts.history ?? []).map(lineText).join("\n");
}

describe("a world of payments", () => {
  test("is the same whenever its seed is run, and another for another seed", async () => {
    const first = await story(4);
    expect(first.length).toBeGreaterThan(500);
    expect(await story(4)).toBe(first);
    expect(await story(5)).not.toBe(first);
  });

  test("pays once what is asked for, and tells what is so, for the first seeds", async () => {
    for (const seed of SEEDS) {
      const { violations } = await judgeGuards(drawGuardPlan(seed));
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  });

  test.each(keptIn<Kept<GuardPlan>>(KEPT_FOLDER).map(({ name, plan }) => [name, plan] as const))(
    "in which something once went wrong is right: %s",
    async (_, plan) => {
      expect((await judgeGuards(plan)).violations).toEqual([]);
    },
  );

  test("has every kind of mishap, call and fate within a few hundred plans", () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 300; seed += 1) {
      const { mishaps, payments } = drawGuardPlan(seed);
      for (const { kind } of mishaps) kinds.add(kind);
      for (const { how, fate, word, strike } of payments.flatMap(({ calls }) => calls)) {
        kinds.add(how).add(fate);
        if (word !== undefined) kinds.add(`says ${word}`);
        if (strike !== undefined) kinds.add(`strikes ${strike.fault}`);
      }
    }
    expect([...kinds].sort()).toEqual(EVERY_KIND);
  });
});

const EVERY_KIND = [
  "answer_lost",
  "crash",
  "declined",
  "dropped",
  "execute",
  "freeze",
  "jump",
  "late",
  "owner",
  "paid",
  "pause",
  "person",
  "power",
  "reader",
  "says absent",
  "says done",
  "says released",
  "says seen",
  "slow_reads",
  "store",
  "strikes answer_lost",
  "strikes busy",
  "strikes full",
  "strikes slow",
  "strikes sync_fails",
  "unreached",
  "unreadable",
  "witness",
];
