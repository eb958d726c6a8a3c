/** A clock for work that is to take long: half a second goes by between any two looks at it. */
import type { Clock } from "../../src/core/clock.ts";

const STEP_MS = 500;

export class HastyClock implements Clock {
  #now: number;

  constructor(startAt: number) {
    this.#now = startAt;
  }

  now(): number {
    this.#now += STEP_MS;
    return this.#now;
  }

  sleep(): Promise<void> {
    return new Promise(() => undefined);
  }
}
