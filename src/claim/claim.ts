/** The durable record that somebody owns the right to perform one logical action. */

import type { EpochMs } from "../core/clock.ts";
import { add, type DecimalText, divide, isZero } from "../core/decimal.ts";
import type { BrokerOrderId, ClaimKey, ClientOrderId, OwnerId, RequestId } from "../core/ids.ts";
import type { Intent, Side } from "../identity/intent.ts";
import type { IdentityKind, Outcome, Provenance } from "./claim-event.ts";
import type { Refusal } from "./evidence.ts";
import { CLOCK_TOLERANCE_MS } from "./policy.ts";
import { type ClaimStatus, isLive } from "./transitions.ts";

/**
 * Look-ups that found no order, since the POST was over. All are in the time of who looked first:
 * the looks of other processes go on from there, whatever their own clocks show.
 */
export interface NotFoundReads {
  readonly count: number;
  /** Moved on by whatever of the gaps since then does not count: see ABSENCE_GAP_MAX_MS. */
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
  /** When the orders list was last scanned without finding it; null if it never was. */
  readonly listAt: EpochMs | null;
}

/** Fills of one leg that are in the book of its contract. */
export interface BookedLeg {
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: DecimalText;
  readonly cost: DecimalText;
  /** Of its contract's position; absent in claims of older ledgers. */
  readonly episode?: number;
  /** Its last fill took from that position. */
  readonly closes?: true;
}

/** Where a claim stands among an order and its legs; see family.ts. */
export interface Family {
  /** The claim whose order has this one as a leg; null where this is that claim. */
  readonly parent: RequestId | null;
  /** The claims of its legs; empty for a leg. */
  readonly legs: readonly RequestId[];
  /** What legs on its own side have filled in its stead: the two sides of an oco. */
  readonly filledByLegs: DecimalText;
  /** What its order asks for as it is now: the broker lowers it by what another exit has sold. */
  readonly quantity: DecimalText | null;
}

export interface Replacing {
  readonly clientOrderId: ClientOrderId;
  /** Until then the same request is not sent by anyone else. */
  readonly busyUntil: EpochMs;
  /** Shares that it holds besides those of the order as it is. */
  readonly extra: DecimalText;
  /** An earlier request, of which nobody knows what it came to; its shares are in `extra` too. */
  readonly hasLostTry?: true;
}

export interface Claim {
  readonly key: ClaimKey;
  readonly status: ClaimStatus;
  readonly intent: Intent;
  readonly identity: IdentityKind;
  readonly fingerprint: string;
  readonly episode: number;
  readonly claimedAt: EpochMs;
  /** The same by the broker's clock; null where nobody knew, absent in claims of older ledgers. */
  readonly brokerClaimedAt?: EpochMs | null;
  /**
   * That may be too early: its machine had slept, or its clock was set, and it had not heard the
   * broker since. An order of the claim is no older, but the claim itself may be younger.
   */
  readonly isBrokerTimeGuess?: true;
  readonly attempt: number;
  readonly clientOrderId: ClientOrderId;
  readonly owner: OwnerId;
  /** Grows with every reopening; a writer with an older number is refused. */
  readonly fencing: number;
  readonly openedAt: EpochMs;
  readonly sendDeadline: EpochMs;
  readonly postEndedAt: EpochMs | null;
  readonly idTaken: boolean;
  /**
   * An earlier try under this client_order_id was given up as absent: the broker refused nothing,
   * and may yet get it. No other id is used before an order has this one.
   */
  readonly hasLostTry?: true;
  /**
   * What such tries asked for, where a part of the position came to another number of shares then:
   * an order for that many is the claim's too. Absent where there are none.
   */
  readonly earlierQuantities?: readonly DecimalText[];
  /** Why the outcome is unknown, for people; null when it is not. */
  readonly unknownBecause: string | null;
  readonly notFound: NotFoundReads | null;
  readonly brokerOrderId: BrokerOrderId | null;
  /** What each leg of a combo has filled, by its own broker's id; empty for other orders. */
  readonly legs: Readonly<Record<string, BookedLeg>>;
  /** Its place among an order and its legs; absent where its order has none and is none. */
  readonly family?: Family;
  /** The broker's word for the order's status; null before one was read. */
  readonly orderStatus: string | null;
  /** Filled shares and their cost that are in the book. */
  readonly bookedQuantity: DecimalText;
  readonly bookedCost: DecimalText;
  /**
   * Of these, what orders filled that the claim's order has replaced, and does not count itself: a
   * chain of replacements is one order.
   */
  readonly carriedQuantity: DecimalText;
  readonly carriedCost: DecimalText;
  /** A replacement that was asked for, until the broker shows what became of it. */
  readonly replacing: Replacing | null;
  /** A close's refusal keeps it latched until a verdict. */
  readonly refusal: Refusal | null;
  readonly outcome: Outcome | null;
  readonly provenance: Provenance | null;
  /** When the end became certain, or before it the acceptance; null before either. */
  readonly certainAt: EpochMs | null;
  /** What the owner's own caller was told; null when it got no answer yet. */
  readonly told: "certain" | "pending" | null;
}

