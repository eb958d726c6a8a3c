/**
 * Decides what an order, read from the broker by whatever path, makes of its claim.
 *
 * I6: fills count by the order's cumulative filled quantity and cost, which never go down; so each
 * counts once, in whatever order and however often it is told. A read that is older than what is
 * known changes nothing.
 */
import { sameClaim } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import {
  add,
  compare,
  type DecimalText,
  multiply,
  signOf,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import type { BrokerOrderId, ClaimKey } from "../core/ids.ts";
import { isCombo } from "../identity/combo.ts";
import { deriveClientOrderId } from "../identity/request-id.ts";
import { isCloseRequest } from "../incident/incident.ts";
import { type Claim, isAccepted, isEarlierTry, isOlder, mayYetArrive, neverWas } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import { hasFeeInCoin } from "./coin-fee.ts";
import { legEvents } from "./decide-combo.ts";
import { isAtRest } from "./decide-verdict.ts";
import { type BrokerOrder, type EvidenceSource, hasEnded, isOver } from "./evidence.ts";
import { foldClaim } from "./evolve.ts";
import { hidesLegs } from "./family.ts";
import { CLOCK_TOLERANCE_MS, DEFAULT_CLAIM_POLICY } from "./policy.ts";
import { isLive } from "./transitions.ts";

/** No attempt of a claim is so much older than it, whatever clocks are apart. */
const LONG_BEFORE_MS = DEFAULT_CLAIM_POLICY.dedupeWindowMs + CLOCK_TOLERANCE_MS;

export interface OrderCommand {
  readonly order: BrokerOrder;
  readonly source: EvidenceSource;
  readonly now: EpochMs;
  /** When it filled, as far as it has, by the broker's clock; left out where that is not told. */
  readonly filledAt?: EpochMs | undefined;
  /** It was replaced, names no order in its place, and none of the broker's names it either. */
  readonly hasNoSuccessor?: true;
}

/** `holder` is the claim that already owns the broker's order, if any does. */
export function decideOrder(
  claim: Claim,
  command: OrderCommand,
  holder: ClaimKey | undefined,
): readonly ClaimEvent[] {
  const { order, source, now } = command;
  if (!isAccepted(claim) && !isOurs(claim, order, holder)) return foreignEvents(claim, order);
  if (isAccepted(claim) && claim.brokerOrderId !== order.brokerOrderId) return [];
  if (neverWas(claim)) return surfacedEvents(claim, order, source, now);
  return orderEvents(claim, order, source, now);
}

/**
 * Adoption: an order under our own id is ours if its parameters agree. One under a bot's id must,
 * besides, belong to no other claim, be no older than this one, and not meet a POST that was
 * refused or never sent. The claim's age counts from its first opening: a reopened attempt has the
 * same id, and its first try may have landed after all.
 */
function isOurs(claim: Claim, order: BrokerOrder, holder: ClaimKey | undefined): boolean {
  if (order.clientOrderId !== claim.clientOrderId || !agrees(claim, order)) return false;
  if (isDerivedId(claim)) return !isOfEarlierLedger(claim, order);
  const isOver = claim.outcome === "rejected" || claim.outcome === "not_sent";
  if (isOver && !mayYetArrive(claim)) return false;
  const owned = holder !== undefined && !sameClaim(holder, claim.key);
  return !owned && !isOlder(order, claim);
}

/**
 * Lives of positions, and incidents, are numbered anew in every ledger, so that an exit of this one
 * may have the id of an order that an earlier one has sent. It is not that order where that was
 * over long before, by the broker's own clock.
 */
function isOfEarlierLedger({ key, intent, brokerClaimedAt }: Claim, order: BrokerOrder): boolean {
  const isOfLife = intent.anchor !== null && "episode" in intent.anchor;
  const isNumbered = isOfLife || isCloseRequest(key.requestId);
  if (!isNumbered || typeof brokerClaimedAt !== "number" || !isOver(order)) return false;
  const { submittedAt } = order;
  return submittedAt !== null && submittedAt < brokerClaimedAt - LONG_BEFORE_MS;
}

/** The broker shows what had been proved absent: the order is the claim's after all. */
export function surfacedEvents(
  claim: Claim,
  order: BrokerOrder,
  source: EvidenceSource,
  now: EpochMs,
): readonly ClaimEvent[] {
  const reserved = claim.intent.effect === "close" ? order.quantity : null;
  const surfaced: ClaimEvent = { type: "order_surfaced", order, reserved, source };
  const alive = foldClaim(claim, [surfaced], now);
  return [surfaced, ...orderEvents(alive, order, source, now)];
}

/** Whether the attempt's id is one that only this claim can have given. */
function isDerivedId({ key, attempt, clientOrderId }: Claim): boolean {
  return clientOrderId === deriveClientOrderId(key.account, key.agent, key.requestId, attempt);
}

/** The id is another order's: the broker's uniqueness rule has kept ours out, for certain. */
function foreignEvents(claim: Claim, order: BrokerOrder): ClaimEvent[] {
  const taken = claim.status === "IN_RECONCILIATION" && claim.idTaken;
  if (!taken || order.clientOrderId !== claim.clientOrderId) return [];
  return [{ type: "id_owned_elsewhere", order }, { type: "sealed" }];
}

function agrees(claim: Claim, order: BrokerOrder): boolean {
  const { intent } = claim;
  return (
    order.symbol === intent.symbol &&
    order.side === intent.side &&
    order.type === intent.type &&
    order.timeInForce === intent.timeInForce &&
    sameWhereAsked(intent.limitPrice, order.limitPrice) &&
    sameWhereAsked(intent.stopPrice, order.stopPrice) &&
    (intent.quantity === null
      ? order.notional === intent.notional
      : order.quantity === intent.quantity || isEarlierTry(claim, order))
  );
}

/** A price that was not asked for may be the broker's own, such as a trailing stop's. */
function sameWhereAsked(asked: DecimalText | null, shown: DecimalText | null): boolean {
  return asked === null || asked === shown;
}

/** Events for an order that is known to be the claim's own. */
export function orderEvents(
  claim: Claim,
  order: BrokerOrder,
  source: EvidenceSource,
  now: EpochMs,
): ClaimEvent[] {
  if (!isLive(claim.status)) return endedEvents(claim, order, source, now);
  if (isOutdated(claim, order)) return [];
  const events = fillEvents(claim, order, source);
  if (isOver(order)) {
    events.push({ order, source, type: "order_ended" });
  } else if (claim.orderStatus !== order.status || isResized(claim, order)) {
    events.push({ order, source, type: "order_working" });
  }
  return [...events, ...sealEvents(foldClaim(claim, events, now), order)];
}

/** Whether the read shows the order as it was before shares that are booked already. */
function isOutdated(claim: Claim, order: BrokerOrder): boolean {
  const behind = compare(filledInAll(claim, order), claim.bookedQuantity) < 0;
  return behind && !isOver(order);
}

/** Whether the broker has changed what an order of a family asks for: another exit has filled. */
function isResized({ family }: Claim, { quantity }: BrokerOrder): boolean {
  return family !== undefined && family.quantity !== quantity;
}

/** Fills of an order that had ended: its own missing shares, or some that nobody had seen. */
function endedEvents(
  claim: Claim,
  order: BrokerOrder,
  source: EvidenceSource,
  now: EpochMs,
): ClaimEvent[] {
  if (claim.status === "SETTLED") return lateEvents(claim, order, source);
  const booked = fillEvents(claim, order, source);
  const after = foldClaim(claim, booked, now);
  if (hasTakenBack(after, order, source, now)) return [{ type: "sealed" }];
  return [...booked, ...sealEvents(after, order)];
}

/**
 * Whether the order, read long after it had ended, shows fewer shares than are booked: such a read
 * lags behind no more, and the broker has taken a fill back (a busted trade). No share is missing
 * from the book, then; what it has too many of, the comparison of positions finds.
 */
function hasTakenBack(
  claim: Claim,
  order: BrokerOrder,
  source: EvidenceSource,
  now: EpochMs,
): boolean {
  const isLate = source !== "stream" && isAtRest({ movedAt: claim.certainAt, now });
  if (!isLate || !isOver(order)) return false;
  return compare(filledInAll(claim, order), claim.bookedQuantity) < 0;
}

function fillEvents(claim: Claim, order: BrokerOrder, source: EvidenceSource): ClaimEvent[] {
  if (isCombo(claim.intent)) return [...legEvents(claim, order, source)];
  const fill = newFill(claim, order);
  return fill === undefined ? [] : [fillEvent("fill_booked", fill, source)];
}

function lateEvents(claim: Claim, order: BrokerOrder, source: EvidenceSource): ClaimEvent[] {
  if (isCombo(claim.intent)) return [...legEvents(claim, order, source)];
  const fill = newFill(claim, order);
  return fill === undefined ? [] : [fillEvent("late_fill_booked", fill, source)];
}

function fillEvent(
  type: "fill_booked" | "late_fill_booked",
  { brokerOrderId, cost, quantity, feeInCoin }: FillDelta,
  source: EvidenceSource,
): ClaimEvent {
  return feeInCoin === undefined
    ? { brokerOrderId, cost, quantity, source, type }
    : { brokerOrderId, cost, feeInCoin, quantity, source, type };
}

/**
 * A claim is settled once every share that the broker filled is in the book. Only the order as it
 * ended can say so: an older read of it does not know of shares that are missing.
 */
export function sealEvents(claim: Claim, order: BrokerOrder | null): ClaimEvent[] {
  const hasOrderEnded = order === null || isOver(order) || hasEnded(order.status);
  if (claim.status !== "FINAL" || !hasOrderEnded) return [];
  if (order !== null && hidesLegs(claim, order)) return [];
  const filled = order === null ? ZERO : filledInAll(claim, order);
  return compare(claim.bookedQuantity, filled) === 0 ? [{ type: "sealed" }] : [];
}

/** What the claim's order has filled, with the orders that it replaced. */
export function filledInAll(claim: Claim, order: BrokerOrder): DecimalText {
  return add(claim.carriedQuantity, order.filledQuantity);
}

interface FillDelta {
  readonly brokerOrderId: BrokerOrderId;
  readonly quantity: DecimalText;
  readonly cost: DecimalText;
  readonly feeInCoin?: true;
}

/** What the broker has filled beyond what is booked; undefined when that is nothing. */
function newFill(claim: Claim, order: BrokerOrder): FillDelta | undefined {
  const quantity = subtract(filledInAll(claim, order), claim.bookedQuantity);
  if (signOf(quantity) <= 0 || order.filledAveragePrice === null) return undefined;
  const own = multiply(order.filledQuantity, order.filledAveragePrice);
  const cost = subtract(add(claim.carriedCost, own), claim.bookedCost);
  const fill = { brokerOrderId: order.brokerOrderId, cost, quantity };
  return hasFeeInCoin(claim.intent) ? { ...fill, feeInCoin: true } : fill;
}
