/**
 * Decides what the legs inside an order make of their claims. Pure; the ledger carries it out in
 * the transaction that records the order.
 *
 * 1. A leg is adopted once, as a claim that is at the broker already. One that replaces another leg
 *    belongs to that leg's claim, which follows it by itself.
 * 2. The exits of one family exclude each other: together they hold what the largest may still
 *    sell, at most what the entry has in the book, and never more than the book has free (I5).
 * 3. A leg's fills are not booked before those of the entry whose shares it sells.
 * 4. Where one exit's order takes the place of another's, the other claim is over once that one is.
 */
import { type Book, closableFor, reservationOf, sameClaim } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import {
  add,
  compare,
  type DecimalText,
  isZero,
  minimum,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import type { ClaimKey } from "../core/ids.ts";
import { type Intent, ORDER_TYPES, TIMES_IN_FORCE } from "../identity/intent.ts";
import { deriveLegRequestId } from "../identity/request-id.ts";
import type { Claim } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import { type OrderCommand, orderEvents, sealEvents } from "./decide-order.ts";
import type { BrokerOrder, EvidenceSource } from "./evidence.ts";
import { evolveClaim, foldClaim } from "./evolve.ts";
import { remainingOf, reservedUnder } from "./family.ts";
import { isLive } from "./transitions.ts";

/** A claim to begin, with all that is known of it. */
export interface Adoption {
  readonly key: ClaimKey;
  readonly symbol: string;
  readonly events: readonly ClaimEvent[];
}

/** The claim that `leg` belongs to: its order now, or the one that it began with. */
export function claimOfLeg(
  parent: Claim,
  children: readonly Claim[],
  { brokerOrderId }: Pick<BrokerOrder, "brokerOrderId">,
): Claim | undefined {
  const begunAs = deriveLegRequestId(parent.key, brokerOrderId);
  return children.find(
    (child) => child.brokerOrderId === brokerOrderId || child.key.requestId === begunAs,
  );
}

/** Whether `leg`, which no claim has, begins one. */
export function beginsClaim(
  parent: Claim,
  children: readonly Claim[],
  leg: BrokerOrder,
  shown: readonly BrokerOrder[],
): boolean {
  if (leg.replaces === null) return true;
  if (claimOfLeg(parent, children, { brokerOrderId: leg.replaces }) !== undefined) return false;
  // The claim of an earlier order in the chain may be on its way here.
  const replaced = new Set(shown.map(({ replaces }) => replaces));
  const latest = shown.filter(({ brokerOrderId }) => !replaced.has(brokerOrderId));
  return children.filter(({ status }) => isLive(status)).length < latest.length;
}

export function adoptLeg(
  parent: Claim,
  leg: BrokerOrder,
  source: EvidenceSource,
  now: EpochMs,
): Adoption {
  const requestId = deriveLegRequestId(parent.key, leg.brokerOrderId);
  const key = { ...parent.key, requestId };
  const adopted: ClaimEvent = {
    type: "leg_adopted",
    parent: parent.key.requestId,
    intent: legIntent(parent.intent, leg),
    episode: parent.episode,
    owner: parent.owner,
    openedAt: parent.openedAt,
    order: leg,
    source,
  };
  const claim = evolveClaim(undefined, key, adopted, now);
  // Where the entry is not in the book yet, its own fills come first.
  const read = awaitsEntry(claim, leg, parent) ? [] : orderEvents(claim, leg, source, now);
  return { key, symbol: leg.symbol, events: [adopted, ...read] };
}

/** A leg on its order's side is another way of the same exit; one on the other side undoes it. */
function legIntent(parent: Intent, leg: BrokerOrder): Intent {
  const undone = parent.effect === "open" ? "close" : "open";
  return {
    account: parent.account,
    agent: parent.agent,
    symbol: leg.symbol,
    side: leg.side,
    effect: leg.side === parent.side ? parent.effect : undone,
    quantity: leg.quantity,
    notional: leg.notional,
    type: ORDER_TYPES.find((type) => type === leg.type) ?? parent.type,
    timeInForce: TIMES_IN_FORCE.find((time) => time === leg.timeInForce) ?? parent.timeInForce,
    limitPrice: leg.limitPrice,
    stopPrice: leg.stopPrice,
    trailPrice: null,
    trailPercent: null,
    extendedHours: false,
    extension: null,
    portion: null,
    requestId: null,
    clientOrderId: leg.clientOrderId,
    anchor: null,
    decisionId: parent.decisionId,
    reason: parent.reason,
  };
}

/** Whether `order` shows fills of a leg whose entry may have fills that are not booked yet. */
export function awaitsEntry(leg: Claim, order: BrokerOrder, parent: Claim): boolean {
  const follows = leg.intent.side !== parent.intent.side;
  return follows && isLive(parent.status) && !isZero(order.filledQuantity);
}

/**
 * What becomes of a claim whose order was replaced by that of another exit of its family, `holder`:
 * Alpaca does so where the stop of a bracket or an oco is reached. The take-profit order then reads
 * `replaced`, and the stop's own order fills, which is on record with the stop's claim; so this one
 * ends with that. Where the broker names no order in its place, one that has filled all that this
 * one might has left it nothing. `others`: the exits beside it. Undefined where nobody took over.
 */
export function takenOverEvents(
  claim: Claim,
  others: readonly Claim[],
  { order, source, now, hasNoSuccessor }: OrderCommand,
  holder: ClaimKey | undefined,
): readonly ClaimEvent[] | undefined {
  const isReplaced = order.status === "replaced" && claim.brokerOrderId === order.brokerOrderId;
  if (!isReplaced || claim.status !== "IN_RECONCILIATION") return undefined;
  const left = remainingOf(claim);
  const isOver = others.some(({ key, status, outcome, bookedQuantity }) => {
    if (isLive(status)) return false;
    if (holder !== undefined) return sameClaim(key, holder);
    return hasNoSuccessor === true && outcome === "filled" && compare(bookedQuantity, left) >= 0;
  });
  if (!isOver) return undefined;
  const last: ClaimEvent[] = [
    ...orderEvents(claim, order, source, now),
    { type: "order_ended", order, source },
  ];
  return [...last, ...sealEvents(foldClaim(claim, last, now), order)];
}

/** What a family has come to, where the parent's record does not say so yet. */
export function tieEvent(
  parent: Claim,
  legs: readonly Claim[],
  book: Book,
): ClaimEvent | undefined {
  const held = sharedReservation(parent, legs, book);
  const own = reservationOf(book, reservedUnder(parent));
  const filled = sumBooked(legs.filter(({ intent }) => intent.side === parent.intent.side));
  const { family } = parent;
  const requestIds = legs.map(({ key }) => key.requestId);
  const isKnown =
    family !== undefined &&
    family.legs.join() === requestIds.join() &&
    family.filledByLegs === filled &&
    (isZero(held) ? own === undefined : own?.quantity === held);
  if (isKnown) return undefined;
  const quantity = family?.quantity ?? parent.intent.quantity;
  return { type: "legs_tied", legs: requestIds, filled, quantity, held };
}

/** What the family's exits hold together. */
function sharedReservation(parent: Claim, legs: readonly Claim[], book: Book): DecimalText {
  const exits = [parent, ...legs].filter(({ intent }) => intent.effect === "close");
  const [first] = exits;
  if (first === undefined) return ZERO;
  const largest = exits.map(remainingOf).reduce((a, b) => (compare(a, b) > 0 ? a : b));
  const free = closableFor(book, first.intent.side, reservedUnder(parent));
  const wanted = minimum(largest, free);
  if (parent.intent.effect === "close") return wanted;
  const entered = subtract(parent.bookedQuantity, sumBooked(exits));
  return compare(entered, ZERO) > 0 ? minimum(wanted, entered) : ZERO;
}

function sumBooked(claims: readonly Claim[]): DecimalText {
  return claims.reduce((sum, { bookedQuantity }) => add(sum, bookedQuantity), ZERO);
}
