/**
 * The caller of one submit, who waits only so long for a certain answer. What the ledger says that
 * the caller was told must be what the caller gets: so there is one moment at which either the
 * answer takes the caller or the caller has left, and whoever comes second sees it.
 */
import { type Clock, type EpochMs, setAlarm } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";

/** Clients give up on an answer after ten seconds. */
export const LONGEST_WAIT_MS = 10_000;

/** Says that a caller went away. An AbortSignal does; to make one for each order takes longer. */
export interface GoneSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once: true }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export class Caller {
  /** When the caller gets PENDING. */
  readonly giveUpAt: EpochMs;
  readonly #clock: Clock;
  #isHurried = false;
  /** Wakes those who wait; a signal of their own for each caller would take far longer. */
  readonly #wakers = new Set<() => void>();
  #state: "waits" | "taken" | "gone" = "waits";

  /** Throws LatchError `invalid_option` for a wait that is out of range. */
  constructor(clock: Clock, waitMs: number) {
    if (!(waitMs >= 0 && waitMs <= LONGEST_WAIT_MS)) {
      const message = `waitMs is ${waitMs}: expected a number from 0 to ${LONGEST_WAIT_MS}`;
      throw new LatchError("invalid_option", message);
    }
    this.#clock = clock;
    this.giveUpAt = clock.now() + waitMs;
  }

  /** Whether the answer that is certain now still reaches the caller; it then waits for it. */
  take(): boolean {
    if (this.#state === "waits") this.#state = "taken";
    return this.#state === "taken";
  }

  /** Whether the caller leaves without a certain answer; false when one is on its way. */
  leave(): boolean {
    if (this.#state === "waits") this.#state = "gone";
    return this.#state === "gone";
  }

  get isWaiting(): boolean {
    return this.#state !== "gone" && !this.#isHurried && this.#patienceMs() > 0;
  }

  /** Sleeps, but not beyond the caller's patience; {@link hurry} wakes it. */
  async sleep(durationMs: number): Promise<void> {
    await this.#pause(Math.min(durationMs, this.#patienceMs())).over;
  }

  /**
   * Whether `work` ends while the caller waits; rejects with what `work` rejects with. What it
   * comes to without the caller is for whoever else follows it.
   */
  async waitsFor(work: Promise<unknown>): Promise<boolean> {
    if (this.#isHurried) {
      work.catch(() => undefined);
      return false;
    }
    const patience = this.#pause(this.#patienceMs());
    try {
      return await Promise.race([work.then(() => true), patience.over.then(() => false)]);
    } finally {
      patience.end();
    }
  }

  /** The caller is not there any more: no answer reaches it. */
  goAway(): void {
    this.leave();
    this.hurry();
  }

  /** Ends the wait: the caller is to get what is known now. */
  hurry(): void {
    this.#isHurried = true;
    for (const wake of this.#wakers) wake();
  }

  #patienceMs(): number {
    return Math.max(0, this.giveUpAt - this.#clock.now());
  }

  /** `over` resolves when the time is over, or at once where the caller is hurried. */
  #pause(durationMs: number): { readonly over: Promise<void>; readonly end: () => void } {
    if (this.#isHurried) return { over: Promise.resolve(), end: () => undefined };
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      const callOff = setAlarm(this.#clock, durationMs, () => end());
      end = () => {
        this.#wakers.delete(end);
        callOff();
        resolve();
      };
    });
    this.#wakers.add(end);
    return { over, end };
  }
}