/**
 * A copy of a claim, to be finished with other values. Field by field, so that all claims have one
 * shape: V8 gives what was spread and then got a field more, or was frozen, a shape that no other
 * object has. Making it takes longer than all else that an event makes of a claim, and nothing that
 * reads it is quick. A field that claims get belongs here too.
 */
export function copiedClaim(claim: Claim): { -readonly [Name in keyof Claim]: Claim[Name] } {
  const copy: ReturnType<typeof copiedClaim> = {
    key: claim.key,
    status: claim.status,
    intent: claim.intent,
    identity: claim.identity,
    fingerprint: claim.fingerprint,
    claimedAt: claim.claimedAt,
    episode: claim.episode,
    attempt: claim.attempt,
    clientOrderId: claim.clientOrderId,
    owner: claim.owner,
    openedAt: claim.openedAt,
    sendDeadline: claim.sendDeadline,
    postEndedAt: claim.postEndedAt,
    idTaken: claim.idTaken,
    unknownBecause: claim.unknownBecause,
    notFound: claim.notFound,
    brokerOrderId: claim.brokerOrderId,
    legs: claim.legs,
    orderStatus: claim.orderStatus,
    carriedQuantity: claim.carriedQuantity,
    carriedCost: claim.carriedCost,
    replacing: claim.replacing,
    refusal: claim.refusal,
    outcome: claim.outcome,
    provenance: claim.provenance,
    certainAt: claim.certainAt,
    told: claim.told,
    fencing: claim.fencing,
    bookedQuantity: claim.bookedQuantity,
    bookedCost: claim.bookedCost,
  };
  if (claim.brokerClaimedAt !== undefined) copy.brokerClaimedAt = claim.brokerClaimedAt;
  if (claim.isBrokerTimeGuess !== undefined) copy.isBrokerTimeGuess = claim.isBrokerTimeGuess;
  if (claim.hasLostTry !== undefined) copy.hasLostTry = claim.hasLostTry;
  if (claim.earlierQuantities !== undefined) copy.earlierQuantities = claim.earlierQuantities;
  if (claim.family !== undefined) copy.family = claim.family;
  return copy;
}

/**
 * Whether an order was at the broker before the claim was made. Whose clock tells is the broker's,
 * as far as it is known.
 */
export function isOlder(
  { submittedAt }: { readonly submittedAt: EpochMs | null },
  { claimedAt, brokerClaimedAt }: Claim,
): boolean {
  return submittedAt !== null && submittedAt < (brokerClaimedAt ?? claimedAt) - CLOCK_TOLERANCE_MS;
}

/** Whether the broker is known to have taken the order. */
export function isAccepted(claim: Claim): boolean {
  return claim.brokerOrderId !== null;
}

export function hasFills(claim: Claim): boolean {
  return !isZero(claim.bookedQuantity);
}

/** Whether the broker filled any of it, by whichever leg, or in shares that are still missing. */
export function wasFilled(claim: Claim): boolean {
  if (claim.family !== undefined && !isZero(claim.family.filledByLegs)) return true;
  return hasFills(claim) || claim.outcome === "filled" || claim.outcome === "partially_filled";
}

/** A refused close that waits for its verdict. */
export type LatchedClaim = Claim & { readonly refusal: Refusal };

/** Whether a refused close waits for its verdict: until then the same exit is not sent again. */
export function isLatched(claim: Claim): claim is LatchedClaim {
  return claim.status === "IN_RECONCILIATION" && claim.refusal !== null;
}

