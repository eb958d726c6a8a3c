/**
 * Reads the orders of ours that may have moved a position, before anything is concluded from it: a
 * share that was taken for nobody's and then booked as a fill would count twice (I6). These are the
 * orders at work, and those of claims that have ended with fewer shares than they asked for: they
 * may show fills, or be there after all. Reads and records; decides nothing.
 */
import { type Broker, LIST_MARGIN_MS } from "../broker/broker.ts";
import { type Claim, isAccepted, mayYetArrive, neverWas } from "../claim/claim.ts";
import type { Outcome } from "../claim/claim-event.ts";
import { type BrokerOrder, type OrderLookup, withLegs } from "../claim/evidence.ts";
import { type Clock, type EpochMs, latest } from "../core/clock.ts";
import { add, compare } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
import { COMBO_SYMBOL, isCombo, mayMove } from "../identity/combo.ts";
import { OPTION_SYMBOL } from "../identity/symbol.ts";
import { CLAIMS_LIMIT_MAX } from "../ledger/claims-query.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface OwnOrdersPorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
  /** Reads our working orders in `symbol` and books their fills; gives those it could not read. */
  readonly refreshFills: (symbol: string) => Promise<readonly Claim[]>;
}

export type OwnOrders =
  | {
      readonly kind: "read";
      /** When a claim was last proved absent whose order nobody has seen; null where none was. */
      readonly absentSince: EpochMs | null;
    }
  | { readonly kind: "unknown"; readonly reason: string };

/** Ends after which an order may turn out to have filled, or filled more. */
const SHORT_OF_SHARES: ReadonlySet<Outcome | null> = new Set<Outcome>([
  "partially_filled",
  "canceled",
  "expired",
]);
const LOOKBACK_MS = 24 * 60 * 60 * 1_000;

/** Reads such orders in `symbol` once and books what is new. */
export async function readOwnOrders(ports: OwnOrdersPorts, symbol: string): Promise<OwnOrders> {
  const [unread] = await ports.refreshFills(symbol);
  if (unread !== undefined) {
    return { kind: "unknown", reason: `the order of claim ${unread.key.requestId} is not shown` };
  }
  const short = await endedShort(ports, symbol);
  if (short.length === 0) return { kind: "read", absentSince: null };
  const after = Math.min(...short.map(({ claimedAt }) => claimedAt)) - LIST_MARGIN_MS;
  const reading = await ports.broker.orders({ status: "all", symbols: [symbol], after });
  if (reading.kind === "unknown") return reading;
  const listed = withLegs(reading.value);
  const unseen: Claim[] = [];
  for (const claim of short) {
    const shown = listed.find((one) => isOrderOf(claim, one));
    const lookup = shown === undefined ? await single(ports, claim) : found(shown);
    if (lookup.kind === "unknown") return lookup;
    if (lookup.kind === "not_found") unseen.push(claim);
    else if (showsMore(claim, lookup.order)) await record(ports, claim, lookup.order);
  }
  const absences = unseen.filter(mayYetArrive).map(({ certainAt }) => certainAt);
  return { kind: "read", absentSince: latest(absences) };
}

/** Claims of the last day that may have moved the position in `symbol` by more than is known. */
async function endedShort(
  { account, ledger, clock }: OwnOrdersPorts,
  symbol: string,
): Promise<readonly Claim[]> {
  const from = clock.now() - LOOKBACK_MS;
  const short: Claim[] = [];
  for (const one of OPTION_SYMBOL.test(symbol) ? [symbol, COMBO_SYMBOL] : [symbol]) {
    let cursor: string | undefined;
    do {
      const query = { account, symbol: one, statuses: ["SETTLED"], from, cursor } as const;
      const { claims, next } = await ledger.claims({ ...query, limit: CLAIMS_LIMIT_MAX });
      short.push(...claims.filter((claim) => isShort(claim) && mayMove(claim.intent, symbol)));
      cursor = next ?? undefined;
    } while (cursor !== undefined);
  }
  return short;
}

function isShort(claim: Claim): boolean {
  return neverWas(claim) || SHORT_OF_SHARES.has(claim.outcome);
}

/** What the list does not show: an order that was there, and a combo, which has no symbol. */
async function single({ broker }: OwnOrdersPorts, claim: Claim): Promise<OrderLookup> {
  const { brokerOrderId, clientOrderId, intent } = claim;
  if (brokerOrderId !== null) return broker.orderById(brokerOrderId);
  return isCombo(intent) ? broker.orderByClientId(clientOrderId) : { kind: "not_found" };
}

function found(order: BrokerOrder): OrderLookup {
  return { kind: "found", order };
}

function isOrderOf(claim: Claim, { brokerOrderId, clientOrderId }: BrokerOrder): boolean {
  return isAccepted(claim)
    ? brokerOrderId === claim.brokerOrderId
    : clientOrderId === claim.clientOrderId;
}

function showsMore(claim: Claim, { filledQuantity }: BrokerOrder): boolean {
  const filled = add(claim.carriedQuantity, filledQuantity);
  return !isAccepted(claim) || compare(filled, claim.bookedQuantity) > 0;
}

async function record({ ledger, clock }: OwnOrdersPorts, claim: Claim, order: BrokerOrder) {
  await ledger.record(claim.key, { type: "order", order, source: "poll", now: clock.now() });
}
