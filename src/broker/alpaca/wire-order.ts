/**
 * An order as Alpaca writes it, turned into ours. Read field by field: every order and each of its
 * updates come this way, and a schema takes several times as long.
 *
 * 1. Strict on every field that a decision rests on; further fields and unknown statuses pass.
 * 2. A body that is not such an order is `undefined`: the caller calls it ambiguous or unknown.
 * 3. An order that filled something without a price is not readable: its cost would be a guess.
 */
import type { BrokerOrder } from "../../claim/evidence.ts";
import { type DecimalText, parseDecimal, signOf } from "../../core/decimal.ts";
import type { BrokerOrderId, ClientOrderId } from "../../core/ids.ts";
import { isTooDeep } from "../../core/json-shape.ts";
import { asJsonObject, parseJsonText, withNumbersAsText } from "../../core/json-text.ts";
import { COMBO_SYMBOL } from "../../identity/combo.ts";
import { plainSymbol } from "../../identity/symbol.ts";
import type { WireOrder } from "../broker.ts";

/** What the fields were read as: null where one is not told, undefined where it is unreadable. */
type ReadFields = { readonly [Name in keyof Required<BrokerOrder>]: BrokerOrder[Name] | undefined };
type OwnFields = Pick<ReadFields, "symbol" | "side" | "type" | "filledAveragePrice">;

/** The order that `value` (from {@link parseJsonText}) shows, or undefined. */
export function readOrder(value: unknown): BrokerOrder | undefined {
  const wire = asJsonObject(value);
  if (wire === undefined) return undefined;
  const order = wire.order_class === "mleg" ? readCombo(wire) : readSingle(wire);
  if (order === undefined || wire.legs === undefined || wire.legs === null) return order;
  const legs = readLegs(wire.legs, order.type);
  if (legs === undefined) return undefined;
  return legs.length === 0 ? order : { ...order, legs };
}

function readSingle(wire: WireOrder): BrokerOrder | undefined {
  const order = orderOf(wire, {
    symbol: symbolOf(wire.symbol),
    side: sideOf(wire.side),
    type: wordOf(wire.type),
    filledAveragePrice: orNull(wire.filled_avg_price, unsignedOf),
  });
  return order !== undefined && order.quantity === null && order.notional === null
    ? undefined
    : order;
}

/** Neither symbol nor side, and a net price of either sign. */
function readCombo(wire: WireOrder): BrokerOrder | undefined {
  return orderOf(wire, {
    symbol: COMBO_SYMBOL,
    side: "buy",
    type: wordOf(wire.type),
    filledAveragePrice: orNull(wire.filled_avg_price, decimalOf),
  });
}

function readLegs(value: unknown, type: string): readonly BrokerOrder[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const legs = value.map((leg) => readLeg(asJsonObject(leg), type));
  return legs.every((leg) => leg !== undefined) ? legs : undefined;
}

/** A leg is an order whose type may be left to the order that it belongs to. */
function readLeg(wire: WireOrder | undefined, typeOfAll: string): BrokerOrder | undefined {
  if (wire === undefined) return undefined;
  const type = orNull(wire.type, textOf);
  return orderOf(wire, {
    symbol: symbolOf(wire.symbol),
    side: sideOf(wire.side),
    type: type === undefined ? undefined : type || typeOfAll,
    filledAveragePrice: orNull(wire.filled_avg_price, unsignedOf),
  });
}

function orderOf(wire: WireOrder, own: OwnFields): BrokerOrder | undefined {
  // In the order of canonical JSON: see canonical-json.ts.
  const fields: Omit<ReadFields, "legs"> = {
    brokerOrderId: wordOf(wire.id) as BrokerOrderId | undefined,
    clientOrderId: wordOf(wire.client_order_id) as ClientOrderId | undefined,
    filledAveragePrice: own.filledAveragePrice,
    filledQuantity: unsignedOf(wire.filled_qty),
    limitPrice: orNull(wire.limit_price, decimalOf),
    notional: orNull(wire.notional, unsignedOf),
    quantity: orNull(wire.qty, unsignedOf),
    replacedBy: orNull(wire.replaced_by, wordOf) as BrokerOrderId | null | undefined,
    replaces: orNull(wire.replaces, wordOf) as BrokerOrderId | null | undefined,
    side: own.side,
    status: wordOf(wire.status),
    stopPrice: orNull(wire.stop_price, unsignedOf),
    submittedAt: orNull(wire.submitted_at, timeOf),
    symbol: own.symbol,
    timeInForce: wordOf(wire.time_in_force),
    type: own.type,
  };
  for (const name in fields) {
    if (fields[name as keyof typeof fields] === undefined) return undefined;
  }
  const order = fields as BrokerOrder;
  const hasPrice = signOf(order.filledQuantity) === 0 || order.filledAveragePrice !== null;
  return hasPrice ? order : undefined;
}

function orNull<Value>(
  value: unknown,
  read: (value: unknown) => Value | undefined,
): Value | null | undefined {
  return value === undefined || value === null ? null : read(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function wordOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function symbolOf(value: unknown): string | undefined {
  const word = wordOf(value);
  return word === undefined ? undefined : plainSymbol(word);
}

function sideOf(value: unknown): "buy" | "sell" | undefined {
  return value === "buy" || value === "sell" ? value : undefined;
}

/** Of either sign; a number arrives as its text from {@link parseJsonText}. */
function decimalOf(value: unknown): DecimalText | undefined {
  return typeof value === "string" ? parseDecimal(value) : undefined;
}

function unsignedOf(value: unknown): DecimalText | undefined {
  const amount = decimalOf(value);
  return amount === undefined || signOf(amount) < 0 ? undefined : amount;
}

function timeOf(value: unknown): number | undefined {
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isFinite(at) ? at : undefined;
}

/** The order that JSON which was parsed elsewhere shows, with its numbers as they are there. */
export function readParsedOrder(value: WireOrder): BrokerOrder | undefined {
  return isTooDeep(value) ? undefined : readOrder(withNumbersAsText(value));
}

/** The order that a body shows, or undefined. */
export function readOrderBody(body: string): BrokerOrder | undefined {
  return readOrder(parseJsonText(body));
}

/** A page of orders, and how many it had. */
export interface OrdersPage {
  readonly orders: readonly BrokerOrder[];
  /** The page as it came. */
  readonly body: string;
  /** With legs: whether Alpaca's `limit` counts them is documented nowhere. */
  readonly length: number;
  /** How many cannot be read; they are not among the orders. */
  readonly unread: number;
}

/** Every order of a list's body; undefined where that is no list. */
export function readOrdersBody(body: string): OrdersPage | undefined {
  const entries = parseJsonText(body);
  if (!Array.isArray(entries)) return undefined;
  const orders: BrokerOrder[] = [];
  let length = 0;
  for (const entry of entries) {
    const order = readOrder(entry);
    if (order !== undefined) orders.push(order);
    length += 1 + (order?.legs?.length ?? 0);
  }
  return { orders, body, length, unread: entries.length - orders.length };
}

/** Those of a page of orders that are orders at all, as they are. */
export function wireOrdersIn(body: string): readonly WireOrder[] {
  const value = parsedJson(body);
  return Array.isArray(value) ? value.filter(isWireOrder) : [];
}

/** The orders of a list as they are, or undefined when one of them is no order. */
export function readWireOrders(body: string): readonly WireOrder[] | undefined {
  const value = parsedJson(body);
  return Array.isArray(value) && value.every(isWireOrder) ? value : undefined;
}

function isWireOrder(value: unknown): value is WireOrder {
  return typeof asJsonObject(value)?.id === "string";
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
