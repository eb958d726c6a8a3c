/** A manual clock that tells a test who sleeps, so that it never has to guess when to go on. */
import type { Clock, EpochMs } from "../../src/core/clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";

export class WatchedClock implements Clock {
  readonly #clock = new ManualClock(0);
  readonly #asleep = new Set<{ readonly durationMs: number }>();
  #watchers: (() => void)[] = [];

  now(): EpochMs {
    return this.#clock.now();
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    const sleeper = { durationMs };
    this.#asleep.add(sleeper);
    for (const watch of this.#watchers.splice(0)) watch();
    return this.#clock.sleep(durationMs, signal).finally(() => this.#asleep.delete(sleeper));
  }

  /** How long those sleep who sleep now. */
  get asleep(): readonly number[] {
    return [...this.#asleep].map(({ durationMs }) => durationMs);
  }

  /** Resolves with the length of a sleep between the two bounds, once somebody sleeps it. */
  async untilAsleep(leastMs: number, mostMs = leastMs): Promise<number> {
    for (;;) {
      const found = this.asleep.find((ms) => ms >= leastMs && ms <= mostMs);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  pass(durationMs: number): void {
    this.#clock.advanceTo(this.#clock.now() + durationMs);
  }
}
