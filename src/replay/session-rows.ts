/**
 * The rows of a session: one trading day as orders, faults and looks at the market.
 *
 * Every row says whether the incident record states it or whether it is inferred; nothing that
 * shows a row may leave that out. Prices are not stored: the price of an order is `notionalUsd`
 * divided by `quantity`, at full precision.
 */
import type { DecimalText } from "../core/decimal.ts";
import type { Effect, Side } from "../identity/intent.ts";

/** Whether the incident record states a row, or a hole in the record was filled with it. */
export type Mark = "stated" | "inferred";
/** Which of the bot's two processes acts. */
export type Instance = "a" | "b";

export interface OpeningPosition {
  readonly symbol: string;
  readonly quantity: DecimalText;
  readonly averagePrice: DecimalText;
  readonly mark: Mark;
  readonly note: string | null;
}

interface OrderFields {
  readonly kind: "order";
  readonly id: string;
  readonly time: string;
  readonly mark: Mark;
  readonly instance: Instance;
  readonly symbol: string;
  readonly side: Side;
  readonly effect: Effect;
  readonly quantity: DecimalText;
  /** Dollars and cents; the order's price is this divided by `quantity`. */
  readonly notionalUsd: DecimalText;
  readonly reason: string;
  readonly note: string | null;
  /** The id of the earlier row that this one repeats; null for an order in its own right. */
  readonly duplicateOf: string | null;
  /** Whether the record's own table of duplicates lists this row. */
  readonly recorded: boolean;
}

export interface OpenOrderEvent extends OrderFields {
  readonly effect: "open";
  /** `HH:MM` of the bar that triggered the order. */
  readonly bar: string;
  readonly stage: string;
}

export interface CloseOrderEvent extends OrderFields {
  readonly effect: "close";
  readonly leg: string;
}

export type OrderEvent = OpenOrderEvent | CloseOrderEvent;

/** A fault rule as the simulated broker takes it; it knows which fields go with a `kind`. */
export interface FaultRule {
  readonly match: {
    readonly method?: string | undefined;
    readonly path?: string | undefined;
    readonly side?: Side | undefined;
    readonly symbol?: string | undefined;
    readonly nth?: number | undefined;
  };
  readonly fault: { readonly kind: string; readonly [field: string]: unknown };
  readonly times?: number | undefined;
}

/** From `time` on the simulated broker misbehaves as its rules say. */
export interface BrokerFaultEvent {
  readonly kind: "broker_fault";
  readonly time: string;
  readonly mark: Mark;
  readonly rules: readonly FaultRule[];
  readonly note: string | null;
}

/** A span in which the bot would like to enter and looks whether it may. */
export interface EntriesWantedEvent {
  readonly kind: "entries_wanted";
  readonly from: string;
  readonly until: string;
  readonly everyMinutes: number;
  readonly instance: Instance;
  readonly symbol: string;
  readonly mark: Mark;
  readonly note: string | null;
}

/** A span in which whatever keeps the claims can write none. */
export interface StoreFaultEvent {
  readonly kind: "store_fault";
  readonly from: string;
  readonly until: string;
  readonly mark: Mark;
  readonly note: string | null;
}

export type SessionEvent = OrderEvent | BrokerFaultEvent | EntriesWantedEvent | StoreFaultEvent;

export interface Session {
  /** `YYYY-MM-DD`. */
  readonly session: string;
  /** Whether the record states which day it was. */
  readonly dayMark: Mark;
  /** What the session shows, where it is not a whole day; null for a day. */
  readonly title: string | null;
  /** Whether, without the latch, the guard of old stood in front of the bot's entries. */
  readonly oldGuard: boolean;
  readonly timezone: string;
  readonly opensAt: string;
  readonly closesAt: string;
  readonly about: string;
  readonly openingPositions: readonly OpeningPosition[];
  readonly events: readonly SessionEvent[];
}
