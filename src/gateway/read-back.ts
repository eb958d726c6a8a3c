/**
 * Finds out what became of an order whose answer was lost, from the broker's own records.
 *
 * One step is one look-up by client_order_id, and a scan of the orders list once the single reads
 * would suffice to prove absence. A step sends nothing and may be made by any process, as often as
 * it likes: what it reads is evidence, and only `decide` draws conclusions from it.
 */
import type { Broker } from "../broker/broker.ts";
import { listEnd, listStart } from "../broker/claim-times.ts";
import { firstFilledAt } from "../broker/first-fill.ts";
import { filledAtFound, filledAtIn } from "../broker/wire-order.ts";
import { type Claim, isOlder, postOverAt } from "../claim/claim.ts";
import { awaitsListScan, isSought, type NotFoundCommand } from "../claim/decide-absence.ts";
import type { OrderCommand } from "../claim/decide-order.ts";
import type { BrokerOrder, OrderLookup } from "../claim/evidence.ts";
import type { ClaimPolicy } from "../claim/policy.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { shownInWords } from "../identity/order-in-words.ts";
import { subjectOfClaim } from "../incident/incident.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { attributesOf, linksOf } from "../telemetry/claim-spans.ts";
import { traced } from "../telemetry/traced.ts";
import type { ReadTime } from "./read-time.ts";

export interface ReadBackPorts {
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly policy: ClaimPolicy;
  /** Told of a look-up that has found a claim's order, of which no fill may be told otherwise. */
  readonly onFound?: (lookup: OrderLookup) => void;
}

/** The claim after one step; it begins at what the ledger knows, not at what the caller saw. */
export async function readBackOnce(
  ports: ReadBackPorts,
  claim: Claim,
  time: ReadTime,
): Promise<Claim> {
  const current = (await ports.ledger.claimOf(claim.key)) ?? claim;
  if (!isSought(current)) return current;
  const looked = (await lookUp(ports, current, time)) ?? current;
  const scan = isSought(looked) && awaitsListScan(looked, ports.policy);
  return scan ? scanList(ports, looked, time) : looked;
}

/**
 * One look-up by client_order_id, whatever state the claim is in; undefined when the broker could
 * not be asked.
 */
export async function lookUp(
  ports: ReadBackPorts,
  claim: Claim,
  time: ReadTime,
): Promise<Claim | undefined> {
  const { postDeadlineMs } = ports.policy;
  time.follow(claim, postDeadlineMs);
  const begun = begunAt(time);
  const lookup = await tracedLookup(ports, claim);
  if (lookup.kind === "unknown") return undefined;
  const found =
    lookup.kind === "found" ? [{ order: lookup.order, filledAt: filledAtFound(lookup) }] : [];
  const after = await recordRead(ports, claim, "single", begun, found);
  time.follow(after, postDeadlineMs);
  if (found.some(({ order }) => order.brokerOrderId === after.brokerOrderId)) {
    ports.onFound?.(lookup);
  }
  return after;
}

function tracedLookup({ broker }: ReadBackPorts, claim: Claim): Promise<OrderLookup> {
  const { key, clientOrderId } = claim;
  const attributes = { ...attributesOf(key), "tradelatch.client_order_id": clientOrderId };
  const describe = ({ kind }: OrderLookup) => ({ result: kind });
  return traced({ operation: "read_back", attributes, links: linksOf(key), describe }, () =>
    broker.orderByClientId(clientOrderId),
  );
}

/** An order under the claim's id, and when it filled, where that is told. */
type Found = Pick<OrderCommand, "order" | "filledAt">;

/** Puts on record what a list, begun at `readAt`, has shown under the claim's id. */
export function recordFound(
  ports: ReadBackPorts,
  claim: Claim,
  readAt: EpochMs,
  found: Found,
): Promise<Claim> {
  return recordRead(ports, claim, "list", { readAt, isFirst: true }, [found]);
}

type ReadBegun = Pick<NotFoundCommand, "readAt" | "isFirst">;

function begunAt(time: ReadTime): ReadBegun {
  return { readAt: time.now(), isFirst: time.isOwn };
}

async function scanList(ports: ReadBackPorts, claim: Claim, time: ReadTime): Promise<Claim> {
  const { broker, policy } = ports;
  const begun = begunAt(time);
  const around = {
    status: "all",
    after: listStart(ports, [claim]),
    until: listEnd(ports, claim, postOverAt(claim, policy.postDeadlineMs)),
  } as const;
  const reading = await broker.orders(around, "read_back");
  if (reading.kind === "unknown") return claim;
  const shown = reading.value.filter((order) => order.clientOrderId === claim.clientOrderId);
  const filledAt = filledAtIn(reading);
  const found = shown.map((order) => ({ order, filledAt: filledAt(order) }));
  return recordRead(ports, claim, "list", begun, found);
}

/**
 * A read that shows no order did not find ours; nor did one that shows only orders which a bot's
 * own id had before this claim. Any other order that does not agree proves nothing either way.
 */
async function recordRead(
  ports: ReadBackPorts,
  claim: Claim,
  scope: "single" | "list",
  begun: ReadBegun,
  found: readonly Found[],
): Promise<Claim> {
  const { ledger, clock, policy } = ports;
  for (const { order, filledAt: lastAt } of found) {
    const filledAt = await firstFilledAt(ports, claim, order, lastAt);
    const read = { type: "order", order, source: "read_back", filledAt } as const;
    const { claim: after } = await ledger.record(claim.key, { ...read, now: clock.now() });
    if (!isSought(after)) return after;
  }
  const another = found.find(({ order }) => mayBeIts(claim, order));
  if (another !== undefined) {
    await tellOf(ports, claim, another.order);
    return claim;
  }
  const none = { type: "not_found", scope, ...begun, policy, now: clock.now() } as const;
  return (await ledger.record(claim.key, none)).claim;
}

/** Of an order under the claim's id, by its age: only a bot's own id can have been given before. */
export function mayBeIts(claim: Claim, order: BrokerOrder): boolean {
  return claim.intent.clientOrderId === null || !isOlder(order, claim);
}

/** Only a person can tell whose order it is: the incident, once there is one, says so. */
async function tellOf(
  { ledger, clock }: ReadBackPorts,
  { key, clientOrderId }: Claim,
  order: BrokerOrder,
): Promise<void> {
  const terms = `${shownInWords(order)}, ${order.status}`;
  const text = `order ${order.brokerOrderId} under ${clientOrderId} has other terms: ${terms}`;
  const next = "compare the two at the broker, then resolve this incident as absent or rejected";
  await ledger.addEvidence(key.account, subjectOfClaim(key), { text, next }, clock.now());
}
