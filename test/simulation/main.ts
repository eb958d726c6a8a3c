/** `npm run simulate`: hunts through seeds, runs the kept worlds, and shows that canaries fail. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { ProgressBar } from "../../src/cli/progress-bar.ts";
import { statusLine } from "../../src/cli/status-line.ts";
import { systemClock } from "../../src/core/clock.ts";
import { messageOf } from "../../src/core/errors.ts";
import { CANARIES } from "./canaries.ts";
import { drawPlan } from "./draw-plan.ts";
import { judgePlan } from "./judge.ts";
import { KEPT_FOLDER, type KeptWorld } from "./kept-worlds.ts";
import type { Plan } from "./plan.ts";
import { runTasks } from "./pool.ts";
import { shrink } from "./shrink.ts";
import type { SeedViolation, Task, TaskResult } from "./tasks.ts";
import { timelineOf } from "./timeline.ts";

interface Options {
  readonly seeds?: readonly [number, number];
  readonly seed?: number;
  readonly plan?: string;
  readonly canary?: string;
  readonly canaries: boolean;
  readonly keep: boolean;
  readonly json: boolean;
}

const SEEDS_A_TASK = 10;
/** Within so many seeds every canary has to be caught. */
const CANARY_SEEDS_MAX = 2_000;
/** Failing seeds whose story is told; the others are listed. */
const STORIES_MAX = 3;

type CanaryResult = TaskResult & { readonly kind: "canary" };

const program = new Command("simulate")
  .description("Hunts for a second order through simulated worlds; one seed is one world.")
  .addOption(new Option("--seeds <from..to>", "the seeds to run").argParser(seedRange))
  .addOption(new Option("--seed <number>", "repeat one world, and tell it").argParser(seedNumber))
  .option("--plan <file>", "repeat a kept world, and tell it")
  .option("--canary <name>", "with --seed or --plan: put this defect in")
  .option("--no-canaries", "leave out the worlds that must fail")
  .option("--keep", "write failing worlds, shrunk, to fixtures/seeds", false)
  .option("--json", "print one JSON object", false);

function seedRange(text: string): readonly [number, number] {
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  const range = [Number(from), Number(to)] as const;
  if (from === undefined || range[0] < 1 || range[1] < range[0]) {
    throw new InvalidArgumentError("expected a range such as 1..5000");
  }
  return range;
}

function seedNumber(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError("expected a whole number");
  return Number(text);
}

async function main(): Promise<void> {
  const options = program.parse().opts<Options>();
  if (options.plan !== undefined) await repeat(keptPlan(options.plan), options);
  else if (options.seed !== undefined) await repeat(drawPlan(options.seed), options);
  else if (options.canary === undefined) await hunt(options.seeds ?? [1, 1_000], options);
  else program.error("--canary is for one world: name it with --seed or --plan");
}

function keptPlan(file: string): Plan {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly plan: Plan }).plan;
  } catch (error) {
    return program.error(`${file} is no kept world: ${messageOf(error)}`);
  }
}

/** One world, with its whole story. */
async function repeat(plan: Plan, { canary: name, json }: Options): Promise<void> {
  const canary = CANARIES.find((one) => one.name === name);
  if (name !== undefined && canary === undefined) {
    const names = CANARIES.map((one) => `  ${one.name}`).join("\n");
    program.error(`there is no canary ${JSON.stringify(name)}; these are:\n${names}`);
  }
  const { outcome, violations } = await judgePlan(plan, canary?.tampering);
  if (json) console.log(JSON.stringify({ seed: plan.seed, violations }));
  else {
    for (const line of outcome === undefined ? [] : timelineOf(outcome)) console.log(line);
    for (const { invariant, what } of violations) console.log(`${invariant} is violated: ${what}`);
    if (violations.length === 0) console.log(`seed ${plan.seed}: no violation`);
  }
  if (violations.length > 0) process.exitCode = 1;
}

