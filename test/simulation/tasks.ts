/** What a worker of the simulation is asked for. */
import { CANARIES } from "./canaries.ts";
import type { Invariant, Violation } from "./checkers/violation.ts";
import { COMBO_CANARIES } from "./combo-canaries.ts";
import { GUARD_CANARIES } from "./guards/canaries.ts";
import { drawGuardPlan } from "./guards/draw.ts";
import { judgeGuards } from "./guards/judge.ts";
import { judgePlan } from "./judge.ts";
import { keptWorlds } from "./kept-worlds.ts";
import {
  drawGuardWorld,
  drawWorld,
  guardKindsOf,
  guardWorldName,
  kindsOf,
  SPREADS,
  STOCKS,
  STOCKS_ON_FILE,
  worldName,
} from "./seeded-worlds.ts";
import { SQLITE_CANARIES } from "./sqlite-canaries.ts";

export type Task =
  | {
      readonly kind: "seeds";
      readonly from: number;
      readonly to: number;
      /** Their worlds on files, and no others. */
      readonly sqlite: boolean;
    }
  | { readonly kind: "kept" }
  | { readonly kind: "canary"; readonly name: string; readonly seedsMax: number };

type SeedsTask = Extract<Task, { kind: "seeds" }>;

export interface SeedViolation extends Violation {
  /** The name of a kept world, or of the seed's world of spreads or of payments. */
  readonly seed: number | string;
}

export type TaskResult =
  | {
      readonly kind: "seeds";
      readonly count: number;
      readonly violations: readonly SeedViolation[];
    }
  | { readonly kind: "kept"; readonly count: number; readonly violations: readonly SeedViolation[] }
  | ({ readonly kind: "canary" } & CanaryResult);

export interface CanaryResult {
  readonly name: string;
  /** Null: not caught. */
  readonly caughtBy: string | null;
  /** How many it took, the last one included. */
  readonly seeds: number;
}

export async function perform(task: Task): Promise<TaskResult> {
  switch (task.kind) {
    case "seeds":
      return runSeeds(task);
    case "kept":
      return runKept();
    case "canary":
      return hunt(task.name, task.seedsMax);
  }
}

async function runSeeds({ from, to, sqlite }: SeedsTask): Promise<TaskResult> {
  const violations: SeedViolation[] = [];
  for (let seed = from; seed <= to; seed += 1) {
    for (const kind of kindsOf(seed, sqlite)) {
      const judged = await judgePlan(drawWorld(seed, kind));
      const name = worldName(seed, kind);
      violations.push(...judged.violations.map((violation) => ({ seed: name, ...violation })));
    }
    for (const kind of guardKindsOf(seed, sqlite)) {
      const guards = await judgeGuards(drawGuardWorld(seed, kind));
      const name = guardWorldName(seed, kind);
      violations.push(...guards.violations.map((violation) => ({ seed: name, ...violation })));
    }
  }
  return { kind: "seeds", count: to - from + 1, violations };
}

async function runKept(): Promise<TaskResult> {
  const violations: SeedViolation[] = [];
  const worlds = keptWorlds();
  for (const { name, plan } of worlds) {
    const judged = await judgePlan(plan);
    violations.push(...judged.violations.map((violation) => ({ seed: name, ...violation })));
  }
  return { kind: "kept", count: worlds.length, violations };
}

/** How many seeds it takes until the named invariant finds the canary's defect. */
async function hunt(name: string, seedsMax: number): Promise<TaskResult> {
  const { caughtBy, judge } = canaryNamed(name);
  for (let seed = 1; seed <= seedsMax; seed += 1) {
    const { violations } = await judge(seed);
    if (violations.some(({ invariant }) => invariant === caughtBy)) {
      return { kind: "canary", name, caughtBy, seeds: seed };
    }
  }
  return { kind: "canary", name, caughtBy: null, seeds: seedsMax };
}

interface Hunted {
  readonly caughtBy: Invariant;
  judge(seed: number): Promise<{ readonly violations: readonly Violation[] }>;
}

function canaryNamed(name: string): Hunted {
  const canary = CANARIES.find((one) => one.name === name);
  if (canary !== undefined) {
    const { caughtBy, tampering } = canary;
    return { caughtBy, judge: (seed) => judgePlan(drawWorld(seed, STOCKS), tampering) };
  }
  const combo = COMBO_CANARIES.find((one) => one.name === name);
  if (combo !== undefined) {
    const { caughtBy, tampering } = combo;
    return { caughtBy, judge: (seed) => judgePlan(drawWorld(seed, SPREADS), tampering) };
  }
  const onFile = SQLITE_CANARIES.find((one) => one.name === name);
  if (onFile !== undefined) {
    const { caughtBy, tampering } = onFile;
    return { caughtBy, judge: (seed) => judgePlan(drawWorld(seed, STOCKS_ON_FILE), tampering) };
  }
  const guard = GUARD_CANARIES.find((one) => one.name === name);
  if (guard === undefined) throw new RangeError(`there is no canary ${JSON.stringify(name)}`);
  const { caughtBy, tampering } = guard;
  return { caughtBy, judge: (seed) => judgeGuards(drawGuardPlan(seed), tampering) };
}
