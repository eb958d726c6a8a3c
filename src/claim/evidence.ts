/**
 * Facts from the broker, in our words. The adapter writes them, `decide` weighs them. Nothing here
 * interprets: a shape that says nothing about the order is `ambiguous` or `unknown`, never a guess.
 */
import type { EpochMs } from "../core/clock.ts";
import { compare, type DecimalText, isZero } from "../core/decimal.ts";
import type { BrokerOrderId, ClientOrderId } from "../core/ids.ts";
import type { Side } from "../identity/intent.ts";

/** Where a fact came from. */
export type EvidenceSource =
  | "response"
  | "read_back"
  | "poll"
  | "stream"
  | "activities"
  | "operator";

/** An order as the broker shows it. */
export interface BrokerOrder {
  readonly brokerOrderId: BrokerOrderId;
  readonly clientOrderId: ClientOrderId;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: DecimalText | null;
  readonly notional: DecimalText | null;
  readonly type: string;
  readonly timeInForce: string;
  readonly limitPrice: DecimalText | null;
  readonly stopPrice: DecimalText | null;
  /** The broker's own word; see {@link isOver}. */
  readonly status: string;
  readonly filledQuantity: DecimalText;
  /** Null until something is filled. */
  readonly filledAveragePrice: DecimalText | null;
  readonly submittedAt: EpochMs | null;
  readonly replacedBy: BrokerOrderId | null;
  readonly replaces: BrokerOrderId | null;
  /** The orders inside this one; absent where the broker showed none. */
  readonly legs?: readonly BrokerOrder[];
}

/** What the latest reads of an order agree on. */
export interface OrderSighting {
  /** Null where none has succeeded yet. */
  readonly isShown: boolean | null;
  /** From the first to the last of the reads that agree. */
  readonly spanMs: number;
  /** Reads that have failed since; null where the last one succeeded. */
  readonly failing: FailingReads | null;
}

export interface FailingReads {
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
  /** Why the last of them failed. */
  readonly because: string;
}

/** Statuses after which the filled quantity cannot grow, as far as the broker says. */
const TERMINAL_STATUSES: ReadonlySet<string> = new Set([
  "filled",
  "canceled",
  "expired",
  "rejected",
]);

/**
 * Whether an order in `status` is over, by that word alone ({@link isOver}). `done_for_day`,
 * `calculated`, `stopped`, `suspended` and statuses that nobody has documented are not: waiting for
 * one that is over costs a read, taking a living one for dead costs a second order. `replaced`
 * hands its shares to another order.
 */
export function isTerminalStatus(status: string): boolean {
  return TERMINAL_STATUSES.has(status);
}

/** Done for the day or kept from trading: more may be executed later, unless all of it was. */
const SET_ASIDE: ReadonlySet<string> = new Set([
  "done_for_day",
  "calculated",
  "stopped",
  "suspended",
]);

/**
 * Whether the order can fill no more. One that is set aside has nothing left where all of its
 * shares are filled; while it is at work, or about to be replaced, its status has to say so.
 */
export function isOver(order: BrokerOrder): boolean {
  return isTerminalStatus(order.status) || (SET_ASIDE.has(order.status) && isWhole(order));
}

/** Whether every share that the order asks for is filled. */
export function isWhole({ quantity, filledQuantity }: BrokerOrder): boolean {
  return quantity !== null && !isZero(quantity) && compare(filledQuantity, quantity) >= 0;
}

/** Whether an order in `status` is never at work again: it is over, or another is in its place. */
export function hasEnded(status: string): boolean {
  return isTerminalStatus(status) || status === "replaced";
}

/** The orders with their legs, each of which is an order too, shown inside its parent. */
export function withLegs(orders: readonly BrokerOrder[]): readonly BrokerOrder[] {
  return orders.flatMap((order) => [order, ...(order.legs ?? [])]);
}

/** Whether `next` took the place of `order`: the one that this names, or else one that names it. */
export function isInPlaceOf(order: BrokerOrder, next: BrokerOrder): boolean {
  const { brokerOrderId, replacedBy } = order;
  return replacedBy === null ? next.replaces === brokerOrderId : next.brokerOrderId === replacedBy;
}

/** Why the broker refused an order, one value per row of `fixtures/alpaca/`. */
export const REFUSAL_REASONS = [
  "insufficient_quantity",
  "position_intent_mismatch",
  "fractional_short",
  "shorting_off",
  "not_shortable",
  "short_while_long_working",
  "position_not_found",
  "wash_trade",
  "buying_power",
  "sub_penny",
  "not_fractionable",
  "quantity_not_accepted",
  "asset_not_found",
  "terms_not_accepted",
  "not_allowed_now",
  "not_cancelable",
  "not_replaceable",
  "unauthorized",
  "forbidden",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** A certain refusal: the broker did not take the order, and said why. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly httpStatus: number;
  /** Alpaca's own code; null where its body carries none (401, 403 "forbidden."). */
  readonly brokerCode: number | null;
  readonly message: string;
  /** Orders that the broker names as holding the shares. */
  readonly relatedOrders: readonly BrokerOrderId[];
  /** The order that a wash trade would meet. */
  readonly existingOrderId: BrokerOrderId | null;
  /** Shares that the broker says are available; null where it does not say. */
  readonly availableQuantity: DecimalText | null;
}

/** What one POST told us. */
export type SubmitOutcome =
  | {
      readonly kind: "accepted";
      readonly order: BrokerOrder;
      /** The order as the broker wrote it, for a client that wants the broker's own form. */
      readonly wire?: string;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** 422/40010001: an order with this client_order_id exists; which one, only a read tells. */
  | { readonly kind: "id_taken"; readonly message: string }
  /** The request certainly never left this machine. */
  | { readonly kind: "not_sent"; readonly reason: string }
  | { readonly kind: "rate_limited"; readonly retryAfterMs: number; readonly message: string }
  | { readonly kind: "ambiguous"; readonly reason: string };

/** What a look-up of one order told us. `unknown` is no reading at all. */
export type OrderLookup =
  | {
      readonly kind: "found";
      readonly order: BrokerOrder;
      /** As in {@link SubmitOutcome}. */
      readonly wire?: string;
    }
  | { readonly kind: "not_found" }
  | { readonly kind: "unknown"; readonly reason: string };
