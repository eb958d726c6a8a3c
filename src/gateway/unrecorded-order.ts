/**
 * Whose order it is that no claim has on record. The answer to its POST may have been lost, and
 * then its claim holds shares for it all the same: it is recorded there before anything is decided
 * about it. An order that can be no claim's was made by hand, or before the sidecar. Sends nothing.
 */
import type { Claim } from "../claim/claim.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import type { AccountId } from "../core/ids.ts";
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
export async function ownerOf(
  { ledger, clock, account }: UnrecordedPorts,
  order: BrokerOrder,
): Promise<OrderOwner> {
  const unsettled = await ledger.unsettledClaims(account);
  const named = unsettled.filter((claim) => claim.clientOrderId === order.clientOrderId);
  const [claim, another] = named.filter((claim) => mayBeIts(claim, order));
  if (claim === undefined) return { kind: "nobody" };
  // Two agents gave the same id: whose POST has made the order, their answers are to tell.
  if (another !== undefined) return { kind: "unknown" };
  const read = { type: "order", order, source: "read_back", now: clock.now() } as const;
  const { claim: after } = await ledger.record(claim.key, read);
  const isIts = after.brokerOrderId === order.brokerOrderId;
  return isIts ? { kind: "claim", claim: after } : { kind: "unknown" };
}
