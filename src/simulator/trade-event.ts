/** What happened to an order, as the trade-updates stream and the activities report it. */
import type { DecimalText } from "../core/decimal.ts";
import type { Order } from "./order.ts";
import type { Timestamp } from "./timestamp.ts";

export type TradeEventName =
  | "accepted"
  | "new"
  | "fill"
  | "partial_fill"
  | "canceled"
  | "expired"
  | "replaced"
  | "order_replace_rejected"
  | "rejected"
  | "pending_cancel"
  | "pending_replace";

export interface Execution {
  readonly executionId: string;
  readonly price: DecimalText;
  /** Of this fill alone. */
  readonly quantity: DecimalText;
  /** Signed position in the symbol after the fill; null for a combo, which has no symbol. */
  readonly positionQuantity: DecimalText | null;
}

export interface TradeEvent {
  readonly event: TradeEventName;
  readonly timestamp: Timestamp;
  /** The order as it is after the event. */
  readonly order: Order;
  /** Present for fill and partial_fill. */
  readonly execution?: Execution;
}
