/**
 * A latch whose schedule the driver of a world keeps: the rounds that a running latch makes by
 * itself, made when the driver's clock is there, and only those that can find something. A whole
 * day of every round takes a minute, and shows nothing more.
 */
import { type EpochMs, earliest } from "../core/clock.ts";
import { isZero } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import type { ManualClock } from "../core/manual-clock.ts";
import type { Latch } from "../latch.ts";
import type { Quiet } from "./quiet.ts";

/** How often the schedule of a running latch looks after what is at work. */
const TICK_MS = 2_000;
/** How often a running latch compares its books with the broker's positions. */
const COMPARE_MS = 15_000;
/**
 * So long behind an order and while something is in question, this one does so as well: twice, and
 * two reads that agree are what counts. Otherwise, while anything is held, it compares seldom.
 */
const WATCHED_MS = 30_000;
const SELDOM_COMPARE_MS = 600_000;

export class DrivenLatch {
  readonly latch: Latch;
  readonly #clock: ManualClock;
  readonly #quiet: Quiet;
  /** Positions are compared until then. */
  readonly #closesAt: EpochMs;
  #tickAt: EpochMs | undefined;
  /** A tick may wait for the clock like anything else; there is never more than one. */
  #isTicking = false;
  #compareAt: EpochMs | undefined;
  #isComparing = false;
  #watchedUntil: EpochMs = 0;
  /** What went wrong in a round; the driver fails by it. */
  #failure: Error | undefined;

  constructor(latch: Latch, clock: ManualClock, quiet: Quiet, closesAt: EpochMs) {
    this.latch = latch;
    this.#clock = clock;
    this.#quiet = quiet;
    this.#closesAt = closesAt;
  }

  /** An order was given: from now on there is something to look after. */
  orderGiven(): void {
    this.#tickAt ??= this.#clock.now() + TICK_MS;
    this.#watch();
  }

  /** Moves the clock, and makes what rounds are due. Rejects with what went wrong in one. */
  async advanceTo(now: EpochMs): Promise<void> {
    this.#clock.advanceTo(now);
    await this.#quiet.settled();
    if (this.#tickAt !== undefined && this.#tickAt <= now) {
      if (this.#isTicking) this.#tickAt = now + TICK_MS;
      else void this.#tick().catch((error: unknown) => this.fail(error));
      await this.#quiet.settled();
    }
    if (this.#compareAt !== undefined && this.#compareAt <= now && !this.#isComparing) {
      void this.#compare().catch((error: unknown) => this.fail(error));
      await this.#quiet.settled();
    }
    this.throwFailure();
  }

  /** When anything of it next wants to run; null when it waits for nothing. */
  wakeAt(): EpochMs | null {
    return earliest([this.#clock.nextWakeAt(), this.#tickAt, this.#compareAt]) ?? null;
  }

  async close(): Promise<void> {
    await this.latch.close();
    this.#tickAt = undefined;
    this.#compareAt = undefined;
  }

  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #tick(): Promise<void> {
    this.#isTicking = true;
    this.#tickAt = undefined;
    const isDone = await unlessStoreRefuses(this.latch.tick());
    this.#isTicking = false;
    const dueAt = isDone ? this.latch.nextDueAt() : this.#clock.now();
    if (dueAt !== undefined) this.#tickAt ??= Math.max(dueAt, this.#clock.now() + TICK_MS);
  }

  async #compare(): Promise<void> {
    this.#isComparing = true;
    this.#compareAt = undefined;
    await unlessStoreRefuses(this.latch.comparePositions());
    this.#isComparing = false;
    const isHeld = (await this.latch.books()).some((book) => !isZero(book.net));
    const isInQuestion = (await this.latch.incidents({ isOpen: true })).length > 0;
    if (isInQuestion) this.#watch();
    else if (this.#clock.now() < this.#watchedUntil) this.#compareIn(COMPARE_MS);
    else if (isHeld) this.#compareIn(SELDOM_COMPARE_MS);
  }

  /** Compares positions as often as a running latch does, for a while. */
  #watch(): void {
    this.#watchedUntil = this.#clock.now() + WATCHED_MS;
    this.#compareIn(COMPARE_MS);
  }

  /** At the latest in so long, and not when the market is closed. */
  #compareIn(delayMs: number): void {
    const at = Math.min(this.#compareAt ?? Number.POSITIVE_INFINITY, this.#clock.now() + delayMs);
    this.#compareAt = at > this.#closesAt ? undefined : at;
  }
}

/** Whether `round` was done. A running latch logs one that its store refused and goes on. */
async function unlessStoreRefuses(round: Promise<void>): Promise<boolean> {
  try {
    await round;
    return true;
  } catch (error) {
    if (error instanceof LatchError && error.code.startsWith("store_")) return false;
    throw error;
  }
}
