/**
 * `evolve(state, event) → state`: what an event makes of a claim and of its symbol's book. Pure and
 * total for the pairs of the transition table; every other pair throws. Folding the event log with
 * these two functions gives back every stored row.
 */
import {
  asNowHeld,
  type Book,
  type ClaimRef,
  closable,
  reservationOf,
  withAdjustment,
  withFill,
  withoutReservation,
  withReservation,
} from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import { add, compare, type DecimalText, isZero, minimum, negate, ZERO } from "../core/decimal.ts";
import { InvariantError } from "../core/errors.ts";
import type { BrokerOrderId, ClaimKey } from "../core/ids.ts";
import {
  type Claim,
  copiedClaim,
  hasFills,
  isEarlierTry,
  mayYetArrive,
  neverWas,
  type Replacing,
  withBooked,
} from "./claim.ts";
import type { Amount, BookEvent, ClaimEvent, Outcome } from "./claim-event.ts";
import { withLeg } from "./decide-combo.ts";
import { type BrokerOrder, isWhole } from "./evidence.ts";
import { reservedUnder } from "./family.ts";
import { ABSENCE_GAP_MAX_MS } from "./policy.ts";
import { type ClaimStatus, transition } from "./transitions.ts";

/** The claim after `event`, which happened at `at`. */
export function evolveClaim(
  claim: Claim | undefined,
  key: ClaimKey,
  event: ClaimEvent,
  at: EpochMs,
): Claim {
  const status = transition(claim?.status ?? "NONE", event.type);
  if (claim === undefined) {
    if (event.type === "leg_adopted") return adoptedLeg(key, event, at);
    if (event.type !== "claimed") throw new InvariantError(`${event.type} without a claim`);
    return begun(key, event, at);
  }
  const after = changed(claim, event, at);
  if (after.status === status) return after;
  const moved = copiedClaim(after);
  moved.status = status;
  return moved;
}

/** The claim after all of `events`, which happened at `at`. */
export function foldClaim(claim: Claim, events: readonly ClaimEvent[], at: EpochMs): Claim {
  return events.reduce((state, event) => evolveClaim(state, claim.key, event, at), claim);
}

function begun(key: ClaimKey, event: ClaimEvent & { type: "claimed" }, at: EpochMs): Claim {
  return copiedClaim({
    key,
    status: "OPEN",
    intent: event.intent,
    identity: event.identity,
    fingerprint: event.fingerprint,
    claimedAt: at,
    brokerClaimedAt: event.brokerTime ?? null,
    ...(event.isTimeGuess && { isBrokerTimeGuess: true }),
    ...freshAttempt(event, at),
    fencing: 1,
    bookedQuantity: ZERO,
    bookedCost: ZERO,
  });
}

/** A leg is at the broker when it is first heard of: there is nothing to send. */
function adoptedLeg(
  key: ClaimKey,
  event: ClaimEvent & { type: "leg_adopted" },
  at: EpochMs,
): Claim {
  const { parent, intent, episode, owner, openedAt, order } = event;
  const { clientOrderId, quantity } = order;
  const attempt = { episode, attempt: 1, clientOrderId, owner, sendDeadline: openedAt };
  const claim: Claim = {
    key,
    status: "IN_RECONCILIATION",
    intent,
    identity: "leg",
    // It is no action of the bot's: no intent is ever equal to it.
    fingerprint: key.requestId,
    claimedAt: at,
    ...freshAttempt(attempt, openedAt),
    fencing: 1,
    bookedQuantity: ZERO,
    bookedCost: ZERO,
    family: { parent, legs: [], filledByLegs: ZERO, quantity },
  };
  return knownOrder(claim, order, at);
}

function freshAttempt(
  event: Omit<ClaimEvent & { type: "reopened" }, "type" | "reserved" | "decisionId">,
  at: EpochMs,
): Omit<
  Claim,
  | "key"
  | "status"
  | "intent"
  | "identity"
  | "fingerprint"
  | "claimedAt"
  | "brokerClaimedAt"
  | "isBrokerTimeGuess"
  | "fencing"
  | "bookedQuantity"
  | "bookedCost"
> {
  return {
    episode: event.episode,
    attempt: event.attempt,
    clientOrderId: event.clientOrderId,
    owner: event.owner,
    openedAt: at,
    sendDeadline: event.sendDeadline,
    postEndedAt: null,
    idTaken: false,
    unknownBecause: null,
    notFound: null,
    brokerOrderId: null,
    legs: {},
    orderStatus: null,
    carriedQuantity: ZERO,
    carriedCost: ZERO,
    replacing: null,
    refusal: null,
    outcome: null,
    provenance: null,
    certainAt: null,
    told: null,
  };
}

/** What lost tries asked for other than the one that is opened now. */
function earlierOf(
  { intent, earlierQuantities = [] }: Claim,
  { quantity }: Partial<Amount> = intent,
): Pick<Claim, "earlierQuantities"> {
  const asked = [...earlierQuantities, intent.quantity].filter((one) => one !== null);
  const others = [...new Set(asked)].filter((one) => one !== quantity);
  return others.length === 0 ? {} : { earlierQuantities: others };
}

