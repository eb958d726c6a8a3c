/**
 * What the broker's trade-updates stream says, read as far as the relay has to understand it.
 *
 * 1. The broker's own text of a frame is kept and relayed as it came, byte for byte.
 * 2. Amounts stay decimal text. An order that cannot be read is `undefined`, never a guess.
 * 3. Nothing here decides what is news: stream-transitions.ts does.
 */
import { type DecimalText, parseDecimal, ZERO } from "../core/decimal.ts";
import { isTooDeep } from "../core/json-shape.ts";

/** The channel's name on the wire. */
export const TRADE_UPDATES = "trade_updates";

export type WireObject = Readonly<Record<string, unknown>>;
/** An order as the broker's own JSON object. */
export type WireOrder = WireObject;

/** A cumulative filled quantity and the average price of all of it. */
export interface Amount {
  readonly filled: DecimalText;
  /** Null while nothing is filled, or where the broker does not say. */
  readonly average: DecimalText | null;
}

/** What the relay reads of an order. */
export interface OrderReading extends Amount {
  readonly id: string;
  readonly status: string;
  /** By the broker's clock, in its own text. */
  readonly updatedAt: string | null;
  readonly wire: WireOrder;
}

/** One fill's own quantity and price. */
export interface Execution {
  readonly quantity: DecimalText;
  readonly price: DecimalText | null;
}

/** One trade update: from the stream, or computed by us after a gap. */
export interface TradeUpdate {
  /** The broker's word: `new`, `fill`, `partial_fill`, `canceled` and so on. */
  readonly event: string;
  /** Undefined when the order could not be read; such an update is relayed as it came. */
  readonly order: OrderReading | undefined;
  /** For fills whose quantity could be read. */
  readonly execution: Execution | undefined;
  /** The same for every repetition of this event. */
  readonly key: string;
  readonly data: WireObject;
  /** The whole frame, as it goes to the listeners. */
  readonly frame: string;
  /** True: the stream did not tell this; it was computed from the order. */
  readonly caughtUp: boolean;
}

export type BrokerFrame =
  | { readonly kind: "authorization"; readonly authorized: boolean }
  | { readonly kind: "listening"; readonly streams: readonly unknown[] }
  | { readonly kind: "update"; readonly update: TradeUpdate }
  | { readonly kind: "other" }
  | { readonly kind: "unreadable" };

const UNREADABLE: BrokerFrame = { kind: "unreadable" };

export function readBrokerFrame(text: string): BrokerFrame {
  const frame = parsedObject(text);
  if (frame === undefined) return UNREADABLE;
  const data = asObject(frame.data);
  switch (frame.stream) {
    case "authorization":
      return { kind: "authorization", authorized: data?.status === "authorized" };
    case "listening":
      return { kind: "listening", streams: Array.isArray(data?.streams) ? data.streams : [] };
    case TRADE_UPDATES:
      return data === undefined ? UNREADABLE : { kind: "update", update: readUpdate(data, text) };
    default:
      return { kind: "other" };
  }
}

function readUpdate(data: WireObject, frame: string): TradeUpdate {
  const event = textOf(data.event) ?? "";
  const order = readOrder(data.order);
  const quantity = readDecimal(data.qty);
  const execution =
    quantity === undefined ? undefined : { quantity, price: readDecimal(data.price) ?? null };
  const named = textOf(data.execution_id) ?? textOf(data.event_id);
  const key = `${event} ${named ?? `${textOf(data.timestamp)} ${order?.updatedAt}`}`;
  return { event, order, execution, key, data, frame, caughtUp: false };
}

/** The order that `value` shows, or undefined when its identity or its fills cannot be read. */
export function readOrder(value: unknown): OrderReading | undefined {
  const wire = asObject(value);
  const id = textOf(wire?.id);
  const filled = wire?.filled_qty == null ? ZERO : readDecimal(wire.filled_qty);
  if (wire === undefined || id === undefined || filled === undefined) return undefined;
  return {
    id,
    status: textOf(wire.status) ?? "",
    filled,
    average: readDecimal(wire.filled_avg_price) ?? null,
    updatedAt: textOf(wire.updated_at) ?? null,
    wire,
  };
}

/** `text` as a JSON object (not an array, not null, with a bottom), or undefined. */
export function parsedObject(text: string): WireObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isTooDeep(value) ? undefined : asObject(value);
  } catch {
    return undefined;
  }
}

/** `value` as an object (not an array, not null), or undefined. */
export function asObject(value: unknown): WireObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as WireObject)
    : undefined;
}

/** `value` when it is text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The broker writes amounts as text; a JSON number is taken by its shortest text. */
function readDecimal(value: unknown): DecimalText | undefined {
  return typeof value === "string" || typeof value === "number"
    ? parseDecimal(String(value))
    : undefined;
}
