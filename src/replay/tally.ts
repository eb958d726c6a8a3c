/**
 * Counts what happened in either world: from the broker's order list, and in the guarded world from
 * the ledger's events. Nothing here knows what the result should be.
 */
import { averagePriceOf } from "../claim/claim.ts";
import { type DecimalText, multiply, toFixed, ZERO } from "../core/decimal.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import { positionsOf } from "./believed-positions.ts";
import type { GuardedWorld } from "./guarded-world.ts";
import { claimKeyOf, claimName, claimsOf, rowIdOf, type SessionClaim } from "./ledger-claims.ts";
import {
  type BlockedDuplicate,
  type FinalPositions,
  type GuardedTotals,
  guardedTotals,
  notionalOf,
  sumNotionals,
  type UnguardedTotals,
} from "./report.ts";
import { type OrderEvent, type Session, wallTimeOf } from "./session.ts";
import type { ListedOrder } from "./session-broker.ts";
import { actionOf, symbolsOf } from "./session-steps.ts";
import type { RowOrder, UnguardedWorld } from "./unguarded-world.ts";

export function tallyUnguarded(session: Session, world: UnguardedWorld): UnguardedTotals {
  const duplicates = unguardedDuplicates(session, world);
  return {
    brokerOrders: world.orders.length,
    duplicateOrders: duplicates.length,
    duplicateNotionalUsd: sumNotionals(duplicates.map(orderNotional)),
    finalPositions: world.finalPositions,
    ...(world.believedPositions === null ? {} : { believedPositions: world.believedPositions }),
    blockedEntryMinutes: total(world.blockedMinutes),
  };
}

/** The broker's orders that repeat another. */
export function unguardedDuplicates(session: Session, world: UnguardedWorld): readonly RowOrder[] {
  const rows = rowsOf(session);
  return repeated(world.orders, ({ rowId }) => {
    const row = rows.get(rowId ?? "");
    return row === undefined ? undefined : actionOf(row);
  });
}

export function tallyGuarded(session: Session, world: GuardedWorld): GuardedTotals {
  const rows = rowsOf(session);
  const claims = claimsOf(world.ledger.events);
  const actions = actionsByOrder(claims, rows);
  const duplicates = repeated(world.orders, ({ clientOrderId }) => actions.get(clientOrderId));
  return guardedTotals({
    brokerOrders: world.orders.length,
    duplicateOrders: duplicates.length,
    duplicatesBlocked: blockedDuplicates(session, world.ledger.events, claims),
    finalPositions: world.finalPositions,
    ...(session.oldGuard ? { believedPositions: bookedPositions(session, world) } : {}),
    blockedEntryMinutes: total(world.blockedMinutes),
    claims: world.ledger.claims,
  });
}

/** The bot's book is the latch's. */
function bookedPositions(session: Session, { ledger }: GuardedWorld): FinalPositions {
  const held = new Map(ledger.books.map(({ symbol, net }) => [symbol, net]));
  return positionsOf(symbolsOf(session), held);
}

function rowsOf(session: Session): ReadonlyMap<string, OrderEvent> {
  const orders = session.events.filter((event) => event.kind === "order");
  return new Map(orders.map((event) => [event.id, event]));
}

/** Orders whose action had one before; an order that no action explains counts as one too. */
function repeated<Order extends ListedOrder>(
  orders: readonly Order[],
  actionOfOrder: (order: Order) => string | undefined,
): readonly Order[] {
  const seen = new Set<string>();
  return orders.filter((order) => {
    const action = actionOfOrder(order);
    if (action === undefined || seen.has(action)) return true;
    seen.add(action);
    return false;
  });
}

/** Which of the session's actions each of our orders at the broker performs. */
function actionsByOrder(
  claims: ReadonlyMap<string, SessionClaim>,
  rows: ReadonlyMap<string, OrderEvent>,
): ReadonlyMap<string, string> {
  const actions = new Map<string, string>();
  for (const { claim, clientOrderIds } of claims.values()) {
    const row = rows.get(claim.intent.decisionId ?? "");
    if (row === undefined) continue;
    for (const clientOrderId of clientOrderIds) actions.set(clientOrderId, actionOf(row));
  }
  return actions;
}

function orderNotional(order: ListedOrder): string {
  return notionalOf(order.filledQuantity, order.averagePrice ?? ZERO);
}

/**
 * Every try of what was asked for before that the latch refused, in order. The record lists an
 * attempt once, however often its bot tried: only the first refusal of a recorded row counts as
 * recorded.
 */
function blockedDuplicates(
  session: Session,
  events: readonly StoredEvent[],
  claims: ReadonlyMap<string, SessionClaim>,
): readonly BlockedDuplicate[] {
  const rows = rowsOf(session);
  const refusedRows = new Set<string>();
  const claimed = new Set(actionsByOrder(claims, rows).values());
  return events.flatMap((event): BlockedDuplicate[] => {
    const answer = refusalIn(event);
    const row = rows.get(rowIdOf(event) ?? "");
    if (answer === undefined || row === undefined) return [];
    const isFirst = row.duplicateOf === null && !claimed.has(actionOf(row));
    if (isFirst && event.body.type === "intent_blocked") return [];
    const recorded = row.recorded && !refusedRows.has(row.id);
    refusedRows.add(row.id);
    const key = claimKeyOf(event);
    const claim = key === null ? undefined : claims.get(claimName(key))?.claim;
    return [
      {
        time: wallTimeOf(session, event.at),
        symbol: row.symbol,
        side: row.side,
        quantity: row.quantity,
        notionalUsd: worth(row, claim === undefined ? null : averagePriceOf(claim)),
        requestId: key?.requestId ?? "",
        answer,
        recorded,
      },
    ];
  });
}

/** The answer to a try that changed nothing, if that is what the event tells of. */
function refusalIn({ body }: StoredEvent): BlockedDuplicate["answer"] | undefined {
  if (body.type === "repeat_answered") return body.answer;
  return body.type === "intent_blocked" ? "BLOCKED" : undefined;
}

/** At the price of the order that it would have repeated; without one, at the market's. */
function worth(row: OrderEvent, price: DecimalText | null): string {
  return toFixed(price === null ? row.notionalUsd : multiply(row.quantity, price), 2);
}

function total(minutes: ReadonlyMap<number, number>): number {
  return [...minutes.values()].reduce((sum, count) => sum + count, 0);
}
