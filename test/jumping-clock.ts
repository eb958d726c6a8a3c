/** A clock that goes on by itself, at the system's pace, and further when it is told to. */
import { type Clock, systemClock } from "../src/core/clock.ts";

export class JumpingClock implements Clock {
  #aheadMs: number;

  constructor(startAt: number) {
    this.#aheadMs = startAt - systemClock.now();
  }

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(durationMs, signal);
  }

  jumpTo(moment: number): void {
    this.#aheadMs += Math.max(0, moment - this.now());
  }
}
