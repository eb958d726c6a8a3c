/** `npm run simulate`: hunts through seeds, runs the kept worlds, and shows that canaries fail. */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { ProgressBar } from "../../src/cli/progress-bar.ts";
import { statusLine } from "../../src/cli/status-line.ts";
import { systemClock } from "../../src/core/clock.ts";
import { messageOf } from "../../src/core/errors.ts";
import { CANARIES, type Canary } from "./canaries.ts";
import { COMBO_CANARIES } from "./combo-canaries.ts";
import { EVERY_CANARY } from "./every-canary.ts";
import { tellFailures } from "./failure-stories.ts";
import { documentOf, type Findings, linesOf } from "./findings.ts";
import { judgeGuards } from "./guards/judge.ts";
import { judgePlan } from "./judge.ts";
import { KEPT_FOLDER, type KeptWorld } from "./kept-worlds.ts";
import type { Plan } from "./plan.ts";
import { runTasks } from "./pool.ts";
import { drawGuardWorld, drawWorld, worldNamed } from "./seeded-worlds.ts";
import { SQLITE_CANARIES } from "./sqlite-canaries.ts";
import type { Tampering } from "./tampering.ts";
import type { CanaryResult, SeedViolation, Task } from "./tasks.ts";
import { lineText, timelineOf } from "./timeline.ts";

interface Options {
  readonly seeds?: readonly [number, number];
  readonly seed?: number;
  readonly plan?: string;
  readonly canary?: string;
  readonly combos: boolean;
  readonly guards: boolean;
  readonly sqlite: boolean;
  readonly canaries: boolean;
  readonly keep: boolean;
  readonly json: boolean;
}

const SEEDS_A_TASK = 10;
/** More would take weeks. */
const SEEDS_MAX = 10_000_000;
const ORDER_CANARIES = [...CANARIES, ...COMBO_CANARIES, ...SQLITE_CANARIES];
const CANARY_NAMES = EVERY_CANARY.map(({ name }) => name);
/** Within so many seeds every canary has to be caught. */
const CANARY_SEEDS_MAX = 2_000;

const program = new Command("simulate")
  .description("Hunts for a second order through simulated worlds; one seed is one world.")
  .addOption(new Option("--seeds <from..to>", "the seeds to run").argParser(seedRange))
  .addOption(
    new Option("--seed <number>", "repeat one world, and tell it")
      .argParser(seedNumber)
      .conflicts(["seeds", "plan"]),
  )
  .addOption(new Option("--plan <file>", "repeat a kept world, and tell it").conflicts("seeds"))
  .option("--canary <name>", "with --seed or --plan: put this defect in")
  .addOption(
    new Option("--combos", "with --seed: its world of option spreads")
      .default(false)
      .conflicts(["seeds", "plan", "guards"]),
  )
  .addOption(
    new Option("--guards", "with --seed: its world of guarded payments")
      .default(false)
      .conflicts(["seeds", "plan", "combos", "canary", "keep", "json"]),
  )
  .addOption(
    new Option("--sqlite", "with --seed or --seeds: their worlds on a SQLite file")
      .default(false)
      .conflicts(["plan"]),
  )
  .option("--no-canaries", "leave out the worlds that must fail")
  .option("--keep", "write failing worlds, shrunk, to fixtures/seeds", false)
  .option("--json", "print one JSON object; stories go to standard error", false);

function seedRange(text: string): readonly [number, number] {
  const [, from, to] = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text) ?? [];
  const range = [Number(from), Number(to)] as const;
  if (from === undefined || range[0] < 1 || range[1] < range[0]) {
    throw new InvalidArgumentError("expected a range such as 1..5000");
  }
  if (range[1] - range[0] >= SEEDS_MAX) {
    throw new InvalidArgumentError(`expected at most ${SEEDS_MAX} seeds`);
  }
  return range;
}

function seedNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError("expected 1 or more");
  return Number(text);
}

async function main(): Promise<void> {
  const options = program.parse().opts<Options>();
  if (options.plan !== undefined) await repeat(keptPlan(options.plan), options);
  else if (options.seed !== undefined && options.guards) await repeatGuards(options.seed, options);
  else if (options.seed !== undefined) {
    await repeat(drawWorld(options.seed, options), options);
  } else if (options.guards) program.error("--guards is for one world: name it with --seed");
  else if (options.combos) program.error("--combos is for one world: name it with --seed");
  else if (options.canary === undefined) await hunt(options.seeds ?? [1, 1_000], options);
  else program.error("--canary is for one world: name it with --seed or --plan");
}

