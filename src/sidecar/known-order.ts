/**
 * An order in Alpaca's shape from what the ledger knows of it, for a repeat while the broker cannot
 * be read. What only the broker knows is null; nothing in it is newer than the last read.
 */
import type { Claim } from "../claim/claim.ts";
import { averagePriceOf } from "../claim/claim.ts";
import type { EpochMs } from "../core/clock.ts";
import { positionIntentOf } from "../gateway/order-request.ts";
import { isCombo } from "../identity/combo.ts";

/** The JSON text; undefined where the broker is not known to have the order. */
export function lastKnownOrder(claim: Claim): string | undefined {
  if (claim.brokerOrderId === null) return undefined;
  const { intent } = claim;
  // The broker shows such an order without a symbol, a side and what it does with the position.
  const combo = isCombo(intent);
  const endedAs = (status: string) =>
    claim.orderStatus === status && claim.certainAt !== null ? timeOf(claim.certainAt) : null;
  return JSON.stringify({
    id: claim.brokerOrderId,
    client_order_id: claim.clientOrderId,
    created_at: timeOf(claim.openedAt),
    updated_at: timeOf(claim.certainAt ?? claim.openedAt),
    submitted_at: timeOf(claim.openedAt),
    filled_at: endedAs("filled"),
    expired_at: endedAs("expired"),
    expires_at: null,
    canceled_at: endedAs("canceled"),
    failed_at: endedAs("rejected"),
    replaced_at: null,
    replaced_by: null,
    replaces: null,
    asset_id: null,
    symbol: combo ? "" : intent.symbol,
    asset_class: null,
    notional: intent.notional,
    qty: intent.quantity,
    filled_qty: claim.bookedQuantity,
    filled_avg_price: averagePriceOf(claim),
    order_class: intent.extension?.order_class ?? "",
    order_type: intent.type,
    type: intent.type,
    side: combo ? "" : intent.side,
    ...(combo ? {} : { position_intent: positionIntentOf(intent) }),
    time_in_force: intent.timeInForce,
    limit_price: (combo ? intent.extension?.limit_price : intent.limitPrice) ?? null,
    stop_price: intent.stopPrice,
    status: claim.orderStatus,
    extended_hours: intent.extendedHours,
    legs: null,
    trail_percent: intent.trailPercent,
    trail_price: intent.trailPrice,
    hwm: null,
    subtag: null,
    source: null,
  });
}

function timeOf(instant: EpochMs): string {
  return new Date(instant).toISOString();
}
