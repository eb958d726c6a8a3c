/** Worlds of option spreads: a few seeds here, thousands by `npm run simulate`. */
import { describe, expect, test } from "vitest";
import { drawComboPlan } from "./draw-combos.ts";
import { judgePlan } from "./judge.ts";
import type { ActionPlan } from "./plan.ts";
import { timelineOf } from "./timeline.ts";

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

async function story(seed: number): Promise<string> {
  const { outcome } = await judgePlan(drawComboPlan(seed));
  return outcome === undefined ? "" : timelineOf(outcome).join("\n");
}

function waysOf({ legs, effect, identity, limitPrice }: ActionPlan): readonly string[] {
  const kind = legs === undefined ? "a contract" : `a spread of ${legs.length}`;
  const rests = limitPrice === null ? "at the market" : "at rest";
  const says = (legs ?? []).map((leg) => `says ${leg.says}`);
  return [`${effect} ${kind}`, identity, rests, ...says];
}

describe("a world of spreads", () => {
  test("is the same whenever its seed is run, and another for another seed", async () => {
    const first = await story(4);
    expect(first.length).toBeGreaterThan(1_000);
    expect(await story(4)).toBe(first);
    expect(await story(5)).not.toBe(first);
  });

  test("sends each opening and each close once, and its books are right, for the first seeds", async () => {
    for (const seed of SEEDS) {
      const { violations } = await judgePlan(drawComboPlan(seed));
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  });

  test("has every way of an order and every mishap within a few hundred plans", () => {
    const plans = Array.from({ length: 300 }, (_, index) => drawComboPlan(index + 1));
    const ways = plans.flatMap(({ actions, mishaps }) => [
      ...actions.flatMap(waysOf),
      ...mishaps.map(({ kind }) => kind),
    ]);
    expect([...new Set(ways)].sort()).toEqual(EVERY_WAY);
  });
});

const EVERY_WAY = [
  "anchor",
  "at rest",
  "at the market",
  "bot_crash",
  "by_hand",
  "cancel",
  "clientOrderId",
  "close a contract",
  "close a spread of 2",
  "close a spread of 4",
  "crash",
  "cut_stream",
  "fault",
  "fill_rest",
  "jump",
  "link",
  "none",
  "open a contract",
  "open a spread of 2",
  "open a spread of 4",
  "pause",
  "power",
  "price",
  "replace",
  "requestId",
  "says both",
  "says position_intent",
  "says side",
  "store",
];
