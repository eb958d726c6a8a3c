/**
 * Whether an order could trade against the account's own working order on the other side. Pure.
 *
 * Orders without a fixed price can meet anything; two priced orders meet when the buyer would pay
 * what the seller asks. Orders of a bracket, oco or oto are exempt: that is the way out that the
 * broker's message names.
 */
import { compare, type DecimalText } from "../core/decimal.ts";
import type { Order, OrderTerms } from "./order.ts";
import { forbidden, type Refusal } from "./refusal.ts";

export function washTradeRefusal(
  terms: OrderTerms,
  working: readonly Order[],
): Refusal | undefined {
  if (terms.orderClass !== "simple") return undefined;
  const existing = working.find(
    (order) => order.orderClass === "simple" && couldMeet(terms, order),
  );
  if (existing === undefined) return undefined;
  return forbidden("potential wash trade detected. use complex orders", {
    existing_order_id: existing.id,
    reject_reason: `opposite side ${existing.type} order exists`,
  });
}

function couldMeet(terms: OrderTerms, order: Order): boolean {
  if (order.side === terms.side) return false;
  const bid = fixedPrice(terms.side === "buy" ? terms : order);
  const ask = fixedPrice(terms.side === "sell" ? terms : order);
  return bid === null || ask === null || compare(bid, ask) >= 0;
}

function fixedPrice(order: OrderTerms): DecimalText | null {
  return order.limitPrice ?? order.stopPrice;
}
