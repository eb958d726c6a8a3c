/**
 * Replacing an order, once: read, record, one PATCH, read back.
 *
 * The broker replaces an order at most once and takes a client_order_id at most once, and the new
 * order's id is made of the request itself. So the same request again cannot make a second order:
 * it finds the first one's and gives it. An order without a claim of ours is replaced by the same
 * rules, without a record.
 *
 * Does not follow the claim to its new order: whoever reads fills does, once the broker shows it.
 */
import type { Broker, ReplaceRequest } from "../broker/broker.ts";
import type { Block } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import type { UnreadOrders } from "../claim/decide-claim.ts";
import type { ReplaceDecision } from "../claim/decide-replace.ts";
import { type BrokerOrder, hasEnded, type OrderLookup, type Refusal } from "../claim/evidence.ts";
import { doubtOf, openInDoubt } from "../claim/orders-in-doubt.ts";
import type { ClaimPolicy } from "../claim/policy.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { type DecimalText, isZero } from "../core/decimal.ts";
import type { AccountId, AgentId, BrokerOrderId, ClientOrderId, RequestId } from "../core/ids.ts";
import { inTime } from "../core/in-time.ts";
import { tradedSymbols } from "../identity/combo.ts";
import { deriveReplacementId } from "../identity/request-id.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { ownerOf } from "./unrecorded-order.ts";

export interface ReplaceIntent {
  readonly agent: AgentId;
  readonly brokerOrderId: BrokerOrderId;
  /** What is to differ, in the broker's own words, amounts as text; without a client_order_id. */
  readonly terms: Readonly<Record<string, unknown>>;
  /** The bot's own name for the new order; null where it gives none. */
  readonly clientOrderId: ClientOrderId | null;
  readonly quantity: DecimalText | null;
}

export type ReplaceAnswer =
  | {
      readonly kind: "replaced";
      readonly order: BrokerOrder;
      readonly wire: string | null;
      /** The broker had made this replacement before. */
      readonly isReplay: boolean;
      readonly requestId: RequestId | null;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly requestId: RequestId | null }
  | { readonly kind: "blocked"; readonly block: Block; readonly requestId: RequestId }
  | { readonly kind: "no_such_order" }
  /** The client_order_id is another order's. */
  | { readonly kind: "id_taken" }
  /** Certainly nothing was sent by this call. */
  | { readonly kind: "not_sent"; readonly reason: string }
  /** The PATCH may have landed; the same request again tells. */
  | { readonly kind: "unknown"; readonly reason: string; readonly requestId: RequestId | null };

export interface ReplacePorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly policy: ClaimPolicy;
  /** Until when the caller waits for a certain answer. */
  readonly giveUpAt: EpochMs;
  /** Ends the wait. */
  readonly stop: AbortSignal;
  /** Books what our working orders in `symbol` have filled; gives those that cannot be read. */
  readonly refreshFills: (symbols: readonly string[]) => Promise<readonly Claim[]>;
  /** Told of a store that failed after the PATCH was sent. */
  readonly onFailure: (error: unknown, claim: Claim) => void;
}

const READ_BACK_PAUSE_MS = 250;

type Found = OrderLookup & { readonly kind: "found" };

/** Rejects with a LatchError `store_*` when the request could not be written; nothing was sent. */
export async function replaceOrder(
  ports: ReplacePorts,
  intent: ReplaceIntent,
): Promise<ReplaceAnswer> {
  const { broker, account, ledger } = ports;
  const lookup = await broker.orderById(intent.brokerOrderId, "read_back");
  if (lookup.kind === "not_found") return { kind: "no_such_order" };
  if (lookup.kind === "unknown") return { kind: "not_sent", reason: lookup.reason };
  const { order } = lookup;
  const wanted = wantedId(account, intent);
  const known = await ledger.claimOfOrder(account, order.brokerOrderId);
  const made = await madeBefore(broker, order, wanted);
  if (made.kind === "found") return replay(made, intent, order, known);
  if (made.kind === "unknown") return readBack(ports, intent, order, known, made.reason);
  // What has ended is replaced by nothing: the broker's own refusal says how it ended.
  if (hasEnded(order.status)) return send(ports, intent, order, wanted, known);
  if (known !== undefined) return sendForClaim(ports, intent, order, wanted, known);
  const owner = await ownerOf(ports, order);
  switch (owner.kind) {
    case "claim":
      return sendForClaim(ports, intent, order, wanted, owner.claim);
    case "nobody":
      return send(ports, intent, order, wanted, undefined);
    case "unknown":
      return { kind: "not_sent", reason: "whose order it is cannot be told yet" };
  }
}

