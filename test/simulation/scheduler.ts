/**
 * Simulated time and the order of everything: one queue of turns, each at its moment. What falls on
 * the same moment happens in an order drawn from the seed, so that one seed is one interleaving.
 *
 * Between two turns every promise that can go on has gone on: the code under test only ever waits
 * for a turn of this queue.
 */
import type { EpochMs } from "../../src/core/clock.ts";
import type { RandomSource } from "../../src/core/random.ts";

interface Turn {
  readonly at: EpochMs;
  readonly lot: number;
  readonly action: () => void;
}

/** What has a time of its own that must keep up: the simulated broker. */
export interface Follower {
  nextDueAt(): EpochMs | undefined;
  advanceTo(now: EpochMs): void;
}

/** A world that never comes to an end is a bug of the world. */
const TURNS_MAX = 200_000;

export class Scheduler {
  readonly #random: RandomSource;
  #now: EpochMs;
  #turns: Turn[] = [];
  #follower: Follower | undefined;
  #count = 0;

  constructor(startAt: EpochMs, random: RandomSource) {
    this.#now = startAt;
    this.#random = random;
  }

  now(): EpochMs {
    return this.#now;
  }

  follow(follower: Follower): void {
    this.#follower = follower;
  }

  /** Calls `action` after `delayMs`; the answer takes it back. */
  after(delayMs: number, action: () => void): () => void {
    const at = this.#now + Math.max(0, delayMs);
    const turn: Turn = { at, lot: this.#random.fraction(), action };
    let low = 0;
    for (let high = this.#turns.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (isBefore(turn, this.#turns[middle] as Turn)) low = middle + 1;
      else high = middle;
    }
    this.#turns.splice(low, 0, turn);
    return () => {
      const index = this.#turns.indexOf(turn);
      if (index >= 0) this.#turns.splice(index, 1);
    };
  }

  /** Takes turns until `isOver` says so, asked between them, or `until` has come. */
  async run(until: EpochMs, isOver: () => boolean = () => false): Promise<void> {
    await settled();
    while (!isOver()) {
      const turn = this.#turns.at(-1);
      const due = Math.min(turn?.at ?? until, this.#follower?.nextDueAt() ?? until);
      if (due >= until) {
        this.#moveTo(until);
        return;
      }
      this.#moveTo(due);
      if (turn !== undefined && turn.at <= due) {
        this.#turns.pop();
        turn.action();
      }
      await settled();
      this.#count += 1;
      if (this.#count > TURNS_MAX) throw new Error(`more than ${TURNS_MAX} turns in one world`);
    }
  }

  #moveTo(target: EpochMs): void {
    this.#now = Math.max(this.#now, target);
    this.#follower?.advanceTo(this.#now);
  }
}

/** The last of the list is the next one, so that taking it costs nothing. */
function isBefore(turn: Turn, other: Turn): boolean {
  return turn.at === other.at ? turn.lot < other.lot : turn.at < other.at;
}

/** Resolves when no promise can go on without a turn: nothing in here waits for the system. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
