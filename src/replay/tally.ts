/**
 * Counts what happened in either world: from the broker's order list, and in the guarded world from
 * the ledger's events. Nothing here knows what the result should be.
 */
import { averagePriceOf } from "../claim/claim.ts";
import { type DecimalText, decimal, multiply, toFixed } from "../core/decimal.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import type { GuardedWorld } from "./guarded-world.ts";
import { claimName, claimsOf, type SessionClaim } from "./ledger-claims.ts";
import {
  type BlockedDuplicate,
  type GuardedTotals,
  guardedTotals,
  notionalOf,
  sumNotionals,
  type UnguardedTotals,
} from "./report.ts";
import { type OrderEvent, type Session, wallTimeOf } from "./session.ts";
import type { ListedOrder } from "./session-broker.ts";
import { actionOf } from "./session-steps.ts";
import type { UnguardedWorld } from "./unguarded-world.ts";

export function rowsOf(session: Session): ReadonlyMap<string, OrderEvent> {
  const orders = session.events.filter((event) => event.kind === "order");
  return new Map(orders.map((event) => [event.id, event]));
}

export function tallyUnguarded(session: Session, world: UnguardedWorld): UnguardedTotals {
  const rows = rowsOf(session);
  const action = (rowId: string) => {
    const row = rows.get(rowId);
    return row === undefined ? undefined : actionOf(row);
  };
  const duplicates = repeated(world.orders, ({ rowId }) => action(rowId));
  return {
    brokerOrders: world.orders.length,
    duplicateOrders: duplicates.length,
    duplicateNotionalUsd: sumNotionals(duplicates.map(orderNotional)),
    finalPositions: world.finalPositions,
    blockedEntryMinutes: total(world.blockedMinutes),
  };
}

export function tallyGuarded(session: Session, world: GuardedWorld): GuardedTotals {
  const rows = rowsOf(session);
  const claims = claimsOf(world.ledger.events);
  const actions = actionsByOrder(claims, rows);
  const duplicates = repeated(world.orders, ({ clientOrderId }) => actions.get(clientOrderId));
  return guardedTotals({
    brokerOrders: world.orders.length,
    duplicateOrders: duplicates.length,
    duplicatesBlocked: world.ledger.events.flatMap(
      (event) => blockedBy(event, session, rows, claims) ?? [],
    ),
    finalPositions: world.finalPositions,
    blockedEntryMinutes: total(world.blockedMinutes),
    claims: world.ledger.claims,
  });
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
  return notionalOf(order.filledQuantity, order.averagePrice ?? decimal("0"));
}

/** The blocked duplicate that an event tells of, if it tells of one. */
function blockedBy(
  event: StoredEvent,
  session: Session,
  rows: ReadonlyMap<string, OrderEvent>,
  claims: ReadonlyMap<string, SessionClaim>,
): BlockedDuplicate | undefined {
  const refused = refusal(event);
  if (refused === undefined) return undefined;
  const row = rows.get(refused.decisionId ?? "");
  if (row === undefined) return undefined;
  const claim = refused.claim === null ? undefined : claims.get(refused.claim);
  const price = claim === undefined ? null : averagePriceOf(claim.claim);
  return {
    time: wallTimeOf(session, event.at),
    symbol: row.symbol,
    side: row.side,
    quantity: row.quantity,
    notionalUsd: worth(row, price),
    requestId: refused.requestId,
    answer: refused.answer,
    recorded: row.recorded,
  };
}

/** At the price of the order that it would have repeated; without one, at the market's. */
function worth(row: OrderEvent, price: DecimalText | null): string {
  return toFixed(price === null ? row.notionalUsd : multiply(row.quantity, price), 2);
}

interface RefusedTry {
  readonly answer: BlockedDuplicate["answer"];
  readonly requestId: string;
  readonly decisionId: string | null;
  /** Name of the claim that the try ran into; null where there was none. */
  readonly claim: string | null;
}

function refusal(event: StoredEvent): RefusedTry | undefined {
  if (event.subject === "claim") {
    if (event.body.type !== "repeat_answered") return undefined;
    const { answer, decisionId } = event.body;
    return { answer, decisionId, requestId: event.key.requestId, claim: claimName(event.key) };
  }
  if (event.body.type !== "intent_blocked") return undefined;
  const { cause, intent } = event.body;
  return {
    answer: "BLOCKED",
    decisionId: intent.decisionId,
    requestId: cause?.requestId ?? "",
    claim: cause === null ? null : claimName(cause),
  };
}

function total(minutes: ReadonlyMap<number, number>): number {
  return [...minutes.values()].reduce((sum, count) => sum + count, 0);
}
