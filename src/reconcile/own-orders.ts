/**
 * Reads the orders of ours that may have moved a position, before anything is concluded from it: a
 * share that was taken for nobody's and then booked as a fill would count twice (I6). These are the
 * orders at work, and those of claims that have ended of late with fewer shares than they asked
 * for: they may show fills, or be there after all. Reads and records; decides nothing.
 */
import type { Broker, ListedOrders } from "../broker/broker.ts";
import { atLatest, listStart } from "../broker/claim-times.ts";
import { filledAtFound, filledAtIn } from "../broker/wire-order.ts";
import { type Claim, isAccepted, mayYetArrive } from "../claim/claim.ts";
import { filledInAll } from "../claim/decide-order.ts";
import { type BrokerOrder, type OrderLookup, withLegs } from "../claim/evidence.ts";
import { type Clock, type EpochMs, latest } from "../core/clock.ts";
import { compare } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
import { COMBO_SYMBOL, isCombo, mayMove } from "../identity/combo.ts";
import { OPTION_SYMBOL } from "../identity/symbol.ts";
import { CLAIMS_LIMIT_MAX } from "../ledger/claims-query.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type MissingOrdersPorts, missingFor } from "./missing-orders.ts";

export interface OwnOrdersPorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
  /** Reads our working orders in `symbol` and books their fills; gives those it has not read. */
  readonly refreshFills: (symbols: readonly string[]) => Promise<readonly Claim[]>;
  readonly sightingOf: MissingOrdersPorts["sightingOf"];
}

export type OwnOrders =
  | {
      readonly kind: "read";
      /** When a claim was last proved absent whose order nobody has seen; null where none was. */
      readonly absentSince: EpochMs | null;
    }
  /** All were read but those of `missing`, which the broker says that it does not have. */
  | {
      readonly kind: "missing";
      readonly missing: readonly Claim[];
      readonly absentSince: EpochMs | null;
      readonly reason: string;
    }
  | { readonly kind: "unknown"; readonly reason: string };

type OrderList =
  | {
      readonly kind: "listed";
      readonly orders: readonly BrokerOrder[];
      /** False where it has some that cannot be read: what it does not show may be one of them. */
      readonly isWhole: boolean;
      readonly filledAt: (order: BrokerOrder) => EpochMs | undefined;
    }
  | { readonly kind: "unknown"; readonly reason: string };

/** Counts from a claim's end, however long its order had rested before. */
const LOOKBACK_MS = 24 * 60 * 60 * 1_000;
/** Orders older than that are read singly, unless there are more: they would swell the list. */
const SINGLE_READS_MAX = 20;

/** Reads such orders in `symbol` once and books what is new. */
export async function readOwnOrders(ports: OwnOrdersPorts, symbol: string): Promise<OwnOrders> {
  const unread = (await ports.refreshFills([symbol])).filter(isAccepted);
  const failed = unread.find((claim) => missingFor(ports, claim) === undefined);
  if (failed !== undefined) return { kind: "unknown", reason: notShown(failed) };
  const ended = await readEnded(ports, symbol);
  const [first] = unread;
  if (ended.kind === "unknown" || first === undefined) return ended;
  return { ...ended, kind: "missing", missing: unread, reason: notShown(first) };
}

function notShown({ key }: Claim): string {
  return `the order of claim ${key.requestId} is not shown`;
}

