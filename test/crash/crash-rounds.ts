/**
 * The numbered steps as tests: one round for each step, or as many as CRASH_ROUNDS says. A few
 * worlds play them side by side then, as most of a round is waiting. CRASH_SEED draws other rounds.
 */
import { afterAll, describe, expect, test } from "vitest";
import { seededRandom } from "../../src/core/random.ts";
import { tracingTrouble } from "../ledger/system-calls.ts";
import { CrashRound } from "./crash-round.ts";
import {
  CrashWorld,
  LONGER_DEADLINES,
  type OrderKind,
  type ProgramsOfWorld,
} from "./crash-world.ts";
import type { Step } from "./order-path-steps.ts";

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 1);
const SEED = Number(process.env.CRASH_SEED ?? 1);
const WORLDS = ROUNDS === 1 ? 1 : Number(process.env.CRASH_WORLDS ?? 3);
/** A log that grew for ever would make each check slower than the one before. */
const ROUNDS_PER_WORLD = 40;
const SLOWEST_ROUND_MS = 300_000;
/** Seeds of two rounds must differ, whatever steps and seeds there are. */
const STEP_STRIDE = 10_000;
const SEED_STRIDE = 1_000_000;

/** Worlds that are played in turn; one that has seen enough rounds is checked and replaced. */
class CrashWorlds {
  readonly #kind: OrderKind;
  readonly #programs: ProgramsOfWorld;
  readonly #idle: CrashWorld[] = [];
  readonly #rounds = new Map<CrashWorld, number>();

  constructor(kind: OrderKind, programs: ProgramsOfWorld) {
    this.#kind = kind;
    this.#programs = programs;
  }

  async play(step: Step, round: number): Promise<void> {
    const world = this.#idle.pop() ?? (await CrashWorld.open(this.#kind, this.#programs));
    const seed = SEED * SEED_STRIDE + step.number * STEP_STRIDE + round;
    try {
      await new CrashRound(world, step, seededRandom(seed)).play();
    } catch (error) {
      await world.close();
      throw new Error(`round ${round} of step ${step.number} failed`, { cause: error });
    }
    const rounds = (this.#rounds.get(world) ?? 0) + 1;
    this.#rounds.set(world, rounds);
    if (rounds < ROUNDS_PER_WORLD) this.#idle.push(world);
    else await retire(world);
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(retire));
  }
}

/** What is left in the end agrees to the last share, also for a latch that opens it anew. */
async function retire(world: CrashWorld): Promise<void> {
  try {
    await world.verify();
  } finally {
    await world.close();
  }
}

/** Kill -9 at every one of `steps`, for orders of one kind; where most is waiting, side by side. */
export function killAtEachStep(kind: OrderKind, steps: readonly Step[], { waits = false } = {}) {
  const trouble = tracingTrouble();
  if (trouble !== undefined) {
    const hidden = process.env.CI === undefined;
    test.skipIf(hidden)(`a process can be killed at a system call (${trouble})`, () => {
      expect.fail(`no process can be killed at a system call, and in CI it must be: ${trouble}`);
    });
  }
  const timeout = SLOWEST_ROUND_MS * ROUNDS;
  describe.skipIf(trouble !== undefined)(`kill -9 of an ${kind}`, { timeout }, () => {
    const worlds = new CrashWorlds(kind, waits ? { words: LONGER_DEADLINES } : {});
    let played = 0;
    afterAll(() => worlds.close());

    const named = steps.map((step) => [step.number, step.name, step] as const);
    const each = waits ? test.concurrent : test;
    each.each(named)("at step %i, %s: there is one order, and all agree", async (_, __, step) => {
      const waiting = Array.from({ length: ROUNDS }, (_, round) => round);
      const players = Array.from({ length: WORLDS }, async () => {
        for (let round = waiting.shift(); round !== undefined; round = waiting.shift()) {
          await worlds.play(step, round);
          played += 1;
        }
      });
      await Promise.all(players);
    });

    test("in the end all agree still, also where the ledger is opened anew", async () => {
      await worlds.close();
      expect(played).toBe(ROUNDS * steps.length);
    });
  });
}
