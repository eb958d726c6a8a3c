/** What a worker of the simulation is asked for. */
import type { Violation } from "./checkers/violation.ts";
import { EVERY_CANARY } from "./every-canary.ts";
import { judgeGuards } from "./guards/judge.ts";
import { judgePlan } from "./judge.ts";
import { keptWorlds } from "./kept-worlds.ts";
import {
  drawGuardWorld,
  drawWorld,
  guardKindsOf,
  guardWorldName,
  kindsOf,
  worldName,
} from "./seeded-worlds.ts";

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
  /** The seed at which it was caught; how many were tried where it was not. */
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

async function hunt(name: string, seedsMax: number): Promise<TaskResult> {
  const canary = EVERY_CANARY.find((one) => one.name === name);
  if (canary === undefined) throw new RangeError(`there is no canary ${JSON.stringify(name)}`);
  const { caughtBy, seed: known, judge } = canary;
  const caughtAt = await seedThatCatches(known, seedsMax, async (seed) => {
    const { violations } = await judge(seed);
    return violations.some(({ invariant }) => invariant === caughtBy);
  });
  if (caughtAt === undefined) return { kind: "canary", name, caughtBy: null, seeds: seedsMax };
  return { kind: "canary", name, caughtBy, seeds: caughtAt };
}

/** The known seed where it still does, else the first one; undefined where none does. */
export async function seedThatCatches(
  known: number,
  seedsMax: number,
  isCaughtAt: (seed: number) => Promise<boolean>,
): Promise<number | undefined> {
  if (await isCaughtAt(known)) return known;
  for (let seed = 1; seed <= seedsMax; seed += 1) if (await isCaughtAt(seed)) return seed;
  return undefined;
}