/** Whether nobody knows yet what the claim comes to: that moves the position, or has moved it. */
export function isUnanswered(claim: Claim): boolean {
  return isLatched(claim) || (isLive(claim.status) && !isAccepted(claim));
}

/** Whether the broker shows the order as replaced, and nobody knows the one in its place. */
export function lacksSuccessor({ status, orderStatus }: Claim): boolean {
  return status === "IN_RECONCILIATION" && orderStatus === "replaced";
}

/** Whether the broker has taken the order, and the claim is not over; of one replaced the next. */
export function isAtWork(claim: Claim): boolean {
  return claim.status === "IN_RECONCILIATION" && isAccepted(claim) && !lacksSuccessor(claim);
}

/**
 * Whether the claim ended on the ground that the broker has no order of it, while nothing keeps one
 * from being there yet: the broker knows only later tries.
 */
export function mayYetArrive({ outcome, hasLostTry, brokerOrderId }: Claim): boolean {
  if (outcome === "absent") return true;
  return hasLostTry === true && brokerOrderId === null && NO_ORDER.has(outcome);
}

/** Whether the order asks for what a lost try asked for, and not for what the last one did. */
export function isEarlierTry(
  { earlierQuantities = [], brokerOrderId }: Claim,
  { quantity }: { readonly quantity: DecimalText | null },
): boolean {
  return brokerOrderId === null && quantity !== null && earlierQuantities.includes(quantity);
}

/** Whether the claim ended on the ground that the broker has no order of it. */
export function neverWas(claim: Claim): boolean {
  return claim.outcome === "not_sent" || mayYetArrive(claim);
}

/** Ends after which an order may turn out to have filled, or filled more. */
const SHORT_OF_SHARES: ReadonlySet<Outcome | null> = new Set<Outcome>([
  "partially_filled",
  "canceled",
  "expired",
]);

/**
 * When the claim ended with fewer shares than it had asked for: its order may show some yet, or be
 * there after all. Null where it has not ended, or no order of it can bring any.
 */
export function endedShortAt(claim: Claim): EpochMs | null {
  // A person has said so of an order that the broker did not show.
  const isByWord = claim.provenance === "operator" && isAccepted(claim);
  const isShort = neverWas(claim) || isByWord || SHORT_OF_SHARES.has(claim.outcome);
  return claim.status === "SETTLED" && isShort ? claim.certainAt : null;
}

const NO_ORDER: ReadonlySet<Outcome | null> = new Set<Outcome>(["not_sent", "rejected"]);

/** When the claim's POST is over for certain, whoever sent it. */
export function postOverAt(claim: Claim, postDeadlineMs: number): EpochMs {
  return claim.postEndedAt ?? claim.sendDeadline + postDeadlineMs;
}

/** The stored answer that every later try gets back. It is not a new order. */
export interface Receipt {
  readonly requestId: ClaimKey["requestId"];
  readonly clientOrderId: ClientOrderId;
  readonly brokerOrderId: BrokerOrderId | null;
  readonly status: ClaimStatus;
  readonly outcome: Outcome;
  readonly provenance: Provenance;
  readonly filledQuantity: DecimalText;
  readonly averagePrice: DecimalText | null;
  readonly refusal: Refusal | null;
}

/** The receipt of a claim that is FINAL or SETTLED; undefined before. */
export function receiptOf(claim: Claim): Receipt | undefined {
  if (claim.outcome === null || claim.provenance === null) return undefined;
  return {
    requestId: claim.key.requestId,
    clientOrderId: claim.clientOrderId,
    brokerOrderId: claim.brokerOrderId,
    status: claim.status,
    outcome: claim.outcome,
    provenance: claim.provenance,
    filledQuantity: claim.bookedQuantity,
    averagePrice: averagePriceOf(claim),
    refusal: claim.refusal,
  };
}

export function averagePriceOf(claim: Claim): DecimalText | null {
  return hasFills(claim) ? divide(claim.bookedCost, claim.bookedQuantity) : null;
}

/** The claim with `quantity` more shares in the book, at `cost` dollars in all. */
export function withBooked(claim: Claim, quantity: DecimalText, cost: DecimalText): Claim {
  const booked = copiedClaim(claim);
  booked.bookedQuantity = add(claim.bookedQuantity, quantity);
  booked.bookedCost = add(claim.bookedCost, cost);
  return booked;
}
