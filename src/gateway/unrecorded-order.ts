/**
 * Whose order it is that no claim has on record. The answer to its POST may have been lost, or it
 * is in the place of a claim's order and nobody has read that yet; then a claim holds shares for it
 * all the same: it is recorded there before anything is decided about it. An order that can be no
 * claim's was made by hand, or before the sidecar. Sends nothing.
 */
import { countsChain } from "../broker/chain-count.ts";
import type { Claim } from "../claim/claim.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import type { AccountId, BrokerOrderId } from "../core/ids.ts";
import { mayBeIts, type ReadBackPorts } from "./read-back.ts";

export interface UnrecordedPorts extends ReadBackPorts {
  readonly account: AccountId;
}

export type OrderOwner =
  | { readonly kind: "claim"; readonly claim: Claim }
  | { readonly kind: "nobody" }
  /** A claim may have it, and the order does not tell whether it does, or which one. */
  | { readonly kind: "unknown" };

/** `order`: at work, and under the broker's id known to no claim just now. */
export async function ownerOf(ports: UnrecordedPorts, order: BrokerOrder): Promise<OrderOwner> {
  const { ledger, clock, account } = ports;
  const unsettled = await ledger.unsettledClaims(account);
  const has = (id: BrokerOrderId | null) =>
    unsettled.find(({ brokerOrderId }) => brokerOrderId !== null && brokerOrderId === id);
  // Whoever reads fills may have been faster.
  const own = has(order.brokerOrderId);
  if (own !== undefined) return { kind: "claim", claim: own };
  const replaced = has(order.replaces);
  if (replaced !== undefined) return followed(ports, replaced, order);
  const named = unsettled.filter((claim) => claim.clientOrderId === order.clientOrderId);
  const [claim, another] = named.filter((claim) => mayBeIts(claim, order));
  if (claim === undefined) return { kind: "nobody" };
  // Two agents gave the same id: whose POST has made the order, their answers are to tell.
  if (another !== undefined) return { kind: "unknown" };
  const read = { type: "order", order, source: "read_back", now: clock.now() } as const;
  return ownerBy((await ledger.record(claim.key, read)).claim, order);
}

/** `claim`: of the order in whose place `successor` is. */
async function followed(
  { ledger, broker, clock }: UnrecordedPorts,
  { key, brokerOrderId, intent }: Claim,
  successor: BrokerOrder,
): Promise<OrderOwner> {
  const lookup = brokerOrderId && (await broker.orderById(brokerOrderId, "read_back"));
  if (lookup?.kind !== "found") return { kind: "unknown" };
  const { order } = lookup;
  const counts = await countsChain(broker, intent, order, successor, clock.now());
  if (counts === undefined) return { kind: "unknown" };
  const read = { order, source: "read_back", now: clock.now() } as const;
  const next = { successor, countsChain: counts };
  const record = await ledger.record(key, { type: "replaced", ...read, ...next });
  return ownerBy(record.claim, successor);
}

function ownerBy(claim: Claim, { brokerOrderId }: BrokerOrder): OrderOwner {
  return claim.brokerOrderId === brokerOrderId ? { kind: "claim", claim } : { kind: "unknown" };
}
