/**
 * Puts on record what the broker shows of a claim's order, by whichever path it was read. An order
 * that was replaced is recorded together with the one in its place, which is read for that.
 */
import type { Broker, WireOrder } from "../broker/broker.ts";
import type { Claim } from "../claim/claim.ts";
import type { BrokerOrder, EvidenceSource, OrderLookup } from "../claim/evidence.ts";
import type { Clock } from "../core/clock.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface RecorderPorts {
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
}

/** What a record has come to. */
export interface Recorded {
  readonly claim: Claim;
  /** Whether anything was new. */
  readonly changed: boolean;
  /** Whether shares, an end or another order were among it: what a listener waits for. */
  readonly hasMoved: boolean;
  /** Whether the order in its place is yet to be read: what that has filled is not on record. */
  readonly lacksSuccessor: boolean;
}

export async function recordOrder(
  { ledger, broker, clock }: RecorderPorts,
  claim: Claim,
  order: BrokerOrder,
  source: EvidenceSource,
): Promise<Recorded> {
  const { status, replacedBy } = order;
  const isReplaced = status === "replaced" && replacedBy !== null;
  const lookup = isReplaced ? await broker.orderById(replacedBy) : undefined;
  const successor = lookup?.kind === "found" ? lookup.order : undefined;
  const read = { order, source, now: clock.now() } as const;
  const result = await ledger.record(
    claim.key,
    successor === undefined ? { type: "order", ...read } : { type: "replaced", ...read, successor },
  );
  const changed = result.kind === "recorded" && result.changed;
  const moved = changed && hasMoved(claim, result.claim);
  const lacksSuccessor = status === "replaced" && successor === undefined;
  return { claim: result.claim, changed, hasMoved: moved, lacksSuccessor };
}

function hasMoved(before: Claim, after: Claim): boolean {
  return (
    before.bookedQuantity !== after.bookedQuantity ||
    before.outcome !== after.outcome ||
    before.brokerOrderId !== after.brokerOrderId
  );
}

/** The order of a look-up in the broker's own form, where it was given. */
export function wireOf(lookup: OrderLookup): WireOrder | undefined {
  if (lookup.kind !== "found" || lookup.wire === undefined) return undefined;
  return JSON.parse(lookup.wire) as WireOrder;
}
