/**
 * What a replay found out: the totals of a session without the latch and with it.
 *
 * 1. Totals are counted from rows by the functions here; none is written down beforehand.
 * 2. Every notional is rounded to the cent, half to even, before it is summed.
 * 3. The JSON document is exactly {@link ReplayReport}, with its keys in the order shown.
 */
import {
  add,
  type DecimalText,
  decimal,
  multiply,
  roundToCents,
  toFixed,
  ZERO,
} from "../core/decimal.ts";
import type { Side } from "../identity/intent.ts";
import type { Mark } from "./session-rows.ts";

/** A duplicate that the latch did not let through. */
export interface BlockedDuplicate {
  /** `HH:MM:SS` in the session's time zone. */
  readonly time: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: DecimalText;
  /** Dollars with two decimals. */
  readonly notionalUsd: string;
  readonly requestId: string;
  readonly answer: "SKIP" | "PENDING" | "BLOCKED";
  /** Whether the incident record's own table of duplicates lists it. */
  readonly recorded: boolean;
}

/** Shares at the end of the day by symbol; short positions are negative. */
export type FinalPositions = Readonly<Record<string, string>>;

export interface UnguardedTotals {
  /** Orders that the broker accepted. */
  readonly brokerOrders: number;
  /** Those of them that repeat another. */
  readonly duplicateOrders: number;
  readonly duplicateNotionalUsd: string;
  readonly finalPositions: FinalPositions;
  readonly blockedEntryMinutes: number;
}

export interface GuardedTotals {
  readonly brokerOrders: number;
  readonly duplicateOrders: number;
  readonly duplicatesBlocked: readonly BlockedDuplicate[];
  /** Blocked duplicates that the record's table lists, and what they are worth. */
  readonly recordedDuplicates: number;
  readonly recordedNotionalUsd: string;
  readonly finalPositions: FinalPositions;
  readonly blockedEntryMinutes: number;
  /** How many claims ended in each state. */
  readonly claims: Readonly<Record<string, number>>;
}

export interface ReplayReport {
  /** `YYYY-MM-DD`. */
  readonly session: string;
  readonly unguarded: UnguardedTotals;
  readonly guarded: GuardedTotals;
  /** How long the replay took, its processes and brokers included. */
  readonly elapsedMs: number;
}

/** One line of the session as it is shown: what happened in either world. */
export interface TimelineRow {
  readonly time: string;
  readonly mark: Mark;
  readonly event: string;
  readonly unguarded: string;
  readonly guarded: string;
  readonly claim: string;
  readonly highlight: "none" | "duplicate" | "fault" | "blocked";
}

/** What shares at a price are worth, as dollars with two decimals. */
export function notionalOf(quantity: DecimalText, price: DecimalText): string {
  return toFixed(multiply(quantity, price), 2);
}

/** The sum in dollars with two decimals; each amount is rounded to the cent before it is added. */
export function sumNotionals(notionals: readonly string[]): string {
  const cents = notionals.map((notional) => roundToCents(decimal(notional)));
  return toFixed(cents.reduce(add, ZERO), 2);
}

/** The totals of the guarded world; what the record lists is counted from the blocked rows. */
export function guardedTotals(
  counted: Omit<GuardedTotals, "recordedDuplicates" | "recordedNotionalUsd">,
): GuardedTotals {
  const recorded = counted.duplicatesBlocked.filter((duplicate) => duplicate.recorded);
  return {
    brokerOrders: counted.brokerOrders,
    duplicateOrders: counted.duplicateOrders,
    duplicatesBlocked: counted.duplicatesBlocked,
    recordedDuplicates: recorded.length,
    recordedNotionalUsd: sumNotionals(recorded.map(({ notionalUsd }) => notionalUsd)),
    finalPositions: counted.finalPositions,
    blockedEntryMinutes: counted.blockedEntryMinutes,
    claims: counted.claims,
  };
}

/** The one JSON document of `--json`, without a line break behind it. */
export function reportJson(report: ReplayReport): string {
  const { session, unguarded, guarded, elapsedMs } = report;
  const document: ReplayReport = {
    session,
    unguarded: {
      brokerOrders: unguarded.brokerOrders,
      duplicateOrders: unguarded.duplicateOrders,
      duplicateNotionalUsd: unguarded.duplicateNotionalUsd,
      finalPositions: unguarded.finalPositions,
      blockedEntryMinutes: unguarded.blockedEntryMinutes,
    },
    guarded: guardedTotals({
      ...guarded,
      duplicatesBlocked: guarded.duplicatesBlocked.map(blockedDuplicate),
    }),
    elapsedMs,
  };
  return JSON.stringify(document, null, 2);
}

function blockedDuplicate(row: BlockedDuplicate): BlockedDuplicate {
  const { time, symbol, side, quantity, notionalUsd, requestId, answer, recorded } = row;
  return { time, symbol, side, quantity, notionalUsd, requestId, answer, recorded };
}
