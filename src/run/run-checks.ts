/**
 * What must hold of a guarded day, read from the broker's records and the ledger's, which are
 * compared with each other and with nothing else. Pure; gives a sentence for each thing that does
 * not hold. The numbers are those of docs/ARCHITECTURE.md.
 */
import { add, compare, type DecimalText, decimal, isZero, ZERO } from "../core/decimal.ts";
import { plainSymbol } from "../identity/symbol.ts";
import type { Claim } from "../index.ts";
import { firstBreak } from "../ledger/event-chain.ts";
import type { WireOrder, WirePosition } from "../simulator/index.ts";
import type { BacktestRecords } from "./backtest-world.ts";
import { clientOrderIdsOf } from "./claim-ids.ts";
import type { LedgerRecords } from "./ledger-records.ts";

/** Empty where everything holds. */
export function brokenInvariants(
  { orders, positions, requests }: Pick<BacktestRecords, "orders" | "positions" | "requests">,
  ledger: LedgerRecords,
): readonly string[] {
  const { claims, events } = ledger;
  const byId = new Map(orders.map((order) => [order.client_order_id, order]));
  const owners = ownersOf(claims);
  const stray = orders.filter((order) => !owners.has(order.client_order_id));
  const chainBreak = firstBreak(events);
  return [
    ...stray.map((order) => `I1: the order ${order.client_order_id} belongs to no claim`),
    ...claims.flatMap((claim) => wrongInClaim(claim, byId)),
    ...tooManyPosts(claims, requests, events),
    ...positions
      .filter(({ symbol, qty }) => compare(add(decimal(qty), soldShort(claims, symbol)), ZERO) < 0)
      .map(({ symbol, qty }) => `I5: the broker shows ${qty} ${symbol}: a close opened a short`),
    ...(chainBreak === undefined ? [] : [`I10: the chain breaks: ${JSON.stringify(chainBreak)}`]),
  ];
}

/** Whether every book holds what the broker shows, and the broker shows nothing besides. */
export function booksEqual(
  { books }: Pick<LedgerRecords, "books">,
  positions: readonly WirePosition[],
): boolean {
  const shown = new Map(positions.map(({ symbol, qty }) => [plainSymbol(symbol), decimal(qty)]));
  const held = new Map<string, DecimalText>(books.map(({ symbol, net }) => [symbol, net]));
  return [...new Set([...shown.keys(), ...held.keys()])].every(
    (symbol) => (shown.get(symbol) ?? ZERO) === (held.get(symbol) ?? ZERO),
  );
}

/** What claims have sold to open: so many shares may be short, where the settings allow that. */
function soldShort(claims: readonly Claim[], symbol: string): DecimalText {
  return claims
    .filter(({ intent }) => intent.symbol === symbol && intent.side === "sell")
    .filter(({ intent }) => intent.effect === "open")
    .map(({ bookedQuantity }) => bookedQuantity)
    .reduce(add, ZERO);
}

function wrongInClaim(claim: Claim, byId: ReadonlyMap<string, WireOrder>): readonly string[] {
  const name = `${claim.intent.side} ${claim.intent.symbol} (${claim.key.requestId.slice(0, 8)})`;
  const own = [...clientOrderIdsOf(claim)].flatMap((id) => byId.get(id) ?? []);
  const filled = own.filter((order) => !isZero(order.filled_qty));
  const [first] = filled;
  const booked = first?.filled_qty ?? ZERO;
  return [
    ...(claim.status === "SETTLED" || own.some(isAtWork)
      ? []
      : [`${name}: ${claim.status}, its intent has no end`]),
    ...(filled.length > 1 ? [`I1: ${name}: ${filled.length} orders of it were filled`] : []),
    ...(booked === claim.bookedQuantity
      ? []
      : [`I6: ${name}: the broker filled ${booked}, and ${claim.bookedQuantity} are booked`]),
  ];
}

/** A limit order that is good until it is canceled has no end yet, and rightly so. */
function isAtWork({ status }: WireOrder): boolean {
  return !ENDED.has(status);
}

const ENDED: ReadonlySet<string> = new Set([
  "filled",
  "canceled",
  "expired",
  "rejected",
  "replaced",
]);

/** I3: one POST for each opening, and one more for each answer that nothing was processed. */
function tooManyPosts(
  claims: readonly Claim[],
  requests: BacktestRecords["requests"],
  events: LedgerRecords["events"],
): readonly string[] {
  const permitted = new Map<string, number>();
  for (const event of events) {
    if (event.subject !== "claim" || !PERMITTING.has(event.body.type)) continue;
    const { requestId } = event.key;
    permitted.set(requestId, (permitted.get(requestId) ?? 0) + 1);
  }
  const owners = ownersOf(claims);
  const sent = new Map<string, number>();
  for (const { method, path, body } of requests) {
    if (method !== "POST" || path !== "/v2/orders") continue;
    const id = (body as { readonly client_order_id?: string } | undefined)?.client_order_id ?? "";
    const requestId = owners.get(id) ?? id;
    sent.set(requestId, (sent.get(requestId) ?? 0) + 1);
  }
  return [...sent].flatMap(([requestId, count]) => {
    const allowed = permitted.get(requestId) ?? 0;
    return count <= allowed ? [] : [`I3: ${requestId}: ${count} POSTs, ${allowed} permitted`];
  });
}

const PERMITTING: ReadonlySet<string> = new Set(["claimed", "reopened", "rate_limited"]);

/** The request id of each client_order_id. */
export function ownersOf(claims: readonly Claim[]): ReadonlyMap<string, string> {
  return new Map(
    claims.flatMap((claim) =>
      [...clientOrderIdsOf(claim)].map((id) => [id, claim.key.requestId] as const),
    ),
  );
}
