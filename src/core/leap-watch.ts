/**
 * Notices that the wall's clock was set forward, or was raised: moments before and after that lie
 * closer together than their times say, so that no pause may be counted across it.
 */
import { type Clock, type EpochMs, wallAheadMs } from "./clock.ts";

/** Clocks are drawn nearer to the true time by less than that between two looks. */
const LEAP_MS = 1_000;

export class LeapWatch {
  readonly #clock: Clock;
  #aheadMs: number;
  #leaptAt: EpochMs | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#aheadMs = wallAheadMs(clock);
  }

  /** When the last leap was noticed, at a look; null where there was none since the beginning. */
  lastLeap(): EpochMs | null {
    const aheadMs = wallAheadMs(this.#clock);
    if (aheadMs - this.#aheadMs > LEAP_MS) this.#leaptAt = this.#clock.now();
    this.#aheadMs = aheadMs;
    return this.#leaptAt;
  }
}
