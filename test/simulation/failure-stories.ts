/**
 * What is told of worlds that failed: each violation with its seed and invariant, and of the first
 * few seeds the shortest history that was found, which can be kept as a file.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judgePlan } from "./judge.ts";
import { KEPT_FOLDER, type KeptWorld } from "./kept-worlds.ts";
import type { Plan } from "./plan.ts";
import { shrink } from "./shrink.ts";
import type { Tampering } from "./tampering.ts";
import type { SeedViolation } from "./tasks.ts";
import { timelineOf } from "./timeline.ts";

/** Failing seeds whose story is told; the others are listed. */
const STORIES_MAX = 3;

export interface StoryOptions {
  readonly tell: (line: string) => void;
  /** The world of a violation; undefined where it is a kept one, which is short already. */
  readonly planOf: (violation: SeedViolation) => Plan | undefined;
  /** The defect that was put in. */
  readonly tampering?: Tampering | undefined;
  /** Whether the worlds are written down, and where. */
  readonly keepIn?: string | undefined;
}

export async function tellFailures(
  violations: readonly SeedViolation[],
  { tell, planOf, tampering, keepIn }: StoryOptions,
): Promise<void> {
  const first = new Map<string, SeedViolation>();
  for (const violation of violations) {
    const { seed, invariant, what } = violation;
    tell(`seed ${seed} violates ${invariant}: ${what}`);
    if (!first.has(String(seed))) first.set(String(seed), violation);
  }
  for (const violation of [...first.values()].slice(0, STORIES_MAX)) {
    const { seed, invariant, what } = violation;
    const whole = planOf(violation);
    if (whole === undefined) continue;
    const { plan, runs } = await shrink(whole, invariant, tampering);
    tell(`\nthe shortest history of seed ${seed} that was found in ${runs} runs:`);
    const { outcome, violations: left } = await judgePlan(plan, tampering);
    for (const line of outcome === undefined ? [] : timelineOf(outcome)) tell(line);
    for (const one of left) tell(`seed ${seed} violates ${one.invariant}: ${one.what}`);
    if (keepIn !== undefined) {
      tell(`kept in ${keep(keepIn, seed, { invariant, story: what, plan })}`);
    } else if (tampering === undefined) {
      tell(`with --keep it is written to ${KEPT_FOLDER} and runs for ever`);
    }
  }
  const untold = first.size - STORIES_MAX;
  if (untold > 0) tell(`\n${untold} more failing seeds; --seed tells one of them`);
}

function keep(folder: string, seed: number | string, world: Omit<KeptWorld, "name">): string {
  mkdirSync(folder, { recursive: true });
  const named = String(seed).replace(/\W+/g, "-");
  const file = join(folder, `${world.invariant.toLowerCase()}-${named}.json`);
  writeFileSync(file, `${JSON.stringify(world, null, 2)}\n`);
  return file;
}
