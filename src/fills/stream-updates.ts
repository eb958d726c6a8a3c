/**
 * The fast path of fills: an order that the trade-updates stream tells of is put on record before
 * any listener hears of it. An order that no claim knows is nobody's. What fails here, polling
 * makes up for.
 */
import type { WireOrder } from "../broker/broker.ts";
import { type Claim, isAccepted } from "../claim/claim.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import { parentKeyOf } from "../claim/family.ts";
import { isLive } from "../claim/transitions.ts";
import { isZero } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
import { type RecorderPorts, recordOrder } from "./order-recorder.ts";

export interface StreamPorts extends RecorderPorts {
  readonly account: AccountId;
}

export async function recordUpdate(ports: StreamPorts, wire: WireOrder): Promise<void> {
  const order = ports.broker.readWireOrder(wire);
  const claim = order && (await claimOf(ports, order));
  if (order === undefined || claim === undefined) return;
  if (!isZero(order.filledQuantity)) await recordEntryOf(ports, claim);
  await recordOrder(ports, claim, order, "stream");
}

/** By the broker's id, or by ours where the answer that would have told the broker's was lost. */
async function claimOf(
  { ledger, account }: StreamPorts,
  { brokerOrderId, clientOrderId }: BrokerOrder,
): Promise<Claim | undefined> {
  const known = await ledger.claimOfOrder(account, brokerOrderId);
  if (known !== undefined) return known;
  const claims = await ledger.unsettledClaims(account);
  return claims.find((claim) => claim.clientOrderId === clientOrderId && !isAccepted(claim));
}

/** A leg sells what its entry bought: an entry whose last fill the stream lost is read first. */
async function recordEntryOf(ports: StreamPorts, leg: Claim): Promise<void> {
  const key = parentKeyOf(leg);
  const entry = key && (await ports.ledger.claimOf(key));
  if (entry === undefined || !isLive(entry.status) || entry.brokerOrderId === null) return;
  if (entry.intent.side === leg.intent.side) return;
  const lookup = await ports.broker.orderById(entry.brokerOrderId);
  if (lookup.kind === "found") await recordOrder(ports, entry, lookup.order, "stream");
}
