/**
 * Finds out what became of an order whose answer was lost, from the broker's own records.
 *
 * One step is one look-up by client_order_id, and a scan of the orders list once the single reads
 * would suffice to prove absence. A step sends nothing and may be made by any process, as often as
 * it likes: what it reads is evidence, and only `decide` draws conclusions from it.
 */
import type { Broker } from "../broker/broker.ts";
import { type Claim, postOverAt } from "../claim/claim.ts";
import { awaitsListScan, isSought } from "../claim/decide-absence.ts";
import type { ClaimPolicy } from "../claim/policy.ts";
import type { Clock } from "../core/clock.ts";
import type { Ledger } from "../ledger/ledger.ts";

/** How far around the time of sending the orders list is scanned. */
const SCAN_MARGIN_MS = 60_000;

export interface ReadBackPorts {
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly policy: ClaimPolicy;
}

/** The claim after one step. */
export async function readBackOnce(ports: ReadBackPorts, claim: Claim): Promise<Claim> {
  const looked = await lookUp(ports, claim);
  const scan = isSought(looked) && awaitsListScan(looked, ports.policy);
  return scan ? scanList(ports, looked) : looked;
}

async function lookUp(ports: ReadBackPorts, claim: Claim): Promise<Claim> {
  const { broker, clock, ledger, policy } = ports;
  const readAt = clock.now();
  const lookup = await broker.orderByClientId(claim.clientOrderId);
  switch (lookup.kind) {
    case "found": {
      const order = { type: "order", order: lookup.order, source: "read_back" } as const;
      return (await ledger.record(claim.key, { ...order, now: clock.now() })).claim;
    }
    case "not_found": {
      const read = { type: "not_found", scope: "single", readAt, policy } as const;
      return (await ledger.record(claim.key, { ...read, now: clock.now() })).claim;
    }
    case "unknown":
      return claim;
  }
}

async function scanList(ports: ReadBackPorts, claim: Claim): Promise<Claim> {
  const { broker, clock, ledger, policy } = ports;
  const readAt = clock.now();
  const reading = await broker.orders({
    status: "all",
    after: claim.openedAt - SCAN_MARGIN_MS,
    until: postOverAt(claim, policy.postDeadlineMs) + SCAN_MARGIN_MS,
  });
  if (reading.kind === "unknown") return claim;
  const order = reading.value.find(({ clientOrderId }) => clientOrderId === claim.clientOrderId);
  const now = clock.now();
  const result =
    order === undefined
      ? await ledger.record(claim.key, { type: "not_found", scope: "list", readAt, now, policy })
      : await ledger.record(claim.key, { type: "order", order, source: "read_back", now });
  return result.claim;
}
