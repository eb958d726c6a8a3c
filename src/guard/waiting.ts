/**
 * Callers that wait for the owner of an action. Who settles it in this process wakes them at once;
 * of other processes the ledger tells, which is looked at with growing pauses.
 */
import { withAnyOf } from "../core/any-of.ts";
import type { Clock } from "../core/clock.ts";

/** So many wait at once; more are answered at once with what is known. */
const WAITERS_MAX = 1_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export class Waiting {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Set<AbortController>>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Wakes whoever waits for `name`. */
  wake(name: string): void {
    for (const waiter of this.#waiters.get(name) ?? []) waiter.abort();
  }

  /** Calls `look` until it gives a value, or until `waitMs` are over or one of `stops` aborts. */
  async until<Value>(
    name: string,
    waitMs: number,
    stops: readonly AbortSignal[],
    look: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    const giveUpAt = this.#clock.now() + waitMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const waiter = new AbortController();
      // Before the look, so that no word between the look and the pause is missed.
      this.#add(name, waiter);
      try {
        const found = await look();
        const leftMs = giveUpAt - this.#clock.now();
        const isFull = this.#count > WAITERS_MAX;
        const isStopped = stops.some(({ aborted }) => aborted);
        if (found !== undefined || leftMs <= 0 || isStopped || isFull) return found;
        await withAnyOf([waiter.signal, ...stops], (woken) =>
          this.#clock.sleep(Math.min(pauseMs, leftMs), woken).catch(() => undefined),
        );
      } finally {
        this.#remove(name, waiter);
      }
    }
  }

  #add(name: string, waiter: AbortController): void {
    const known = this.#waiters.get(name) ?? new Set();
    this.#waiters.set(name, known.add(waiter));
    this.#count += 1;
  }

  #remove(name: string, waiter: AbortController): void {
    const known = this.#waiters.get(name);
    known?.delete(waiter);
    if (known?.size === 0) this.#waiters.delete(name);
    this.#count -= 1;
  }
}