function changed(claim: Claim, event: ClaimEvent, at: EpochMs): Claim {
  switch (event.type) {
    case "reopened": {
      // The legs were those of the attempt that is over.
      const { family: _legs, hasLostTry: _lost, earlierQuantities: _, ...alone } = claim;
      return {
        ...{ ...alone, ...freshAttempt(event, at), fencing: claim.fencing + 1 },
        intent: { ...claim.intent, ...event.amount },
        ...(mayYetArrive(claim) && { hasLostTry: true, ...earlierOf(claim, event.amount) }),
      };
    }
    case "accepted": {
      const known = knownOrder(claim, event.order, at);
      known.told = toldAfter(claim, event.callerTold);
      return known;
    }
    case "refused":
      return { ...claim, refusal: event.refusal, told: toldAfter(claim, event.callerTold) };
    case "refusal_concluded":
    case "malformed":
    case "still_held":
    case "changed_elsewhere":
    case "id_owned_elsewhere":
      return ended(claim, "rejected", at);
    case "not_sent_concluded":
      return { ...ended(claim, "not_sent", at), provenance: "inferred" };
    case "outcome_unknown":
      return {
        ...claim,
        postEndedAt: event.postEndedAt,
        idTaken: event.idTaken,
        unknownBecause: event.reason,
      };
    case "order_working":
      return knownOrder(claim, event.order, at);
    case "order_ended":
      return ended(knownOrder(claim, event.order, at), endOf(claim, event.order), at);
    case "fill_booked":
      return inEpisode(withBooked(claim, event.quantity, event.cost), event.episode);
    case "leg_booked":
      return withLeg(claim, event);
    case "legs_tied": {
      const { legs, filled, quantity } = event;
      return { ...claim, family: { parent: null, legs, filledByLegs: filled, quantity } };
    }
    case "late_fill_booked": {
      const booked = inEpisode(withBooked(claim, event.quantity, event.cost), event.episode);
      return corrected(booked, event.brokerOrderId, at);
    }
    case "not_found_read":
      return { ...claim, notFound: countRead(claim, event.scope, event.readAt) };
    case "order_surfaced":
      return { ...knownOrder(claim, event.order, at), outcome: null, provenance: null, told: null };
    case "replace_requested":
      return { ...claim, replacing: replacingAfter(claim, event) };
    case "replace_dropped":
      return { ...claim, replacing: null };
    case "order_replaced":
      return replacedBy(claim, event, at);
    case "absence_proved":
      return ended(claim, "absent", at);
    case "operator_ended":
      return { ...ended(claim, endByOperator(claim, event.outcome), at), provenance: "operator" };
    case "flatness_proved":
      return { ...ended(claim, "already_flat", at), provenance: event.provenance };
    case "caller_told":
      return { ...claim, told: event.answer };
    default:
      return claim;
  }
}

function toldAfter(claim: Claim, callerTold: boolean): Claim["told"] {
  return callerTold ? "certain" : claim.told;
}

function knownOrder(claim: Claim, order: BrokerOrder, at: EpochMs) {
  const known = copiedClaim(claim);
  const { quantity } = order;
  if (isEarlierTry(claim, order)) known.intent = { ...claim.intent, quantity };
  known.brokerOrderId = order.brokerOrderId;
  known.orderStatus = order.status;
  known.unknownBecause = null;
  known.notFound = null;
  known.refusal = null;
  known.certainAt = claim.certainAt ?? at;
  if (claim.family !== undefined) known.family = { ...claim.family, quantity };
  return known;
}

function ended(claim: Claim, outcome: Outcome, at: EpochMs): Claim {
  const over = copiedClaim(claim);
  over.outcome = outcome;
  over.provenance = "venue";
  over.unknownBecause = null;
  over.certainAt = at;
  return over;
}

/** An earlier request that is still here was lost: what it holds stays held. */
function replacingAfter(
  { replacing: lost }: Claim,
  { clientOrderId, busyUntil, extra }: ClaimEvent & { type: "replace_requested" },
): Replacing {
  if (lost === null) return { clientOrderId, busyUntil, extra };
  return { clientOrderId, busyUntil, extra: add(lost.extra, extra), hasLostTry: true };
}

/** Every share of the order that was replaced is booked; the new one counts on, or from zero. */
function replacedBy(
  claim: Claim,
  { order, countsChain }: ClaimEvent & { type: "order_replaced" },
  at: EpochMs,
): Claim {
  return {
    ...knownOrder(claim, order, at),
    carriedQuantity: countsChain ? ZERO : claim.bookedQuantity,
    carriedCost: countsChain ? ZERO : claim.bookedCost,
    replacing: null,
  };
}

/** The outcome that a terminal order proves; its fills decide between canceled and partial. */
function endOf(claim: Claim, order: BrokerOrder): Outcome {
  if (order.status === "filled" || isWhole(order)) return "filled";
  if (hasFills(claim) || compare(order.filledQuantity, ZERO) > 0) return "partially_filled";
  // Another exit of its family has taken its place.
  if (order.status === "replaced") return "canceled";
  return order.status as "canceled" | "expired" | "rejected";
}

