/** A finding as JSON: ids, terms and states, times as text. */
import type { EpochMs } from "../core/clock.ts";
import type { Finding } from "./finding.ts";
import type { RecordedClaim, RecordedOrder } from "./recorded.ts";

export function findingView({ kind, reasons, match, claim, orders, candidates }: Finding) {
  const ofClaim = claim === null ? null : claimOf(claim);
  return { kind, reasons, match, claim: ofClaim, orders: orders.map(orderOf), candidates };
}

function claimOf(claim: RecordedClaim) {
  const { account, agent, requestId, clientOrderId, brokerOrderId, records, ...rest } = claim;
  const { symbol, side, quantity, notional, filled, averagePrice, says, word, at } = rest;
  return {
    ...{ account, agent, requestId, clientOrderId, brokerOrderId, at: timeText(at) },
    ...{ symbol, side, quantity, notional, filled, averagePrice, says, word, records },
  };
}

function orderOf(order: RecordedOrder) {
  const { id, clientOrderId, symbol, side, quantity, notional, filled, records, ...rest } = order;
  const { averagePrice, status, at, replaces, replacedBy, parent } = rest;
  return {
    ...{ id, clientOrderId, at: timeText(at), symbol, side, quantity, notional },
    ...{ filled, averagePrice, status, replaces, replacedBy, parent, records },
  };
}

function timeText(at: EpochMs | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