/** Once the request is on record with the claim that has the order. */
async function sendForClaim(
  ports: ReplacePorts,
  intent: ReplaceIntent,
  order: BrokerOrder,
  wanted: ClientOrderId,
  claim: Claim,
): Promise<ReplaceAnswer> {
  let decision = await request(ports, intent, order, wanted, claim);
  let unread: UnreadOrders;
  if (decision.kind === "blocked") {
    const { clock, giveUpAt, refreshFills } = ports;
    // Fills that nobody has read yet may have made the shares that the book has not.
    const read = refreshFills(tradedSymbols(claim.intent));
    unread = (await inTime(clock, giveUpAt, read)) ?? "all";
    decision = await request(ports, intent, order, wanted, claim);
  }
  switch (decision.kind) {
    case "blocked":
      return blocked(ports, claim, decision.block, unread);
    case "pending":
      return readBack(ports, intent, order, claim, "the order is being replaced already");
    case "proceed":
      return sendInTime(ports, intent, order, wanted, decision.claim);
  }
}

/** Certain only where there is no open of which nobody knows what it has filled. */
async function blocked(
  { ledger, account }: ReplacePorts,
  { key, intent }: Claim,
  block: Block,
  unread: UnreadOrders,
): Promise<ReplaceAnswer> {
  const open = openInDoubt(await ledger.unsettledClaims(account), intent.symbol, unread);
  if (open !== undefined) return { kind: "not_sent", reason: doubtOf(open) };
  return { kind: "blocked", block, requestId: key.requestId };
}

function request(
  { ledger, clock, policy }: ReplacePorts,
  { quantity }: ReplaceIntent,
  order: BrokerOrder,
  clientOrderId: ClientOrderId,
  { key }: Claim,
): Promise<ReplaceDecision> {
  const now = clock.now();
  const busyUntil = now + policy.sendDeadlineMs + policy.postDeadlineMs;
  return ledger.requestReplace(key, { order, clientOrderId, quantity, now, busyUntil });
}

function wantedId(account: AccountId, intent: ReplaceIntent): ClientOrderId {
  const { agent, brokerOrderId, terms } = intent;
  return intent.clientOrderId ?? deriveReplacementId(account, agent, brokerOrderId, terms);
}

/**
 * The order in the place of the old one, where it is the one that this request asks for. Unknown
 * where it is not shown: a second PATCH would be refused although the first was made.
 */
async function madeBefore(
  broker: Broker,
  { replacedBy }: BrokerOrder,
  wanted: ClientOrderId,
): Promise<OrderLookup> {
  if (replacedBy === null) return { kind: "not_found" };
  const lookup = await broker.orderById(replacedBy, "read_back");
  if (lookup.kind === "not_found") {
    return { kind: "unknown", reason: `the order in its place, ${replacedBy}, is not found` };
  }
  const isAnother = lookup.kind === "found" && lookup.order.clientOrderId !== wanted;
  return isAnother ? { kind: "not_found" } : lookup;
}

/**
 * The order that was made before, where it is what is asked for now. A name that is made of the
 * terms says so by itself; a bot's own may come again with others.
 */
function replay(
  found: Found,
  { clientOrderId, terms }: ReplaceIntent,
  before: BrokerOrder,
  claim: Claim | undefined,
): ReplaceAnswer {
  const isOwnName = clientOrderId !== null;
  if (isOwnName && !hasTerms(found.order, terms, before)) return { kind: "id_taken" };
  return replaced(found, true, claim?.key.requestId ?? null);
}

