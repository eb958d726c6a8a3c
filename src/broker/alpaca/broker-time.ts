/**
 * The broker's clock, by the Date of its answers. Whether an order came before a claim is a matter
 * of the broker's clock alone: this machine's may be set wrong, or be set anew in between.
 *
 * Between two answers it goes on by a clock that nobody sets. A Date has whole seconds and answers
 * take their time, so one that differs by up to {@link TOLERATED_MS} changes nothing.
 */
import { atItsPace, type Clock, type EpochMs } from "../../core/clock.ts";

const TOLERATED_MS = 3_000;
/** A Date is cut off to the second that it lies in. */
const HALF_A_SECOND_MS = 500;

export class BrokerTime {
  readonly #clock: Clock;
  #now: (() => EpochMs) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An answer has just come. */
  hear(headers: Readonly<Record<string, string>>): void {
    const theirs = Date.parse(headers.date ?? "") + HALF_A_SECOND_MS;
    if (Number.isNaN(theirs)) return;
    const expected = this.now();
    if (expected !== null && Math.abs(theirs - expected) <= TOLERATED_MS) return;
    const goesOn = atItsPace(this.#clock);
    const heardAt = goesOn();
    this.#now = () => theirs + goesOn() - heardAt;
  }

  /** What the broker's clock shows; null before any answer said so. */
  now(): EpochMs | null {
    return this.#now?.() ?? null;
  }

  /** The moment `at` of our clock on the broker's, as Alpaca is asked about it. */
  theirs(at: EpochMs): string {
    const aheadMs = (this.now() ?? this.#clock.now()) - this.#clock.now();
    const isOurs = Math.abs(aheadMs) <= TOLERATED_MS;
    return new Date(isOurs ? at : at + aheadMs).toISOString();
  }
}
