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
import { isTooDeep } from "../../core/json-shape.ts";
import { asJsonObject, parseJsonText, withNumbersAsText } from "../../core/json-text.ts";
import { COMBO_SYMBOL } from "../../identity/combo.ts";
import { plainSymbol } from "../../identity/symbol.ts";
import type { WireOrder } from "../broker.ts";

/** A decimal of either sign; a number arrives as its text from {@link parseJsonText}. */
export const wireDecimal = z.string().transform((text, context): DecimalText => {
  const value = parseDecimal(text);
  if (value !== undefined) return value;
  context.addIssue("not a decimal number");
  return z.NEVER;
});

const unsignedDecimal = wireDecimal.refine((value) => signOf(value) >= 0);
const optionalDecimal = unsignedDecimal.nullish().transform((value) => value ?? null);
const word = z.string().min(1);
export const wireSymbol = word.transform(plainSymbol);
const optionalOrderId = word.nullish().transform((id) => (id ?? null) as BrokerOrderId | null);

const optionalTime = z
  .string()
  .refine((text) => Number.isFinite(Date.parse(text)))
  .nullish()
  .transform((text) => (text == null ? null : Date.parse(text)));

const orderFields = {
  id: word,
  client_order_id: word,
  status: word,
  qty: optionalDecimal,
  notional: optionalDecimal,
  filled_qty: unsignedDecimal,
  time_in_force: word,
  limit_price: wireDecimal.nullish().transform((value) => value ?? null),
  stop_price: optionalDecimal,
  submitted_at: optionalTime,
  replaced_by: optionalOrderId,
  replaces: optionalOrderId,
} as const;

interface FilledFields {
  readonly filled_qty: DecimalText;
  readonly filled_avg_price: DecimalText | null;
}

const hasAmount = (order: { readonly qty: unknown; readonly notional: unknown }) =>
  order.qty !== null || order.notional !== null;

const hasPrice = (order: FilledFields) =>
  signOf(order.filled_qty) === 0 || order.filled_avg_price !== null;

/** A leg is an order whose type may be left to the order that it belongs to. */
const wireLeg = z
  .object({
    ...orderFields,
    symbol: wireSymbol,
    side: z.enum(["buy", "sell"]),
    type: z.string().nullish(),
    filled_avg_price: optionalDecimal,
  })
  .refine(hasPrice);

const wireSingle = z
  .object({
    ...orderFields,
    symbol: wireSymbol,
    side: z.enum(["buy", "sell"]),
    type: word,
    filled_avg_price: optionalDecimal,
    legs: z.array(wireLeg).nullish(),
  })
  .refine(hasAmount)
  .refine(hasPrice);

/** Neither symbol nor side, and a net price of either sign. */
const wireCombo = z
  .object({
    ...orderFields,
    order_class: z.literal("mleg"),
    type: word,
    filled_avg_price: wireDecimal.nullish().transform((value) => value ?? null),
    legs: z.array(wireLeg).nullish(),
  })
  .refine(hasPrice)
  .transform((order) => ({ ...order, symbol: COMBO_SYMBOL, side: "buy" as const }));

type ReadOrder = z.output<typeof wireSingle> | z.output<typeof wireCombo>;
type ReadLeg = z.output<typeof wireLeg>;

/** The order that `value` (from {@link parseJsonText}) shows, or undefined. */
export function readOrder(value: unknown): BrokerOrder | undefined {
  const schema = asJsonObject(value)?.order_class === "mleg" ? wireCombo : wireSingle;
  const parsed = schema.safeParse(value);
  if (!parsed.success) return undefined;
  const order: ReadOrder = parsed.data;
  const { legs, type } = order;
  if (legs === null || legs === undefined || legs.length === 0) return orderOf(order, type);
  return { ...orderOf(order, type), legs: legs.map((leg) => orderOf(leg, leg.type || type)) };
}

function orderOf(order: ReadOrder | ReadLeg, type: string): BrokerOrder {
  return {
    brokerOrderId: order.id as BrokerOrderId,
    clientOrderId: order.client_order_id as ClientOrderId,
    symbol: order.symbol,
    side: order.side,
    quantity: order.qty,
    notional: order.notional,
    type,
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

/** The order that JSON which was parsed elsewhere shows, with its numbers as they are there. */
export function readParsedOrder(value: WireOrder): BrokerOrder | undefined {
  return isTooDeep(value) ? undefined : readOrder(withNumbersAsText(value));
}

/** The order that a body shows, or undefined. */
export function readOrderBody(body: string): BrokerOrder | undefined {
  return readOrder(parseJsonText(body));
}

/** A page of orders: those we can express, and how many entries it had. */
export interface OrdersPage {
  readonly orders: readonly BrokerOrder[];
  /** The page as it came. */
  readonly body: string;
  readonly length: number;
}

/** Every order of a list's body, or undefined when one of them cannot be read. */
export function readOrdersBody(body: string): OrdersPage | undefined {
  const entries = parseJsonText(body);
  if (!Array.isArray(entries)) return undefined;
  const orders: BrokerOrder[] = [];
  for (const entry of entries) {
    const order = readOrder(entry);
    if (order === undefined) return undefined;
    orders.push(order);
  }
  return { orders, body, length: entries.length };
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
    const value: unknown = JSON.parse(body);
    return isTooDeep(value) ? undefined : value;
  } catch {
    return undefined;
  }
}