/** Shares that are in the book were filled, whatever was seen of the rest. */
function endByOperator(claim: Claim, outcome: Outcome): Outcome {
  return hasFills(claim) && outcome !== "already_flat" ? "partially_filled" : outcome;
}

/** The venue has shown shares that nobody had seen: only now is it certain how it ended. */
function corrected(claim: Claim, brokerOrderId: BrokerOrderId, at: EpochMs): Claim {
  const whole = claim.intent.quantity;
  const filled =
    claim.outcome === "filled" || (whole !== null && compare(claim.bookedQuantity, whole) >= 0);
  const outcome = filled ? "filled" : "partially_filled";
  return { ...claim, brokerOrderId, outcome, provenance: "venue", certainAt: at };
}

function inEpisode(claim: Claim, episode: number | undefined): Claim {
  return episode === undefined ? claim : { ...claim, episode };
}

/** The single reads' count and span; reads may be recorded in another order than they began. */
function countRead(claim: Claim, scope: "single" | "list", at: EpochMs): Claim["notFound"] {
  const before = claim.notFound ?? { count: 0, firstAt: at, lastAt: at, listAt: null };
  if (scope === "list") return { ...before, listAt: Math.max(at, before.listAt ?? at) };
  if (before.count === 0) return { ...before, count: 1, firstAt: at, lastAt: at };
  const count = before.count + 1;
  // A read from before the last one tells nothing of how long the order has been missing.
  if (at <= before.lastAt) return { ...before, count };
  const uncounted = Math.max(0, at - before.lastAt - ABSENCE_GAP_MAX_MS);
  return { ...before, count, firstAt: before.firstAt + uncounted, lastAt: at };
}

/** The book after an event of one of its claims; `before` and `after` are the claim around it. */
export function evolveBookByClaim(
  book: Book,
  event: ClaimEvent,
  before: ClaimStatus | "NONE",
  after: Claim,
): Book {
  const by = { agent: after.key.agent, requestId: after.key.requestId };
  const holder = reservedUnder(after);
  switch (event.type) {
    case "claimed":
    case "reopened": {
      const numbered =
        event.type === "claimed" && event.arrival !== null
          ? { ...book, arrivals: event.arrival }
          : book;
      if (event.reserved === null) return numbered;
      return held(numbered, by, event.reserved);
    }
    case "replace_requested":
      return withExtra(book, holder, event.extra);
    case "replace_dropped":
      return withExtra(book, holder, negate(event.extra));
    case "order_surfaced": {
      // Others may hold the shares by now: it is given what is left.
      const free = closable(withoutReservation(book, by));
      return event.reserved === null ? book : held(book, by, minimum(event.reserved, free));
    }
    case "order_replaced":
      return event.reserved === null ? book : held(book, by, event.reserved);
    case "fill_booked":
    case "late_fill_booked": {
      // Field by field: an object that is spread into another has a shape of its own.
      const { quantity, cost, feeInCoin, episode, lifeFrom, filledAt, submittedAt } = event;
      const { side } = after.intent;
      return withFill(book, {
        side,
        quantity,
        cost,
        by,
        reservedUnder: holder,
        feeInCoin,
        episode,
        lifeFrom,
        filledAt,
        submittedAt,
      });
    }
    case "leg_booked":
      return withFill(book, { ...event, by });
    case "legs_tied":
      return isZero(event.held) ? released(book, by) : held(book, by, event.held);
    default: {
      // Not before the seal: while filled shares are missing from the book, they are not free.
      const ends = before !== "SETTLED" && after.status === "SETTLED";
      return ends ? released(book, by) : book;
    }
  }
}

/** The book in which the claim `by` holds `quantity` shares, whatever it held before. */
function held(book: Book, by: ClaimRef, quantity: DecimalText): Book {
  return asNowHeld(withReservation(withoutReservation(book, by), { ...by, quantity }));
}

function released(book: Book, by: ClaimRef): Book {
  return asNowHeld(withoutReservation(book, by));
}

function withExtra(book: Book, by: ClaimRef, extra: DecimalText): Book {
  const own = reservationOf(book, by);
  return isZero(extra) || own === undefined ? book : held(book, by, add(own.quantity, extra));
}

/** The book after an event of its own. */
export function evolveBook(book: Book, event: BookEvent): Book {
  switch (event.type) {
    case "opening_adopted":
      return withAdjustment(book, event.net, event.averagePrice);
    case "position_adjusted":
      return withAdjustment(book, event.net, event.averagePrice, event.cause);
    default:
      return book;
  }
}

/** The number under which `claim` is reopened: a new one where the last try is known to be over. */
export function nextAttempt(claim: Claim): number {
  if (hasFills(claim)) throw new InvariantError("a claim with fills is never reopened");
  return neverWas(claim) ? claim.attempt : claim.attempt + 1;
}
