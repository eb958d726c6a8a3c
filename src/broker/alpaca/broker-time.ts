/**
 * The broker's clock, by the Date of its answers. Whether an order came before a claim is a matter
 * of the broker's clock alone: this machine's may be set wrong, or be set anew in between.
 *
 * Between two answers it goes on by a clock that nobody sets. A Date has whole seconds and answers
 * take their time, so one that differs by up to {@link TOLERATED_MS} changes nothing. That clock
 * stands still while the machine sleeps: then, and where the wall was set, it is a guess until the
 * next answer. Where our time was raised to what another machine has written, nothing has happened
 * to either clock.
 */
import { atItsPace, type Clock, type EpochMs, wallAheadMs } from "../../core/clock.ts";

const TOLERATED_MS = 3_000;
/** A Date is cut off to the second that it lies in. */
const HALF_A_SECOND_MS = 500;

export class BrokerTime {
  readonly #clock: Clock;
  #now: (() => EpochMs) | undefined;
  /** By how much the wall was ahead of the clock that nobody sets, at the last answer. */
  #wallAheadMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * An answer has just come, `tookMs` after its request went out: it may have been dated at any
   * moment in between.
   */
  hear(headers: Readonly<Record<string, string>>, tookMs = 0): void {
    const theirs = Date.parse(headers.date ?? "") + HALF_A_SECOND_MS;
    if (Number.isNaN(theirs)) return;
    this.#wallAheadMs = this.#aheadMs();
    const age = (this.now() ?? Number.NaN) - theirs;
    if (age >= -TOLERATED_MS && age <= tookMs + TOLERATED_MS) return;
    const goesOn = atItsPace(this.#clock);
    const heardAt = goesOn();
    this.#now = () => theirs + goesOn() - heardAt;
  }

  /** What the broker's clock shows; null before any answer said so. */
  now(): EpochMs | null {
    return this.#now?.() ?? null;
  }

  /** Whether the machine has slept since the last answer, or its clock was set. */
  isGuess(): boolean {
    if (this.#wallAheadMs === undefined) return false;
    return Math.abs(this.#aheadMs() - this.#wallAheadMs) > TOLERATED_MS;
  }

  #aheadMs(): number {
    return wallAheadMs(this.#clock) - (this.#clock.raisedMs?.() ?? 0);
  }

  /** The moment `at` of our clock on the broker's, as Alpaca is asked about it. */
  theirs(at: EpochMs): string {
    const aheadMs = (this.now() ?? this.#clock.now()) - this.#clock.now();
    const isOurs = Math.abs(aheadMs) <= TOLERATED_MS;
    return new Date(isOurs ? at : at + aheadMs).toISOString();
  }
}