async function hunt([from, to]: readonly [number, number], options: Options): Promise<void> {
  const tasks: Task[] = [{ kind: "kept" }];
  if (options.canaries) {
    for (const { name } of CANARIES) {
      tasks.push({ kind: "canary", name, seedsMax: CANARY_SEEDS_MAX });
    }
  }
  for (let first = from; first <= to; first += SEEDS_A_TASK) {
    tasks.push({ kind: "seeds", from: first, to: Math.min(to, first + SEEDS_A_TASK - 1) });
  }
  const violations: SeedViolation[] = [];
  const canaries: CanaryResult[] = [];
  let [seeds, kept] = [0, 0];
  const startedAt = performance.now();
  const bar = new ProgressBar({ status: statusLine(process.stderr) }, systemClock, "Simulating");
  let done = 0;
  await runTasks(tasks, (result) => {
    done += 1;
    bar.update(done, tasks.length);
    if (result.kind === "canary") canaries.push(result);
    else {
      violations.push(...result.violations);
      if (result.kind === "seeds") seeds += result.count;
      else kept = result.count;
    }
  }).finally(() => bar.end());
  const seconds = (performance.now() - startedAt) / 1_000;
  canaries.sort((a, b) => orderOf(a) - orderOf(b));
  const failed = violations.length > 0 || canaries.some(({ caughtBy }) => caughtBy === null);
  if (options.json) {
    const shown = canaries.map(({ name, caughtBy, seeds: took }) => ({
      name,
      caughtBy,
      seeds: took,
    }));
    const seedsPerSecond = Number((seeds / seconds).toFixed(1));
    console.log(JSON.stringify({ seeds, seedsPerSecond, violations, canaries: shown }));
  } else {
    report(seeds, kept, seconds, canaries, violations);
    await tellFailures(violations, options);
  }
  if (failed) process.exitCode = 1;
}

function orderOf({ name }: CanaryResult): number {
  return CANARIES.findIndex((canary) => canary.name === name);
}

function report(
  seeds: number,
  kept: number,
  seconds: number,
  canaries: readonly CanaryResult[],
  violations: readonly SeedViolation[],
): void {
  const found = violations.length === 0 ? "no violation" : `${violations.length} violations`;
  const rate = (seeds / seconds).toFixed(1);
  console.log(`${seeds} seeds and ${kept} kept worlds in ${seconds.toFixed(0)} s: ${found}`);
  console.log(`${rate} seeds a second, canaries included in the time`);
  if (canaries.length > 0) console.log(`\n${"worlds that must fail".padEnd(62)} by    seeds`);
  for (const { name, caughtBy, seeds: took } of canaries) {
    console.log(`${name.padEnd(62)} ${(caughtBy ?? "NOT").padEnd(5)} ${String(took).padStart(5)}`);
  }
}

/** The first few failing seeds with their shortest history. */
async function tellFailures(violations: readonly SeedViolation[], options: Options): Promise<void> {
  const first = new Map<number, SeedViolation>();
  for (const violation of violations) {
    const { seed, invariant, what } = violation;
    console.log(`\nseed ${seed} violates ${invariant}: ${what}`);
    if (typeof seed === "number" && !first.has(seed)) first.set(seed, violation);
  }
  for (const [seed, { invariant, what }] of [...first].slice(0, STORIES_MAX)) {
    const { plan, runs } = await shrink(drawPlan(seed), invariant);
    console.log(`\nthe shortest history of seed ${seed} that was found in ${runs} runs:`);
    const { outcome, violations: left } = await judgePlan(plan);
    for (const line of outcome === undefined ? [] : timelineOf(outcome)) console.log(line);
    for (const violation of left) console.log(`${violation.invariant}: ${violation.what}`);
    if (options.keep) keep(`${invariant.toLowerCase()}-${seed}`, { invariant, story: what, plan });
  }
}

function keep(name: string, world: Omit<KeptWorld, "name">): void {
  mkdirSync(KEPT_FOLDER, { recursive: true });
  const file = join(KEPT_FOLDER, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(world, null, 2)}\n`);
  console.log(`kept in ${file}`);
}

await main();
