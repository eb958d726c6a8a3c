/** Claims and orders as files have them, for comparisons. */
import { compareRecords } from "../../src/comparison/compare-records.ts";
import type { Finding } from "../../src/comparison/finding.ts";
import { readClaim } from "../../src/comparison/read-claims.ts";
import { readOrder } from "../../src/comparison/read-orders.ts";

type Fields = Readonly<Record<string, unknown>>;

export const AT = "2026-05-21T13:42:00Z";

/** What another guard keeps of a buy of 6 TQQQ that it let through. */
export function item(fields: Fields = {}): Fields {
  const scope = { symbol: "TQQQ", side: "buy", qty: 6 };
  const state = { status: "COMMITTED", result: { client_order_id: "bot-1" } };
  return {
    request_id: "r-1",
    agent_id: "bot",
    action_type: "ORDER",
    timestamp: AT,
    scope,
    ...state,
    ...fields,
  };
}

/** What the broker shows of it. */
export function order(fields: Fields = {}): Fields {
  return {
    ...{ id: "order-1", client_order_id: "bot-1", symbol: "TQQQ", side: "buy", qty: "6" },
    ...{ notional: null, filled_qty: "6", filled_avg_price: "75.33", status: "filled" },
    ...{ submitted_at: AT, replaces: null, replaced_by: null, legs: null },
    ...fields,
  };
}

export function compared(claims: readonly unknown[], orders: readonly unknown[]) {
  return compareRecords(
    claims.map((claim, index) => readClaim(claim, `claims[${index}]`)),
    orders.flatMap((one, index) => readOrder(one, `orders[${index}]`)),
  );
}

/** Such as `r-1 order-1: confirmed identifiers_agree`. */
export function told({ claim, orders, kind, reasons }: Finding): string {
  const ids = orders.map(({ id, clientOrderId }) => id ?? clientOrderId);
  const names = [...(claim === null ? [] : [claim.requestId ?? claim.clientOrderId]), ...ids];
  return `${names.join(" ")}: ${kind} ${reasons.join(" ")}`;
}

export function findings(
  claims: readonly unknown[],
  orders: readonly unknown[],
): readonly string[] {
  return compared(claims, orders).findings.map(told);
}
