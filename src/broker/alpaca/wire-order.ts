/**
 * An order as Alpaca writes it, turned into ours.
 *
 * 1. Strict on every field that a decision rests on; further fields and unknown statuses pass.
 * 2. A body that is not such an order is `undefined`: the caller calls it ambiguous or unknown.
 * 3. An order that filled something without a price is not readable: its cost would be a guess.
 */
import { z } from "zod";

import type { BrokerOrder } from "../../claim/evidence.ts";
import { type DecimalText, parseDecimal, signOf } from "../../core/decimal.ts";
import type { BrokerOrderId, ClientOrderId } from "../../core/ids.ts";
import type { WireOrder } from "../broker.ts";
import { asJsonObject, parseJsonText } from "./json-text.ts";

/** A decimal of either sign; a number arrives as its text from {@link parseJsonText}. */
export const wireDecimal = z.string().transform((text, context): DecimalText => {
  const value = parseDecimal(text);
  if (value !== undefined) return value;
  context.addIssue({ code: "custom", message: "not a decimal number" });
  return z.NEVER;
});

const unsignedDecimal = wireDecimal.refine((value) => signOf(value) >= 0, "negative");
const optionalDecimal = unsignedDecimal.nullish().transform((value) => value ?? null);
const word = z.string().min(1);
const optionalOrderId = word.nullish().transform((id) => (id ?? null) as BrokerOrderId | null);

const optionalTime = z
  .string()
  .refine((text) => Number.isFinite(Date.parse(text)), "not a time")
  .nullish()
  .transform((text) => (text == null ? null : Date.parse(text)));

const wireOrder = z
  .object({
    id: word,
    client_order_id: word,
    symbol: word,
    side: z.enum(["buy", "sell"]),
    status: word,
    qty: optionalDecimal,
    notional: optionalDecimal,
    filled_qty: unsignedDecimal,
    filled_avg_price: optionalDecimal,
    type: word,
    time_in_force: word,
    limit_price: wireDecimal.nullish().transform((value) => value ?? null),
    stop_price: optionalDecimal,
    submitted_at: optionalTime,
    replaced_by: optionalOrderId,
    replaces: optionalOrderId,
  })
  .refine((order) => order.qty !== null || order.notional !== null, "neither qty nor notional")
  .refine(
    (order) => signOf(order.filled_qty) === 0 || order.filled_avg_price !== null,
    "filled without a price",
  );

/** The order that `value` (from {@link parseJsonText}) shows, or undefined. */
export function readOrder(value: unknown): BrokerOrder | undefined {
  const parsed = wireOrder.safeParse(value);
  if (!parsed.success) return undefined;
  const order = parsed.data;
  return {
    brokerOrderId: order.id as BrokerOrderId,
    clientOrderId: order.client_order_id as ClientOrderId,
    symbol: order.symbol,
    side: order.side,
    quantity: order.qty,
    notional: order.notional,
    type: order.type,
    timeInForce: order.time_in_force,
    limitPrice: order.limit_price,
    stopPrice: order.stop_price,
    status: order.status,
    filledQuantity: order.filled_qty,
    filledAveragePrice: order.filled_avg_price,
    submittedAt: order.submitted_at,
    replacedBy: order.replaced_by,
    replaces: order.replaces,
  };
}

/** The order that a body shows, or undefined. */
export function readOrderBody(body: string): BrokerOrder | undefined {
  return readOrder(parseJsonText(body));
}

/** A page of orders: those we can express, and how many entries it had. */
export interface OrdersPage {
  readonly orders: readonly BrokerOrder[];
  readonly length: number;
}

/**
 * Every order of a list's body, or undefined when one of them cannot be read. Multi-leg option
 * orders are left out: they have neither symbol nor side, and none of them can be one of ours.
 */
export function readOrdersBody(body: string): OrdersPage | undefined {
  const entries = parseJsonText(body);
  if (!Array.isArray(entries)) return undefined;
  const orders: BrokerOrder[] = [];
  for (const entry of entries) {
    if (asJsonObject(entry)?.order_class === "mleg") continue;
    const order = readOrder(entry);
    if (order === undefined) return undefined;
    orders.push(order);
  }
  return { orders, length: entries.length };
}

/** The orders of a list as they are, or undefined when one of them is no order. */
export function readWireOrders(body: string): readonly WireOrder[] | undefined {
  const value = parsedJson(body);
  if (!Array.isArray(value)) return undefined;
  const orders = value.map((order) => asJsonObject(order));
  return orders.every((order) => order !== undefined && typeof order.id === "string")
    ? (orders as readonly WireOrder[])
    : undefined;
}

/** Unlike parseJsonText, keeps numbers as they are: these orders are handed on, not computed. */
function parsedJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
