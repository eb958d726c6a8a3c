/** A clock for work that is to take long: so much goes by between any two looks at it. */
import type { Clock } from "../../src/core/clock.ts";

const STEP_MS = 500;

export class HastyClock implements Clock {
  #now: number;
  readonly #stepMs: number;

  constructor(startAt: number, stepMs = STEP_MS) {
    this.#now = startAt;
    this.#stepMs = stepMs;
  }

  now(): number {
    this.#now += this.#stepMs;
    return this.#now;
  }

  sleep(): Promise<void> {
    return new Promise(() => undefined);
  }
}
