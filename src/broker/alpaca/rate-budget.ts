/**
 * Our own share of the broker's rate limit: the window of rate-window.ts with a clock.
 *
 * 1. Orders are never delayed or refused here: a late order is a loss, a 429 costs one repeat.
 *    They are counted, also beyond the whole window.
 * 2. Reads wait for room. Of those that wait the most urgent goes first, of equals the oldest.
 * 3. Waiting has bounds, in number and time; a read that meets one is not made. Only reads that
 *    are at least as urgent count against a read's bound, so that no poll crowds out a read-back.
 */
import { withAnyOf } from "../../core/any-of.ts";
import type { Clock, EpochMs } from "../../core/clock.ts";
import type { RateBudgetState, ReadPurpose } from "../broker.ts";
import { type RateLimits, RateWindow, rankOf } from "./rate-window.ts";

/**
 * Alpaca's limit for one key. Sidecars that share a key each take their part of it. The window is
 * a second longer than the broker's minute: requests are not all equally long on their way.
 */
const DEFAULT_RATE_LIMITS: RateLimits = {
  maxRequests: 200,
  windowMs: 61_000,
  orderReserve: 50,
};

export interface RateBudgetOptions extends Partial<RateLimits> {
  readonly clock: Clock;
  /** Reads that may wait at the same time (default 100). */
  readonly maxWaitingReads?: number;
  /** How long one read may wait (default 15 s). */
  readonly maxWaitMs?: number;
}

export type ReadAdmission =
  | { readonly kind: "admitted" }
  | { readonly kind: "refused"; readonly reason: string };

interface WaitingRead {
  readonly purpose: ReadPurpose;
  /** Set once it may go. */
  isAdmitted: boolean;
  /** When room can appear for it at the earliest. */
  retryAt: EpochMs;
  /** Ends its sleep; undefined while it does not sleep. */
  wake: AbortController | undefined;
}

export class RateBudget {
  readonly #clock: Clock;
  readonly #window: RateWindow;
  readonly #windowMs: number;
  readonly #capacity: number;
  readonly #maxWaitingReads: number;
  readonly #maxWaitMs: number;
  /** The most urgent first, of equals the oldest first. */
  #waiting: readonly WaitingRead[] = [];

  constructor(options: RateBudgetOptions) {
    const limits: RateLimits = {
      maxRequests: options.maxRequests ?? DEFAULT_RATE_LIMITS.maxRequests,
      windowMs: options.windowMs ?? DEFAULT_RATE_LIMITS.windowMs,
      orderReserve: options.orderReserve ?? DEFAULT_RATE_LIMITS.orderReserve,
    };
    this.#clock = options.clock;
    this.#window = new RateWindow(limits);
    this.#windowMs = limits.windowMs;
    this.#capacity = limits.maxRequests;
    this.#maxWaitingReads = options.maxWaitingReads ?? 100;
    this.#maxWaitMs = options.maxWaitMs ?? 15_000;
  }

  /** How much is left now; asking costs nothing. */
  state(): RateBudgetState {
    return { capacity: this.#capacity, remaining: this.#window.remaining(this.#clock.now()) };
  }

  /** Counts an order that is about to be sent. */
  countOrder(): void {
    this.#window.admit("order", this.#clock.now());
  }

  /** Keeps reads back for `pauseMs`, but never longer than one window. */
  holdReads(pauseMs: number): void {
    this.#window.holdReads(this.#clock.now() + Math.min(pauseMs, this.#windowMs));
  }

  /** Resolves when a read may be sent, or says why it may not. `signal` ends the wait early. */
  async admitRead(purpose: ReadPurpose, signal: AbortSignal): Promise<ReadAdmission> {
    const giveUpAt = this.#clock.now() + this.#maxWaitMs;
    const read: WaitingRead = { purpose, isAdmitted: false, retryAt: 0, wake: undefined };
    const ahead = this.#waiting.filter((other) => rankOf(other.purpose) <= rankOf(purpose));
    const behind = this.#waiting.slice(ahead.length);
    this.#waiting = [...ahead, read, ...behind];
    try {
      for (;;) {
        this.#admitInOrder();
        if (read.isAdmitted) return { kind: "admitted" };
        if (read.retryAt > giveUpAt) {
          return refusal(`the rate budget has no room for a read within ${this.#maxWaitMs} ms`);
        }
        if (ahead.length >= this.#maxWaitingReads) {
          return refusal(`${ahead.length} reads wait for the rate budget already`);
        }
        await this.#sleep(read, signal);
        if (signal.aborted && !read.isAdmitted) {
          return refusal("the wait for the rate budget was aborted");
        }
      }
    } finally {
      this.#waiting = this.#waiting.filter((other) => other !== read);
    }
  }

  /** Everyone who waits is asked again, in order: so a poll never takes a read-back's place. */
  #admitInOrder(): void {
    const now = this.#clock.now();
    for (const read of this.#waiting) {
      const admission = this.#window.admit(read.purpose, now);
      if (admission.kind === "full") read.retryAt = admission.retryAt;
      else {
        read.isAdmitted = true;
        read.wake?.abort();
      }
    }
    this.#waiting = this.#waiting.filter(({ isAdmitted }) => !isAdmitted);
  }

  async #sleep(read: WaitingRead, signal: AbortSignal): Promise<void> {
    read.wake = new AbortController();
    // An aborted sleep is no failure: whoever slept looks at what has changed.
    await withAnyOf([signal, read.wake.signal], (end) =>
      this.#clock.sleep(read.retryAt - this.#clock.now(), end).catch(() => undefined),
    );
    read.wake = undefined;
  }
}

function refusal(reason: string): ReadAdmission {
  return { kind: "refused", reason };
}