function keptPlan(file: string): Plan {
  try {
    const { plan } = JSON.parse(readFileSync(file, "utf8")) as Partial<KeptWorld>;
    if (Array.isArray(plan?.actions) && Array.isArray(plan.mishaps)) return plan;
  } catch (error) {
    return program.error(`${file} is no kept world: ${messageOf(error)}`);
  }
  return program.error(`${file} is no kept world: it has no plan; see ${KEPT_FOLDER}`);
}

/** One world, with its whole story, and where it fails with the shortest one. */
async function repeat(plan: Plan, { canary: name, json, keep }: Options): Promise<void> {
  const canary = name === undefined ? undefined : canaryFor(plan, name);
  if (canary !== undefined && keep) program.error("--keep is for what fails without a canary");
  const tampering = canary?.tampering;
  const startedAt = performance.now();
  const { outcome, violations: found } = await judgePlan(plan, tampering);
  const seconds = (performance.now() - startedAt) / 1_000;
  const violations = found.map((violation) => ({ seed: plan.seed, ...violation }));
  if (json) {
    const isCaught = found.some(({ invariant }) => invariant === canary?.caughtBy);
    const caughtBy = isCaught ? (canary?.caughtBy ?? null) : null;
    const canaries = canary === undefined ? [] : [{ name: canary.name, caughtBy, seeds: 1 }];
    console.log(documentOf({ seeds: 1, kept: 0, seconds, violations, canaries }));
  } else for (const line of outcome === undefined ? [] : timelineOf(outcome)) console.log(line);
  const tell = json ? console.error : console.log;
  const keepIn = keep ? KEPT_FOLDER : undefined;
  await tellFailures(violations, { tell, planOf: () => plan, tampering, keepIn });
  if (violations.length > 0) process.exitCode = 1;
  else if (!json) console.log(`seed ${plan.seed}: no violation`);
}

function canaryFor(plan: Plan, name: string): Canary {
  const canaries = ORDER_CANARIES.filter(({ tampering }) => isAtHome(tampering, plan));
  const canary = canaries.find((one) => one.name === name);
  if (canary !== undefined) return canary;
  const names = canaries.map((one) => `  ${one.name}`).join("\n");
  const where = plan.store === undefined ? "" : " of a world on SQLite";
  return program.error(`there is no canary ${JSON.stringify(name)}${where}; these are:\n${names}`);
}

/** Whether what it changes is there: a world has a store of its own or a file. */
function isAtHome({ disk, rows, sqlite }: Tampering, { store }: Plan): boolean {
  if (store === undefined) return sqlite === undefined;
  return disk === undefined && rows === undefined;
}

async function repeatGuards(seed: number, { sqlite }: Options): Promise<void> {
  const { outcome, violations } = await judgeGuards(drawGuardWorld(seed, { sqlite }));
  for (const line of outcome?.facts.history ?? []) console.log(lineText(line));
  for (const { invariant, what } of violations) {
    console.log(`seed ${seed} violates ${invariant}: ${what}`);
  }
  if (violations.length > 0) process.exitCode = 1;
  else console.log(`seed ${seed}: no violation`);
}

async function hunt([from, to]: readonly [number, number], options: Options): Promise<void> {
  const findings = await huntThrough(tasksOf(from, to, options));
  const { violations, canaries } = findings;
  if (options.json) console.log(documentOf(findings));
  else for (const line of linesOf(findings)) console.log(line);
  if (violations.length > 0 && !options.json) console.log();
  await tellFailures(violations, {
    tell: options.json ? console.error : console.log,
    planOf: ({ seed }) => worldNamed(seed),
    keepIn: options.keep ? KEPT_FOLDER : undefined,
  });
  const failed = violations.length > 0 || canaries.some(({ caughtBy }) => caughtBy === null);
  if (failed) process.exitCode = 1;
}

function tasksOf(from: number, to: number, { canaries, sqlite }: Options): readonly Task[] {
  const tasks: Task[] = sqlite ? [] : [{ kind: "kept" }];
  if (canaries) {
    for (const name of sqlite ? SQLITE_CANARIES.map((one) => one.name) : CANARY_NAMES) {
      tasks.push({ kind: "canary", name, seedsMax: CANARY_SEEDS_MAX });
    }
  }
  for (let first = from; first <= to; first += SEEDS_A_TASK) {
    tasks.push({ kind: "seeds", from: first, to: Math.min(to, first + SEEDS_A_TASK - 1), sqlite });
  }
  return tasks;
}

async function huntThrough(tasks: readonly Task[]): Promise<Findings> {
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
  return { seeds, kept, seconds, violations, canaries };
}

function orderOf({ name }: CanaryResult): number {
  return CANARY_NAMES.indexOf(name);
}

/** A reader that has gone away, such as `head`, has seen what it wanted. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

await main();
