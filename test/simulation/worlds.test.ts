/** The simulation of this tree: a few seeds here, thousands by `npm run simulate`. */
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../ledger/temporary-folder.ts";
import { CANARIES, type Canary } from "./canaries.ts";
import { drawPlan } from "./draw-plan.ts";
import { tellFailures } from "./failure-stories.ts";
import { documentOf, linesOf } from "./findings.ts";
import { judgePlan } from "./judge.ts";
import { keptWorlds } from "./kept-worlds.ts";
import type { Plan } from "./plan.ts";
import { shrink } from "./shrink.ts";
import { timelineOf } from "./timeline.ts";

const SEEDS = Array.from({ length: 30 }, (_, index) => index + 1);

async function story(plan: Plan): Promise<string> {
  const { outcome } = await judgePlan(plan);
  return outcome === undefined ? "" : timelineOf(outcome).join("\n");
}

function canaryNamed(part: string): Canary {
  const canary = CANARIES.find(({ name }) => name.includes(part));
  if (canary === undefined) throw new Error(`no canary ${part}`);
  return canary;
}

describe("a world", () => {
  test("is the same whenever its seed is run, to the millisecond", async () => {
    for (const seed of [4, 6, 143]) {
      const first = await story(drawPlan(seed));
      expect(first.length).toBeGreaterThan(1_000);
      expect(await story(drawPlan(seed))).toBe(first);
    }
  });

  test("is another for another seed", async () => {
    expect(await story(drawPlan(4))).not.toBe(await story(drawPlan(5)));
  });

  test("keeps every invariant, for the first seeds", async () => {
    for (const seed of SEEDS) {
      const { violations } = await judgePlan(drawPlan(seed));
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  });

  test.each(keptWorlds().map(({ name, plan }) => [name, plan] as const))(
    "in which something once went wrong keeps them too: %s",
    async (_, plan) => {
      expect((await judgePlan(plan)).violations).toEqual([]);
    },
  );
});

describe("the simulation", () => {
  test("lets every kind of mishap happen within a few hundred plans", () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 300; seed += 1) {
      for (const mishap of drawPlan(seed).mishaps) {
        kinds.add(mishap.kind === "fault" ? `fault ${mishap.rule.fault.kind}` : mishap.kind);
      }
    }
    expect([...kinds].sort()).toEqual(EVERY_KIND);
  });

  test("shrinks a failing plan to one that still fails, for the same reason", async () => {
    const { tampering, caughtBy } = canaryNamed("when the store fails");
    const plan = drawPlan(37);
    const { plan: smallest } = await shrink(plan, caughtBy, tampering);
    expect(smallest.mishaps.length).toBeLessThan(plan.mishaps.length);
    expect(smallest.mishaps.map(({ kind }) => kind)).toContain("store");
    const { violations } = await judgePlan(smallest, tampering);
    expect(violations.map(({ invariant }) => invariant)).toContain(caughtBy);
    expect((await judgePlan(smallest)).violations).toEqual([]);
  });
});

describe("what is told of a run", () => {
  test("is a failing seed, its invariant and the shortest history, which can be kept", async () => {
    const { tampering, caughtBy } = canaryNamed("when the store fails");
    const plan = drawPlan(37);
    const whole = await judgePlan(plan, tampering);
    const violations = whole.violations.map((violation) => ({ seed: 37, ...violation }));
    const said: string[] = [];
    const keepIn = temporaryFolder();
    const tell = (line: string) => said.push(line);
    await tellFailures(violations, { tell, planOf: () => plan, tampering, keepIn });
    expect(said[0]).toMatch(
      new RegExp(`^seed 37 violates ${caughtBy}: .* without a claim on disk`),
    );
    const at = said.findIndex((line) => /^\nthe shortest history of seed 37 /.test(line));
    const history = said.slice(
      at + 1,
      said.findIndex((line) => /all is calm$/.test(line)),
    );
    expect(history.length).toBeLessThan((await story(plan)).split("\n").length);
    expect(history.join("\n")).toMatch(
      / world .*"store".* sidecar 0 {2}POST .* broker +bot-a1 filled/s,
    );
    expect(said.at(-1)).toBe(`kept in ${keepIn}/i2-37.json`);
    const [kept] = keptWorlds(keepIn);
    expect(kept).toMatchObject({ name: "i2-37", invariant: "I2", story: violations[0]?.what });
    const again = await judgePlan(kept?.plan ?? plan, tampering);
    expect(again.violations.map(({ invariant }) => invariant)).toContain("I2");
  });

  test("is one document of the same shape for one seed and for many", () => {
    const caught = { name: "forgets", caughtBy: "liveness", seeds: 2 };
    const canaries = [caught, { ...caught, caughtBy: null, seeds: 2_000 }];
    const violations = [{ seed: 3, invariant: "I1" as const, what: "two orders" }];
    const findings = { seeds: 100, kept: 1, seconds: 8, violations, canaries };
    const [first, second] = canaries;
    expect(JSON.parse(documentOf(findings))).toEqual({
      ...{ seeds: 100, seedsPerSecond: 12.5, violations, canaries: [first, second] },
    });
    const lines = linesOf(findings).join("\n").split("\n");
    expect(lines[0]).toBe("100 seeds and 1 kept worlds in 8 s: 1 violations");
    expect(lines.at(-1)).toMatch(/^forgets +NOT +2000$/);
    expect(new Set(lines.slice(-3).map((line) => line.length))).toEqual(new Set([77]));
  });
});

const EVERY_KIND = [
  "bot_crash",
  "by_hand",
  "cancel",
  "crash",
  "cut_stream",
  "fault accept_then_drop",
  "fault accept_then_error",
  "fault accept_then_hang",
  "fault arrive_late",
  "fault cancel_stuck",
  "fault client_id_lag",
  "fault drop",
  "fault event_lost",
  "fault event_reordered",
  "fault event_repeated",
  "fault html",
  "fault list_lag",
  "fault partial_fill",
  "fault position_lag",
  "fault rate_limited",
  "fault refuse",
  "fault reject_later",
  "fault slow",
  "fault stream_cut",
  "fill",
  "fill_rest",
  "freeze",
  "hide",
  "jump",
  "link",
  "pause",
  "power",
  "price",
  "replace",
  "store",
];
