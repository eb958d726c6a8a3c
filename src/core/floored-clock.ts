/**
 * A clock that can be told of a moment that has been: from then on it shows none before it. So what
 * was written down under one clock is never in the future of the next one.
 */
import { type Clock, type EpochMs, setAlarm } from "./clock.ts";

/** Further than this no clock is behind another by itself: one of the two is wrong. */
export const CLOCK_BEHIND_MAX_MS = 15 * 60_000;

export class FlooredClock implements Clock {
  readonly #inner: Clock;
  /**
   * What it never shows less than, as what is to be added to the clock that nobody sets: where the
   * wall is set right after all, the two are not added up.
   */
  #floorAheadMs = Number.NEGATIVE_INFINITY;

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  now(): EpochMs {
    return Math.max(this.#inner.now(), this.#floor());
  }

  elapsed(): number {
    return this.#inner.elapsed?.() ?? this.#inner.now();
  }

  raisedMs(): number {
    return Math.max(0, this.#floor() - this.#inner.now());
  }

  alarm(durationMs: number, ring: () => void): () => void {
    return setAlarm(this.#inner, durationMs, ring);
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return this.#inner.sleep(durationMs, signal);
  }

  /** How far it was behind `moment`, in milliseconds; it is not any more. */
  raiseTo(moment: EpochMs): number {
    const behindMs = Math.max(0, moment - this.now());
    if (behindMs > 0) this.#floorAheadMs = moment - this.#wholeElapsed();
    return behindMs;
  }

  #floor(): EpochMs {
    return this.#wholeElapsed() + this.#floorAheadMs;
  }

  /** Sums of whole numbers are exact: with a fraction the moment itself could be missed. */
  #wholeElapsed(): number {
    return Math.floor(this.elapsed());
  }
}
