/**
 * Our own share of the broker's rate limit, counted over a window that rolls with the clock.
 *
 * 1. Orders are never delayed or refused here: a late order is a loss, a 429 costs one repeat.
 *    They are counted, also beyond the whole window.
 * 2. Reads give way: they never use the reserve that is kept for orders, and wait for room.
 *    So reads and orders together stay within the limit while orders alone stay in the reserve.
 * 3. Waiting has bounds, in number and time; a read that meets one is not made.
 */
import type { Clock, EpochMs } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import type { RateBudgetState } from "../broker.ts";

export type RequestKind = "order" | "read";

export type Admission =
  | { readonly kind: "admitted" }
  /** Room can appear at `retryAt` at the earliest; orders may have taken it by then. */
  | { readonly kind: "full"; readonly retryAt: EpochMs };

export interface RateLimits {
  /** Requests of every kind in one window. */
  readonly maxRequests: number;
  readonly windowMs: number;
  /** Requests of `maxRequests` that only orders may use. */
  readonly orderReserve: number;
}

/** Alpaca's limit for one key. Sidecars that share a key each take their part of it. */
export const DEFAULT_RATE_LIMITS: RateLimits = {
  maxRequests: 200,
  windowMs: 60_000,
  orderReserve: 50,
};

interface Sent {
  readonly kind: RequestKind;
  readonly at: EpochMs;
}

/** The pure part: who may send at `now`, from what was sent in the window before it. */
export class RateWindow {
  readonly #limits: RateLimits;
  #sent: Sent[] = [];
  #readsHeldUntil: EpochMs = 0;

  constructor(limits: RateLimits) {
    const { maxRequests, windowMs, orderReserve } = limits;
    requirePositive("maxRequests", maxRequests);
    requirePositive("windowMs", windowMs);
    if (!Number.isInteger(orderReserve) || orderReserve < 0 || orderReserve >= maxRequests) {
      throw new LatchError(
        "invalid_option",
        `orderReserve must be a whole number from 0 to below maxRequests, not ${orderReserve}`,
      );
    }
    this.#limits = limits;
  }

  /** Counts the request if it may be sent now. An order always may. */
  admit(kind: RequestKind, now: EpochMs): Admission {
    this.#forgetBefore(now - this.#limits.windowMs);
    if (kind === "read") {
      const retryAt = this.#nextRoomForRead(now);
      if (retryAt > now) return { kind: "full", retryAt };
    }
    this.#sent.push({ kind, at: now });
    return { kind: "admitted" };
  }

  /** What still fits into the window that ends at `now`; counts nothing. */
  remaining(now: EpochMs): number {
    const start = now - this.#limits.windowMs;
    const used = this.#sent.filter(({ at }) => at > start).length;
    return Math.max(0, this.#limits.maxRequests - used);
  }

  /** The broker asked for a pause: no read is admitted before `until`. */
  holdReads(until: EpochMs): void {
    this.#readsHeldUntil = Math.max(this.#readsHeldUntil, until);
  }

  /** When the window has room for one read more, as far as what was sent by now decides it. */
  #nextRoomForRead(now: EpochMs): EpochMs {
    const { maxRequests, orderReserve, windowMs } = this.#limits;
    let orders = this.#sent.filter((sent) => sent.kind === "order").length;
    let reads = this.#sent.length - orders;
    let roomAt = Math.max(now, this.#readsHeldUntil);
    for (const oldest of this.#sent) {
      if (reads + Math.max(orders, orderReserve) < maxRequests) break;
      if (oldest.kind === "order") orders -= 1;
      else reads -= 1;
      roomAt = Math.max(roomAt, oldest.at + windowMs);
    }
    return roomAt;
  }

  #forgetBefore(start: EpochMs): void {
    const firstInside = this.#sent.findIndex((sent) => sent.at > start);
    if (firstInside === -1) this.#sent = [];
    else if (firstInside > 0) this.#sent.splice(0, firstInside);
  }
}

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

/** The window with a clock: orders pass through it, reads wait in it. */
export class RateBudget {
  readonly #clock: Clock;
  readonly #window: RateWindow;
  readonly #windowMs: number;
  readonly #capacity: number;
  readonly #maxWaitingReads: number;
  readonly #maxWaitMs: number;
  #waitingReads = 0;

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
  async admitRead(signal: AbortSignal): Promise<ReadAdmission> {
    const giveUpAt = this.#clock.now() + this.#maxWaitMs;
    for (;;) {
      const now = this.#clock.now();
      const admission = this.#window.admit("read", now);
      if (admission.kind === "admitted") return admission;
      if (admission.retryAt > giveUpAt) {
        return refusal(`the rate budget has no room for a read within ${this.#maxWaitMs} ms`);
      }
      if (this.#waitingReads >= this.#maxWaitingReads) {
        return refusal(`${this.#waitingReads} reads wait for the rate budget already`);
      }
      if (!(await this.#wait(admission.retryAt - now, signal))) {
        return refusal("the wait for the rate budget was aborted");
      }
    }
  }

  async #wait(durationMs: number, signal: AbortSignal): Promise<boolean> {
    this.#waitingReads += 1;
    try {
      await this.#clock.sleep(durationMs, signal);
      return true;
    } catch {
      return false;
    } finally {
      this.#waitingReads -= 1;
    }
  }
}

function refusal(reason: string): ReadAdmission {
  return { kind: "refused", reason };
}

function requirePositive(name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new LatchError("invalid_option", `${name} must be a positive whole number, not ${value}`);
}
