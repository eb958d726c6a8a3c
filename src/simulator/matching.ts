/**
 * What the market does with a working order at one price. Pure: it decides, the trading floor acts.
 *
 * There is one price per symbol and no depth: whatever can trade trades at exactly that price, in
 * full unless its fill plan says otherwise. A limit is therefore always met or bettered.
 */

import { Decimal } from "decimal.js";
import {
  add,
  compare,
  type DecimalText,
  decimal,
  divide,
  isZero,
  minimum,
  multiply,
  QUANTITY_DECIMALS,
  signOf,
  subtract,
} from "../core/decimal.ts";
import { type Order, remainingQuantity } from "./order.ts";

export type MatchDecision =
  | { readonly kind: "wait" }
  /** The stop price was reached; ask again. */
  | { readonly kind: "trigger" }
  | { readonly kind: "fill"; readonly quantity: DecimalText; readonly complete: boolean };

const WAIT: MatchDecision = { kind: "wait" };
const HUNDRED = decimal("100");

export function decideMatch(order: Order, price: DecimalText | undefined): MatchDecision {
  if (price === undefined || !order.armed || order.fillPlan.kind === "script") return WAIT;
  if (needsTrigger(order) && !order.triggered) {
    return isStopReached(order, price) ? { kind: "trigger" } : WAIT;
  }
  if (!isLimitMet(order, price)) return WAIT;
  const whole = fillableQuantity(order, price);
  const plan = order.fillPlan;
  const quantity = plan.kind === "part" ? minimum(plan.quantity, whole) : whole;
  const complete = compare(quantity, whole) === 0;
  if (order.timeInForce === "fok" && !complete) return WAIT;
  return isZero(quantity) ? WAIT : { kind: "fill", quantity, complete };
}

/** Shares still to be filled; for a notional order, those that the rest of its money buys. */
export function fillableQuantity(order: Order, price: DecimalText): DecimalText {
  if (order.notional === null) return remainingQuantity(order);
  const shares = divide(subtract(order.notional, order.filledCost), price);
  return decimal(new Decimal(shares).toFixed(QUANTITY_DECIMALS, Decimal.ROUND_DOWN));
}

/** The new best price of a trailing stop, and the stop price that follows from it. */
export function trail(
  order: Order,
  price: DecimalText,
): Pick<Order, "highWaterMark" | "stopPrice"> {
  const { highWaterMark, side } = order;
  const direction = side === "sell" ? 1 : -1;
  const better = highWaterMark === null || compare(price, highWaterMark) === direction;
  const best = better ? price : highWaterMark;
  const distance = order.trailPrice ?? percentOf(order, best);
  const stopPrice = side === "sell" ? subtract(best, distance) : add(best, distance);
  return { highWaterMark: best, stopPrice };
}

function percentOf(order: Order, best: DecimalText): DecimalText {
  return divide(multiply(best, order.trailPercent ?? HUNDRED), HUNDRED);
}

function needsTrigger(order: Order): boolean {
  return order.type === "stop" || order.type === "stop_limit" || order.type === "trailing_stop";
}

function isStopReached(order: Order, price: DecimalText): boolean {
  if (order.stopPrice === null) return false;
  const beyond = signOf(subtract(price, order.stopPrice));
  return order.side === "buy" ? beyond >= 0 : beyond <= 0;
}

function isLimitMet(order: Order, price: DecimalText): boolean {
  if (order.limitPrice === null) return true;
  const beyond = compare(price, order.limitPrice);
  return order.side === "buy" ? beyond <= 0 : beyond >= 0;
}
