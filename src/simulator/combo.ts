/**
 * A combo: one order of several option contracts (order class `mleg`) that trades as a whole, at
 * the net price of its legs. Pure.
 *
 * The combo's own record has no symbol and counts as a buy at the net price: a debit is positive,
 * a credit negative. Its legs are orders that never move by themselves.
 */
import { add, type DecimalText, multiply, negate, ZERO } from "../core/decimal.ts";
import type { Order, OrderTerms } from "./order.ts";
import type { RequestedLeg } from "./order-request.ts";

/** The parts of a leg that its price depends on. */
type PricedLeg = Pick<RequestedLeg, "symbol" | "side" | "ratio">;

export function isCombo(order: Pick<Order, "orderClass" | "parentId">): boolean {
  return order.orderClass === "mleg" && order.parentId === null;
}

export function isComboLeg(order: Pick<Order, "orderClass" | "parentId">): boolean {
  return order.orderClass === "mleg" && order.parentId !== null;
}

/** What one combo costs per share; undefined while a leg has no price. */
export function netPrice(
  legs: readonly PricedLeg[],
  priceOf: (symbol: string) => DecimalText | undefined,
): DecimalText | undefined {
  let net: DecimalText = ZERO;
  for (const { symbol, side, ratio } of legs) {
    const price = priceOf(symbol);
    if (price === undefined) return undefined;
    const amount = multiply(ratio, price);
    net = add(net, side === "buy" ? amount : negate(amount));
  }
  return net;
}

/** The leg as it was asked for, taken from its order. */
export function requestedLeg(leg: Order): RequestedLeg {
  const { symbol, side, positionIntent } = leg;
  return { symbol, side, ratio: leg.ratio ?? ZERO, positionIntent };
}

export function comboLegTerms(
  terms: OrderTerms,
  { symbol, side, ratio }: RequestedLeg,
): OrderTerms {
  const quantity = multiply(ratio, terms.quantity ?? ZERO);
  return { ...terms, symbol, side, quantity, limitPrice: null };
}
