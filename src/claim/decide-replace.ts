/**
 * Decides whether the order of a claim may be replaced by one with other terms, and what a
 * replacement that the broker shows makes of the claim. A chain of replacements is one order: its
 * fills count together, and a close passes its reservation on (I1, I5, I6).
 *
 * The broker replaces an order at most once and takes each client_order_id at most once, so the
 * same request again cannot make a second order; what this adds is that a close never asks for more
 * shares than are free.
 */
import { type Book, closable, reservationOf } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import { add, compare, type DecimalText, subtract, ZERO } from "../core/decimal.ts";
import type { ClientOrderId } from "../core/ids.ts";
import type { Block } from "./answer.ts";
import type { Claim } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import { orderEvents } from "./decide-order.ts";
import { type BrokerOrder, type EvidenceSource, isInPlaceOf } from "./evidence.ts";
import { foldClaim } from "./evolve.ts";
import { parentKeyOf, reservedUnder } from "./family.ts";

export interface ReplaceCommand {
  /** The claim's order, as it was read just now. */
  readonly order: BrokerOrder;
  /** What the new order is to be called. */
  readonly clientOrderId: ClientOrderId;
  /** Shares that the new order is to ask for; null leaves the old order's. */
  readonly quantity: DecimalText | null;
  readonly now: EpochMs;
  /** Until then the same request is not sent by anyone else. */
  readonly busyUntil: EpochMs;
}

export type ReplaceDecision =
  | { readonly kind: "proceed"; readonly claim: Claim }
  /** A replacement is on its way, or the order has moved on since it was read. */
  | { readonly kind: "pending"; readonly claim: Claim }
  | { readonly kind: "blocked"; readonly claim: Claim; readonly block: Block };

export interface ReplaceVerdict {
  readonly event: ClaimEvent | null;
  readonly decision: ReplaceDecision;
}

export function decideReplace(claim: Claim, book: Book, command: ReplaceCommand): ReplaceVerdict {
  const { replacing } = claim;
  const isThere =
    claim.status === "IN_RECONCILIATION" && claim.brokerOrderId === command.order.brokerOrderId;
  const isBusy = replacing !== null && command.now < replacing.busyUntil;
  if (isBusy || !isThere) return { event: null, decision: { kind: "pending", claim } };
  const held = reservationOf(book, reservedUnder(claim))?.quantity ?? ZERO;
  const wanted =
    claim.intent.effect === "close" && asksForMore(claim, command) ? needed(command) : ZERO;
  const free = add(held, closable(book));
  if (compare(wanted, free) > 0) {
    const block = tooMany(claim, book, wanted, free);
    return { event: null, decision: { kind: "blocked", claim, block } };
  }
  const event: ClaimEvent = {
    type: "replace_requested",
    clientOrderId: command.clientOrderId,
    quantity: command.quantity,
    busyUntil: command.busyUntil,
    // Until the broker shows which of the two orders it is, the larger of both is held.
    extra: compare(wanted, held) > 0 ? subtract(wanted, held) : ZERO,
  };
  const after = foldClaim(claim, [event], command.now);
  return { event, decision: { kind: "proceed", claim: after } };
}

/**
 * The most that the new order may sell. Whether its quantity counts what the old one has filled is
 * documented nowhere, and has been seen not to: so all of it counts as new.
 */
function needed({ order, quantity }: ReplaceCommand): DecimalText {
  return quantity ?? order.quantity ?? ZERO;
}

/**
 * A leg that is replaced by one of the same size needs nothing: its shares are held with those of
 * its family, or will be once the entry has filled.
 */
function asksForMore({ family }: Claim, command: ReplaceCommand): boolean {
  const isLeg = family !== undefined && family.parent !== null;
  return !isLeg || compare(needed(command), family.quantity ?? ZERO) > 0;
}

function tooMany(claim: Claim, book: Book, wanted: DecimalText, free: DecimalText): Block {
  return {
    code: "insufficient_quantity",
    message:
      `insufficient qty available for order (requested: ${wanted}, available: ${free}); ` +
      `of ${book.net} ${book.symbol} other closes hold the rest, or this one has filled them`,
    cause: claim.key,
    difference: null,
    availableQuantity: free,
  };
}

export interface ReplaceDroppedCommand {
  readonly clientOrderId: ClientOrderId;
  /** Of the request that was not made: the same may have been asked for again since. */
  readonly busyUntil: EpochMs;
  readonly reason: string;
  /** The order itself shows that nothing replaced it, no earlier request either. */
  readonly isOrderAsItWas: boolean;
}

/** A replacement that certainly was not made. */
export function replaceDroppedEvents(
  { replacing }: Claim,
  { clientOrderId, busyUntil, reason, isOrderAsItWas }: ReplaceDroppedCommand,
): readonly ClaimEvent[] {
  const isIt = replacing?.clientOrderId === clientOrderId && replacing.busyUntil === busyUntil;
  if (!isIt || (replacing.hasLostTry && !isOrderAsItWas)) return [];
  return [{ type: "replace_dropped", clientOrderId, reason, extra: replacing.extra }];
}

export interface ReplacedCommand {
  /** The claim's order, which the broker shows as replaced. */
  readonly order: BrokerOrder;
  /** The order in its place. */
  readonly successor: BrokerOrder;
  /** Whether that counts what the orders before it have filled; left out where it does not. */
  readonly countsChain?: boolean;
  readonly source: EvidenceSource;
  readonly now: EpochMs;
  /** As in `OrderCommand`; of either order, order-recorder.ts says which. */
  readonly filledAt?: EpochMs | undefined;
}

/** The old order's last fills, the new one in its place, and the fills of that. */
export function replacedEvents(claim: Claim, command: ReplacedCommand): readonly ClaimEvent[] {
  const { order, successor, source, now, countsChain = false } = command;
  const isNext =
    claim.brokerOrderId === order.brokerOrderId &&
    order.status === "replaced" &&
    isInPlaceOf(order, successor) &&
    successor.symbol === order.symbol &&
    successor.side === order.side;
  if (!isNext || claim.status !== "IN_RECONCILIATION") return [];
  const last = orderEvents(claim, order, source, now);
  const closed = foldClaim(claim, last, now);
  // What a leg holds, it holds with its family.
  const isLeg = parentKeyOf(claim) !== undefined;
  const filledBefore = countsChain ? order.filledQuantity : ZERO;
  const reserved = claim.intent.effect === "close" && !isLeg ? rest(successor, filledBefore) : null;
  const next: ClaimEvent = {
    type: "order_replaced",
    order: successor,
    replaces: order.brokerOrderId,
    reserved,
    source,
    ...(countsChain && { countsChain }),
  };
  const replaced = foldClaim(closed, [next], now);
  return [...last, next, ...orderEvents(replaced, successor, source, now)];
}

/** What the new order may fill, before any of its fills is booked. */
function rest({ quantity }: BrokerOrder, filledBefore: DecimalText): DecimalText | null {
  return quantity === null ? null : subtract(quantity, filledBefore);
}
