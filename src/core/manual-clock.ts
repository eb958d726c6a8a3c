/**
 * A clock that stands still until it is told to move. Sleepers wake in the order of their wake-up
 * time, and among equals in the order in which they fell asleep, so that a run can be repeated.
 */
import type { Clock, EpochMs } from "./clock.ts";

interface Sleeper {
  readonly wakeAt: EpochMs;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #now: EpochMs;
  #sleepers: Sleeper[] = [];

  constructor(startAt: EpochMs) {
    this.#now = startAt;
  }

  now(): EpochMs {
    return this.#now;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const sleeper: Sleeper = {
        wakeAt: this.#now + Math.max(0, durationMs),
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** When the next sleeper wants to wake, or undefined when nobody sleeps. */
  nextWakeAt(): EpochMs | undefined {
    if (this.#sleepers.length === 0) return undefined;
    return Math.min(...this.#sleepers.map((sleeper) => sleeper.wakeAt));
  }

  /** Moves to `target` and wakes everyone who is due by then; never moves backwards. */
  advanceTo(target: EpochMs): void {
    if (target < this.#now) {
      throw new RangeError(`the clock stands at ${this.#now} and cannot go back to ${target}`);
    }
    this.#now = target;
    const due = this.#sleepers.filter((sleeper) => sleeper.wakeAt <= target);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.wakeAt > target);
    due.sort((a, b) => a.wakeAt - b.wakeAt);
    for (const sleeper of due) sleeper.wake();
  }
}
