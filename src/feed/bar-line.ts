/**
 * The bars of one symbol through one session, in order and each once, wherever they came from. Pure
 * but for what it keeps.
 *
 * 1. A bar is given when every minute before it was given, was found to be empty, or was given up.
 * 2. A minute is empty when a reading that began some time after its end does not have it: the
 *    reading may lag, and a minute without a trade has no bar.
 * 3. A bar that comes for an empty minute all the same is given, unless one behind it was: the
 *    reading had lagged for longer than that, or this machine's clock is ahead.
 */

import { MINUTE_MS, type MinuteBar } from "../broker/market-data.ts";
import type { EpochMs } from "../core/clock.ts";

/** How long after its end a bar may take before it is looked for elsewhere. */
export const GRACE_MS = 4_000;
/** How long after its end a minute is taken to be in every reading, if it had a trade. */
const SETTLED_MS = 45_000;

/** Minutes that nobody could tell of; the names are those of their bars. */
export interface LostMinutes {
  readonly from: EpochMs;
  /** When the last of them began. */
  readonly last: EpochMs;
}

export class BarLine {
  readonly symbol: string;
  readonly #closeAt: EpochMs;
  readonly #waiting = new Map<EpochMs, MinuteBar>();
  #next: EpochMs;
  /** Bars of minutes before this come too late: one behind them was given. */
  #given: EpochMs;

  constructor(symbol: string, openAt: EpochMs, closeAt: EpochMs) {
    this.symbol = symbol;
    this.#next = openAt;
    this.#given = openAt;
    this.#closeAt = closeAt;
  }

  /** The minute whose turn it is. */
  get next(): EpochMs {
    return this.#next;
  }

  /** Whether the session's last minute is behind it. */
  get isOver(): boolean {
    return this.#next >= this.#closeAt;
  }

  /** Whether it was news. */
  take(bar: MinuteBar): boolean {
    const { startAt, symbol } = bar;
    if (
      symbol !== this.symbol ||
      startAt < this.#given ||
      startAt >= this.#closeAt ||
      this.#waiting.has(startAt)
    )
      return false;
    this.#waiting.set(startAt, bar);
    this.#next = Math.min(this.#next, startAt);
    return true;
  }

  /** The bar whose turn it is; undefined where it is not there. */
  head(): MinuteBar | undefined {
    return this.#waiting.get(this.#next);
  }

  /** The first bar that minutes before it hold up; undefined where none is held up. */
  firstWaiting(): EpochMs | undefined {
    if (this.#waiting.size === 0 || this.#waiting.has(this.#next)) return undefined;
    return Math.min(...this.#waiting.keys());
  }

  /** Whether nothing is known that came after the minute that began at `startAt`. */
  isNewest(startAt: EpochMs): boolean {
    return [...this.#waiting.keys()].every((at) => at <= startAt);
  }

  /** How many bars follow one another from the next one on and began before `until`. */
  countBefore(until: EpochMs): number {
    let at = this.#next;
    while (at < until && this.#waiting.has(at)) at += MINUTE_MS;
    return (at - this.#next) / MINUTE_MS;
  }

  /** The head was given. */
  pass(): void {
    this.#waiting.delete(this.#next);
    this.#next += MINUTE_MS;
    this.#given = this.#next;
  }

  /** Whether the next bar should be there and is not. */
  isOverdue(now: EpochMs): boolean {
    if (this.isOver || this.#waiting.has(this.#next)) return false;
    return this.#waiting.size > 0 || now >= this.dueAt;
  }

  /** When the next bar is overdue. */
  get dueAt(): EpochMs {
    return this.#next + MINUTE_MS + GRACE_MS;
  }

  /** A reading of everything from the next bar on began at `readAt`, and its bars were taken. */
  confirm(readAt: EpochMs): void {
    while (!this.isOver && this.head() === undefined) {
      if (this.#next + MINUTE_MS + SETTLED_MS > readAt) return;
      this.#next += MINUTE_MS;
    }
  }

  /** Gives up the minutes before the first bar that waits; undefined where none waits. */
  giveUp(): LostMinutes | undefined {
    const first = this.firstWaiting();
    if (first === undefined) return undefined;
    const from = this.#next;
    this.#next = first;
    this.#given = first;
    return { from, last: this.#next - MINUTE_MS };
  }
}