/** As far as an order shows them; what its quantity counts of fills before it is not known. */
function hasTerms(
  { quantity, limitPrice, stopPrice, timeInForce }: BrokerOrder,
  terms: ReplaceIntent["terms"],
  before: BrokerOrder,
): boolean {
  const shown = {
    ...(isZero(before.filledQuantity) ? { qty: quantity } : {}),
    ...{ limit_price: limitPrice, stop_price: stopPrice, time_in_force: timeInForce },
  };
  return Object.entries(shown).every(([name, value]) => (terms[name] ?? value) === value);
}

function replaced({ order, wire }: Found, isReplay: boolean, requestId: RequestId | null) {
  return { kind: "replaced", order, wire: wire ?? null, isReplay, requestId } as const;
}

async function sendInTime(
  ports: ReplacePorts,
  intent: ReplaceIntent,
  order: BrokerOrder,
  wanted: ClientOrderId,
  claim: Claim,
): Promise<ReplaceAnswer> {
  if (!isLate(claim, ports.clock.now(), ports.policy)) {
    return send(ports, intent, order, wanted, claim);
  }
  const reason = "the send deadline had passed";
  await dropped(ports, claim, wanted, reason);
  return { kind: "not_sent", reason };
}

/** `claim`: as it is with the request on record, where the order has one and is at work. */
async function send(
  ports: ReplacePorts,
  intent: ReplaceIntent,
  order: BrokerOrder,
  wanted: ClientOrderId,
  claim: Claim | undefined,
): Promise<ReplaceAnswer> {
  const requestId = claim?.key.requestId ?? null;
  const request: ReplaceRequest = { clientOrderId: wanted, side: order.side, terms: intent.terms };
  const outcome = await ports.broker.replace(order.brokerOrderId, request);
  switch (outcome.kind) {
    case "accepted":
      return replaced({ ...outcome, kind: "found" }, false, requestId);
    case "refused":
      await dropped(ports, claim, wanted, outcome.refusal.message);
      return { kind: "refused", refusal: outcome.refusal, requestId };
    case "not_sent":
      await dropped(ports, claim, wanted, outcome.reason);
      return { kind: "not_sent", reason: outcome.reason };
    case "id_taken":
      return readBack(ports, intent, order, claim, outcome.message);
    case "rate_limited":
      return readBack(ports, intent, order, claim, outcome.message);
    case "ambiguous":
      return readBack(ports, intent, order, claim, outcome.reason);
  }
}

function isLate({ replacing }: Claim, now: number, { postDeadlineMs }: ClaimPolicy): boolean {
  return replacing === null || now >= replacing.busyUntil - postDeadlineMs;
}

/** A store that fails here loses nothing: the claim holds more shares than it needs for a while. */
async function dropped(
  { ledger, clock, onFailure }: ReplacePorts,
  claim: Claim | undefined,
  clientOrderId: ClientOrderId,
  reason: string,
): Promise<void> {
  const busyUntil = claim?.replacing?.busyUntil;
  if (claim === undefined || busyUntil === undefined) return;
  const request = { clientOrderId, busyUntil, reason, isOrderAsItWas: false };
  const command = { type: "replace_dropped", ...request, now: clock.now() } as const;
  await ledger.record(claim.key, command).catch((error: unknown) => onFailure(error, claim));
}

/** Looks for the new order under its own id while the caller waits. */
async function readBack(
  ports: ReplacePorts,
  intent: ReplaceIntent,
  order: BrokerOrder,
  claim: Claim | undefined,
  reason: string,
): Promise<ReplaceAnswer> {
  const { broker, clock, giveUpAt, stop, account } = ports;
  const wanted = wantedId(account, intent);
  for (let pauseMs = READ_BACK_PAUSE_MS; ; pauseMs *= 2) {
    const lookup = await broker.orderByClientId(wanted);
    if (lookup.kind === "found") {
      const isIts = lookup.order.replaces === order.brokerOrderId;
      return isIts ? replay(lookup, intent, order, claim) : { kind: "id_taken" };
    }
    if (clock.now() + pauseMs >= giveUpAt || stop.aborted) break;
    await clock.sleep(pauseMs, stop).catch(() => undefined);
  }
  return { kind: "unknown", reason, requestId: claim?.key.requestId ?? null };
}
