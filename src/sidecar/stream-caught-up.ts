/**
 * Trade updates that the stream did not tell, made from what the broker's order shows. Pure.
 *
 * 1. Each is marked: `data.tradelatch = {"caught_up": true}`.
 * 2. A missed fill has the quantity that is missing and the price that follows from the average
 *    prices before and after it. Several fills of the broker may have become one here.
 * 3. What only the stream could tell is null: the execution's id and the position after it.
 */
import {
  type DecimalText,
  decimal,
  decimalPlaces,
  divide,
  isZero,
  multiply,
  subtract,
  toFixed,
  ZERO,
} from "../core/decimal.ts";
import {
  type Amount,
  type Execution,
  type OrderReading,
  TRADE_UPDATES,
  type TradeUpdate,
  type WireOrder,
} from "./trade-update.ts";

/** A quotient that has no end is rounded here; the broker's averages have fewer digits. */
const CAUGHT_UP_PRICE_DECIMALS = 9;

/** Where an order notes when something happened to it. */
const TIME_FIELDS: Readonly<Record<string, string>> = {
  fill: "filled_at",
  canceled: "canceled_at",
  expired: "expired_at",
  rejected: "failed_at",
  replaced: "replaced_at",
};

/** What an order that is only partly filled cannot show yet. */
const NOT_YET: WireOrder = {
  filled_at: null,
  canceled_at: null,
  expired_at: null,
  failed_at: null,
  replaced_at: null,
  replaced_by: null,
};

/** The fill that takes an order from one amount to the other. */
export function missedFill(
  event: "fill" | "partial_fill",
  order: OrderReading,
  from: Amount,
): TradeUpdate {
  const quantity = subtract(order.filled, from.filled);
  const price = priceBetween(from, order);
  const fill = { execution_id: null, price, qty: quantity, position_qty: null };
  return caughtUp(event, order, fill, { quantity, price });
}

/** A change of status; its event has the status's name, or is the refusal of a request. */
export function missedStatus(event: string, order: OrderReading): TradeUpdate {
  return caughtUp(event, order, {}, undefined);
}

/** What was filled before the last execution of `order`; undefined prices leave it unpriced. */
export function amountBefore(order: Amount, execution: Execution): Amount {
  const filled = subtract(order.filled, execution.quantity);
  if (isZero(filled) || order.average === null || execution.price === null) {
    return { filled, average: null };
  }
  const cost = subtract(
    multiply(order.filled, order.average),
    multiply(execution.quantity, execution.price),
  );
  return { filled, average: divide(cost, filled) };
}

/** The order as it was when it was filled up to `amount` and not over. */
export function partlyFilled(order: OrderReading, amount: Amount): OrderReading {
  const average = amount.average === null ? null : rounded(amount.average);
  const status = "partially_filled";
  const shown = { status, filled_qty: amount.filled, filled_avg_price: average };
  return { ...order, ...amount, status, wire: { ...order.wire, ...NOT_YET, ...shown } };
}

/** The average price of what lies between; the later average where the earlier is not known. */
function priceBetween(from: Amount, to: Amount): DecimalText | null {
  const quantity = subtract(to.filled, from.filled);
  if (to.average === null || isZero(quantity)) return to.average;
  if (from.average === null && !isZero(from.filled)) return rounded(to.average);
  const costBefore = multiply(from.filled, from.average ?? ZERO);
  return rounded(divide(subtract(multiply(to.filled, to.average), costBefore), quantity));
}

function rounded(price: DecimalText): DecimalText {
  if (decimalPlaces(price) <= CAUGHT_UP_PRICE_DECIMALS) return price;
  return decimal(toFixed(price, CAUGHT_UP_PRICE_DECIMALS));
}

function caughtUp(
  event: string,
  order: OrderReading,
  fill: WireOrder,
  execution: Execution | undefined,
): TradeUpdate {
  const { wire } = order;
  const timestamp = wire[TIME_FIELDS[event] ?? ""] ?? wire.updated_at ?? wire.submitted_at ?? null;
  const mark = { caught_up: true };
  const data = { event, timestamp, ...fill, order: wire, tradelatch: mark };
  const frame = JSON.stringify({ stream: TRADE_UPDATES, data });
  const key = `${event} caught up ${order.filled}`;
  return { event, order, execution, key, data, frame, caughtUp: true };
}
