/**
 * The record of one order, and what its status means. Records are never changed in place: the book
 * puts a new one in the old one's stead.
 */
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, subtract, ZERO } from "../core/decimal.ts";
import type { Timestamp } from "./timestamp.ts";

export type OrderSide = "buy" | "sell";
export type OrderType = "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";
export type TimeInForce = "day" | "gtc" | "opg" | "cls" | "ioc" | "fok";
export type OrderClass = "simple" | "bracket" | "oco" | "oto" | "mleg";
export type PositionIntent = "buy_to_open" | "buy_to_close" | "sell_to_open" | "sell_to_close";

export type OrderStatus =
  | "pending_new"
  | "accepted"
  | "new"
  | "held"
  | "partially_filled"
  | "filled"
  | "pending_cancel"
  | "canceled"
  | "expired"
  | "pending_replace"
  | "replaced"
  | "rejected";

/** How the order is to be filled once the market allows it. */
export type FillPlan =
  | { readonly kind: "full" }
  /** First this quantity only; then in full, or only as scripted. */
  | { readonly kind: "part"; readonly quantity: DecimalText; readonly rest: "full" | "script" }
  /** Only through `POST /sim/fills`. */
  | { readonly kind: "script" };

/** What the order asks for; all of it is settled when the order is accepted. */
export interface OrderTerms {
  readonly symbol: string;
  readonly side: OrderSide;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly orderClass: OrderClass;
  readonly quantity: DecimalText | null;
  /** US dollars, in the place of a quantity. */
  readonly notional: DecimalText | null;
  readonly limitPrice: DecimalText | null;
  readonly stopPrice: DecimalText | null;
  readonly trailPrice: DecimalText | null;
  readonly trailPercent: DecimalText | null;
  readonly extendedHours: boolean;
}

export interface Order extends OrderTerms {
  readonly id: string;
  readonly clientOrderId: string;
  readonly assetId: string;
  readonly positionIntent: PositionIntent;
  readonly status: OrderStatus;
  readonly filledQuantity: DecimalText;
  /** Sum of quantity times price over all fills. */
  readonly filledCost: DecimalText;
  readonly averagePrice: DecimalText | null;
  /** The best price a trailing stop has seen. */
  readonly highWaterMark: DecimalText | null;
  /** Whether a stop order's stop price was reached. */
  readonly triggered: boolean;
  /** Whether it may trade: the legs of a bracket may not before its entry has filled. */
  readonly armed: boolean;
  readonly parentId: string | null;
  /** Of the order that a bracket, oto or oco began with, through all replacements; else null. */
  readonly groupId: string | null;
  readonly legIds: readonly string[];
  /** Contracts of this leg in one combo; null for whatever is not a combo's leg. */
  readonly ratio: DecimalText | null;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  readonly createdAt: Timestamp;
  readonly submittedAt: Timestamp;
  readonly updatedAt: Timestamp;
  readonly filledAt: Timestamp | null;
  readonly canceledAt: Timestamp | null;
  readonly expiredAt: Timestamp | null;
  readonly replacedAt: Timestamp | null;
  readonly failedAt: Timestamp | null;
  readonly expiresAt: EpochMs | null;
  readonly fillPlan: FillPlan;
  /** The broker will turn it down after having answered 200. */
  readonly rejectLater: boolean;
  /** When a cancel that is stuck in pending_cancel goes through after all. */
  readonly cancelAt: EpochMs | null;
  readonly hiddenFromListsUntil: EpochMs;
  readonly hiddenFromClientIdUntil: EpochMs;
}

const ENDED: ReadonlySet<OrderStatus> = new Set([
  "filled",
  "canceled",
  "expired",
  "replaced",
  "rejected",
]);

/** Whether the order can still trade or be canceled. */
export function isWorking(order: Order): boolean {
  return !ENDED.has(order.status);
}

/** Shares still to be filled; zero for a notional order, whose shares depend on the price. */
export function remainingQuantity(order: Order): DecimalText {
  return order.quantity === null ? ZERO : subtract(order.quantity, order.filledQuantity);
}

export function opposite(side: OrderSide): OrderSide {
  return side === "buy" ? "sell" : "buy";
}