/** The same for those that have ended. */
async function readEnded(
  ports: OwnOrdersPorts,
  symbol: string,
): Promise<Exclude<OwnOrders, { readonly kind: "missing" }>> {
  const short = await endedShort(ports, symbol);
  if (short.length === 0) return { kind: "read", absentSince: null };
  const worthy = new Set(worthListing(short, ports.clock.now() - LOOKBACK_MS));
  const list = await listOf(ports, symbol, [...worthy]);
  if (list.kind === "unknown") return list;
  const unseen: Claim[] = [];
  for (const claim of short) {
    const shown = list.orders.find((one) => isOrderOf(claim, one));
    const isListed = list.isWhole && worthy.has(claim);
    const lookup = shown === undefined ? await single(ports, claim, isListed) : found(shown);
    if (lookup.kind === "unknown") return lookup;
    if (lookup.kind === "not_found") unseen.push(claim);
    else if (showsMore(claim, lookup.order)) {
      const filledAt = shown === undefined ? filledAtFound(lookup) : list.filledAt(shown);
      await record(ports, claim, lookup.order, filledAt);
    }
  }
  const absences = unseen
    .filter(mayYetArrive)
    .map((claim) => claim.certainAt && atLatest(ports, claim, claim.certainAt));
  return { kind: "read", absentSince: latest(absences) };
}

/** Claims that ended of late and may have moved the position in `symbol` by more than is known. */
async function endedShort(
  { account, ledger, clock }: OwnOrdersPorts,
  symbol: string,
): Promise<readonly Claim[]> {
  const endedShortFrom = clock.now() - LOOKBACK_MS;
  const short: Claim[] = [];
  for (const one of OPTION_SYMBOL.test(symbol) ? [symbol, COMBO_SYMBOL] : [symbol]) {
    let cursor: string | undefined;
    do {
      const query = { account, symbol: one, endedShortFrom, cursor } as const;
      const { claims, next } = await ledger.claims({ ...query, limit: CLAIMS_LIMIT_MAX });
      short.push(...claims.filter(({ intent }) => mayMove(intent, symbol)));
      cursor = next ?? undefined;
    } while (cursor !== undefined);
  }
  return short;
}

function worthListing(short: readonly Claim[], horizon: EpochMs): readonly Claim[] {
  const recent = short.filter(({ claimedAt }) => claimedAt >= horizon);
  return short.length - recent.length > SINGLE_READS_MAX ? short : recent;
}

/** All orders in `symbol` since the oldest of `claims`, with their legs. */
async function listOf(
  { broker, clock }: OwnOrdersPorts,
  symbol: string,
  claims: readonly Claim[],
): Promise<OrderList> {
  if (claims.length === 0) return listed({ value: [], wires: () => [] }, true);
  const after = listStart({ broker, clock }, claims, "claimedAt");
  const reading = await broker.orders({ status: "all", symbols: [symbol], after });
  if (reading.kind === "read") return listed(reading, true);
  return reading.readable === undefined ? reading : listed(reading.readable, false);
}

function listed(list: ListedOrders, isWhole: boolean): OrderList {
  return { kind: "listed", orders: withLegs(list.value), isWhole, filledAt: filledAtIn(list) };
}

/**
 * What no list has shown: an order that was there, a combo, which has no symbol, and whatever is
 * older than the list.
 */
async function single(
  { broker }: OwnOrdersPorts,
  { brokerOrderId, clientOrderId, intent }: Claim,
  isListed: boolean,
): Promise<OrderLookup> {
  if (brokerOrderId !== null) return broker.orderById(brokerOrderId);
  if (isListed && !isCombo(intent)) return { kind: "not_found" };
  return broker.orderByClientId(clientOrderId);
}

function found(order: BrokerOrder): OrderLookup {
  return { kind: "found", order };
}

function isOrderOf(claim: Claim, { brokerOrderId, clientOrderId }: BrokerOrder): boolean {
  return isAccepted(claim)
    ? brokerOrderId === claim.brokerOrderId
    : clientOrderId === claim.clientOrderId;
}

function showsMore(claim: Claim, order: BrokerOrder): boolean {
  return !isAccepted(claim) || compare(filledInAll(claim, order), claim.bookedQuantity) > 0;
}

async function record(
  { ledger, clock }: OwnOrdersPorts,
  claim: Claim,
  order: BrokerOrder,
  filledAt: EpochMs | undefined,
): Promise<void> {
  const read = { type: "order", order, source: "poll", filledAt, now: clock.now() } as const;
  await ledger.record(claim.key, read);
}
