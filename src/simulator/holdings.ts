/**
 * What working orders hold back: shares that a working close has spoken for, and money that a
 * working opening order will cost. Pure.
 *
 * The legs of one bracket or oco exclude each other, so together they hold what the largest holds.
 */
import {
  absolute,
  add,
  compare,
  type DecimalText,
  multiply,
  signOf,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import type { Position } from "./account-books.ts";
import { isComboLeg } from "./combo.ts";
import { COMBO_MULTIPLIER, isOptionSymbol, multiplierOf } from "./option-contract.ts";
import { type Order, type OrderSide, remainingQuantity } from "./order.ts";

/** The side that would close a position of this sign; undefined when flat. */
export function closingSide(quantity: DecimalText): OrderSide | undefined {
  const sign = signOf(quantity);
  if (sign === 0) return undefined;
  return sign > 0 ? "sell" : "buy";
}

/** The working orders of `symbol` that are to close a position of `quantity`. */
export function closingOrders(
  symbol: string,
  quantity: DecimalText,
  working: readonly Order[],
): Order[] {
  const side = closingSide(quantity);
  return working.filter((order) => order.symbol === symbol && order.side === side && order.armed);
}

/** Shares of the position that working orders hold; never negative. */
export function heldQuantity(
  symbol: string,
  quantity: DecimalText,
  working: readonly Order[],
): DecimalText {
  const byGroup = new Map<string, DecimalText>();
  for (const order of closingOrders(symbol, quantity, working)) {
    const group = order.parentId ?? order.id;
    const held = byGroup.get(group) ?? ZERO;
    const remaining = remainingQuantity(order);
    byGroup.set(group, compare(remaining, held) > 0 ? remaining : held);
  }
  return [...byGroup.values()].reduce(add, ZERO);
}

/** Shares that a new close may still ask for; never negative. */
export function availableQuantity(position: Position, working: readonly Order[]): DecimalText {
  const held = heldQuantity(position.symbol, position.quantity, working);
  const free = subtract(absolute(position.quantity), held);
  return compare(free, ZERO) < 0 ? ZERO : free;
}

type CostTerms = Pick<
  Order,
  "symbol" | "orderClass" | "quantity" | "notional" | "limitPrice" | "stopPrice" | "filledQuantity"
>;

/** What the rest of the order will cost at its own price, or at the market's; zero if unknown. */
export function estimatedCost(order: CostTerms, marketPrice: DecimalText | undefined): DecimalText {
  if (order.notional !== null) return order.notional;
  const price = order.limitPrice ?? order.stopPrice ?? marketPrice ?? ZERO;
  const multiplier = order.orderClass === "mleg" ? COMBO_MULTIPLIER : multiplierOf(order.symbol);
  const units = subtract(order.quantity ?? ZERO, order.filledQuantity);
  return multiply(multiply(units, price), multiplier);
}

/**
 * Cash that is free for new positions: without what working opening orders will cost, and without
 * the proceeds of short sales and as much again, which secure the shares to be bought back.
 */
export function buyingPower(
  cash: DecimalText,
  positions: readonly Position[],
  working: readonly Order[],
  priceOf: (symbol: string) => DecimalText | undefined,
): DecimalText {
  let free = cash;
  for (const { symbol, quantity, averagePrice } of positions) {
    // A short option is covered by another, or it would not have been taken.
    if (signOf(quantity) > 0 || isOptionSymbol(symbol)) continue;
    const value = multiply(quantity, priceOf(symbol) ?? averagePrice);
    free = add(free, add(value, value));
  }
  for (const order of working) {
    if (isComboLeg(order) || !order.positionIntent.endsWith("_to_open")) continue;
    const cost = estimatedCost(order, priceOf(order.symbol));
    // A combo that pays a credit takes nothing up.
    if (signOf(cost) > 0) free = subtract(free, cost);
  }
  return compare(free, ZERO) < 0 ? ZERO : free;
}
