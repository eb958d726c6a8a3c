/** A claim and an order as somebody's records have them, in the words that a comparison needs. */
import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";
import type { Side } from "../identity/intent.ts";

/** What a record says of its action; `open` where it says that nobody knows, or nothing. */
export type Says =
  | "done"
  | "working"
  | "ended_empty"
  | "refused"
  | "not_there"
  | "open"
  | "skipped";

/** What was ordered; null where a record does not say. */
export interface RecordedTerms {
  readonly symbol: string | null;
  readonly side: Side | null;
  /** Shares. */
  readonly quantity: DecimalText | null;
  /** Dollars. */
  readonly notional: DecimalText | null;
  readonly filled: DecimalText | null;
  readonly averagePrice: DecimalText | null;
  readonly at: EpochMs | null;
}

export interface RecordedClaim extends RecordedTerms {
  readonly account: string | null;
  readonly agent: string | null;
  readonly requestId: string | null;
  readonly clientOrderId: string | null;
  readonly brokerOrderId: string | null;
  /** Words of free text that may be somebody's id. */
  readonly mentioned: readonly string[];
  /** What its order asked for at its end, where that is not what was wanted at first. */
  readonly quantityAtEnd: DecimalText | null;
  readonly says: Says;
  /** Its own word for that; null where it has none. */
  readonly word: string | null;
  /** It says itself that something was filled, and not only that the action was done. */
  readonly saysFilled: boolean;
  /** It says so of all that was ordered, by the broker's own word. */
  readonly saysAllFilled: boolean;
  /** The answer was SKIP, and yet the record says that the action succeeded. */
  readonly isSkipTakenForSuccess: boolean;
  /** How many records said the same; 1 unless they were merged. */
  readonly records: number;
}

export interface RecordedOrder extends RecordedTerms {
  readonly id: string | null;
  readonly clientOrderId: string | null;
  readonly status: string | null;
  readonly filled: DecimalText;
  readonly updatedAt: EpochMs | null;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  /** The order that it is a leg of. */
  readonly parent: string | null;
  readonly records: number;
}

/** What a record is called in findings; each has one of these. */
export function nameOfClaim(claim: RecordedClaim): string {
  return claim.requestId ?? claim.clientOrderId ?? claim.brokerOrderId ?? "";
}

export function nameOfOrder(order: RecordedOrder): string {
  return order.id ?? order.clientOrderId ?? "";
}

/** The same text for the same record, whatever order its fields came in. */
export function textOf(record: RecordedClaim | RecordedOrder): string {
  return JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
