/**
 * Who may send at a moment, from what was sent in the window before it. Pure but for its memory.
 *
 * 1. An order always may, also beyond the whole window.
 * 2. Reads never use the reserve that is kept for orders.
 * 3. A read of less urgency leaves room for the more urgent: polls cannot use up what read-backs
 *    need, comparisons not what polls need. And read-backs, however many, leave polls a little.
 */
import type { EpochMs } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import type { ReadPurpose } from "../broker.ts";

/** From the most urgent to the least. */
const KINDS = ["order", "read_back", "fill_poll", "other"] as const;
export type RequestKind = "order" | ReadPurpose;

/** Which share of the reads' room kinds of them may use together; all of it where none is named. */
const SHARES: readonly (readonly [kinds: readonly RequestKind[], share: number])[] = [
  [["read_back"], 0.9],
  [["fill_poll", "other"], 0.75],
  [["other"], 0.5],
];

export type Admission =
  | { readonly kind: "admitted" }
  /** Room can appear at `retryAt` at the earliest; others may have taken it by then. */
  | { readonly kind: "full"; readonly retryAt: EpochMs };

export interface RateLimits {
  /** Requests of every kind in one window. */
  readonly maxRequests: number;
  readonly windowMs: number;
  /** Requests of `maxRequests` that only orders may use. */
  readonly orderReserve: number;
}

interface Sent {
  readonly kind: RequestKind;
  readonly at: EpochMs;
}

/** A bound on some of what was sent in a window. */
interface Bound {
  readonly counts: (kind: RequestKind) => boolean;
  readonly most: number;
}

export class RateWindow {
  readonly #limits: RateLimits;
  /** The latest, no more of them than one window may hold. */
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
    if (kind !== "order") {
      const retryAt = this.#nextRoomFor(kind, now);
      if (retryAt > now) return { kind: "full", retryAt };
    }
    this.#sent.push({ kind, at: now });
    // Until the oldest of as many as the window may hold is gone, no read is admitted at all: what
    // is older yet decides about nothing, however many orders come.
    if (this.#sent.length > this.#limits.maxRequests) this.#sent.shift();
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
  #nextRoomFor(kind: ReadPurpose, now: EpochMs): EpochMs {
    const roomAt = this.#boundsOn(kind).map((bound) => this.#freeAt(bound));
    return Math.max(now, this.#readsHeldUntil, ...roomAt);
  }

  #boundsOn(kind: ReadPurpose): readonly Bound[] {
    const { maxRequests, orderReserve } = this.#limits;
    const readRoom = maxRequests - orderReserve;
    const shared = SHARES.filter(([kinds]) => kinds.includes(kind)).map(([kinds, share]) => ({
      counts: (sent: RequestKind) => kinds.includes(sent),
      most: Math.max(1, Math.floor(readRoom * share)),
    }));
    return [
      { counts: () => true, most: maxRequests },
      { counts: (sent) => sent !== "order", most: readRoom },
      ...shared,
    ];
  }

  /** When so many of those that the bound counts have left the window that one more fits. */
  #freeAt({ counts, most }: Bound): EpochMs {
    const counted = this.#sent.filter((sent) => counts(sent.kind));
    const lastInTheWay = counted[counted.length - most];
    return lastInTheWay === undefined ? 0 : lastInTheWay.at + this.#limits.windowMs;
  }

  #forgetBefore(start: EpochMs): void {
    const firstInside = this.#sent.findIndex((sent) => sent.at > start);
    if (firstInside === -1) this.#sent = [];
    else if (firstInside > 0) this.#sent.splice(0, firstInside);
  }
}

/** How urgent a request is; lower comes first. */
export function rankOf(kind: RequestKind): number {
  return KINDS.indexOf(kind);
}

function requirePositive(name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new LatchError("invalid_option", `${name} must be a positive whole number, not ${value}`);
}
