/** What a bot wants, in the one shape that identity, claims and the broker's port share. */
import type { DecimalText } from "../core/decimal.ts";
import type { AccountId, AgentId, ClientOrderId, RequestId } from "../core/ids.ts";

export type Side = "buy" | "sell";

/** Whether the order begins or grows a position (`open`), or reduces one (`close`). */
export type Effect = "open" | "close";

export const ORDER_TYPES = ["market", "limit", "stop", "stop_limit", "trailing_stop"] as const;
export type OrderType = (typeof ORDER_TYPES)[number];

export const TIMES_IN_FORCE = ["day", "gtc", "opg", "cls", "ioc", "fok"] as const;
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];

/** The order's own terms. Absent optional terms are null, so that two intents compare by value. */
export interface OrderTerms {
  readonly symbol: string;
  readonly side: Side;
  readonly effect: Effect;
  /** Shares; exactly one of `quantity` and `notional` is given. */
  readonly quantity: DecimalText | null;
  /** Dollars. */
  readonly notional: DecimalText | null;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly limitPrice: DecimalText | null;
  readonly stopPrice: DecimalText | null;
  readonly trailPrice: DecimalText | null;
  readonly trailPercent: DecimalText | null;
  readonly extendedHours: boolean;
  /**
   * Terms that only the broker reads, such as the legs of a bracket, in its own words; sent with
   * the order as they are and compared by value. Null where there are none.
   */
  readonly extension: Readonly<Record<string, unknown>> | null;
  /**
   * A close of a part of the position instead of a number of shares: `all`, or such as `50%`. Side
   * and quantity then follow from the book when the claim is made, and the part as it was asked for
   * is what identifies the close: the same request again does not sell half of the rest.
   */
  readonly portion: string | null;
}

/** What makes an open the same one on every try: its bar and the stage of the entry. */
export interface OpenAnchor {
  readonly bar: string;
  readonly stage: string;
}

/** What makes a close the same one on every try: the position's life and which part of the exit. */
export interface CloseAnchor {
  readonly episode: number;
  readonly leg: string;
}

export type Anchor = OpenAnchor | CloseAnchor;

export interface Intent extends OrderTerms {
  readonly account: AccountId;
  readonly agent: AgentId;
  /** The caller's own identity of the action; it wins over the anchor. */
  readonly requestId: RequestId | null;
  /** The bot's own stable client_order_id; passed on unchanged, an identity where no other is. */
  readonly clientOrderId: ClientOrderId | null;
  readonly anchor: Anchor | null;
  /** For people only: never part of the identity. */
  readonly decisionId: string | null;
  readonly reason: string | null;
}

/** An intent as it comes in: where the caller leaves something open, the book decides. */
export type IntentDraft = Omit<Intent, "effect" | "side"> & {
  readonly effect: Effect | null;
  /** Null only for a close of a part of the position. */
  readonly side: Side | null;
};
