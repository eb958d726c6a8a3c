/**
 * A clock that can be told of a moment that has been: from then on it shows none before it. So what
 * was written down under one clock is never in the future of the next one.
 */
import { type Clock, type EpochMs, setAlarm } from "./clock.ts";

/** Further than this no clock is behind another by itself: one of the two is wrong. */
export const CLOCK_BEHIND_MAX_MS = 15 * 60_000;

export class FlooredClock implements Clock {
  readonly #inner: Clock;
  #aheadMs = 0;

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  now(): EpochMs {
    return this.#inner.now() + this.#aheadMs;
  }

  elapsed(): number {
    return this.#inner.elapsed?.() ?? this.#inner.now();
  }

  raisedMs(): number {
    return this.#aheadMs;
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
    this.#aheadMs += behindMs;
    return behindMs;
  }
}
