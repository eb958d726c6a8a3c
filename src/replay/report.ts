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
import type { IncidentKind, IncidentProvenance, IncidentVerdict } from "../incident/incident.ts";
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

/** Something that was in question, and how it ended; the rest is null until it has. */
export interface ReportedIncident {
  readonly kind: IncidentKind;
  readonly symbol: string;
  /** `HH:MM:SS` in the session's time zone, as all times. */
  readonly openedAt: string;
  readonly resolvedAt: string | null;
  readonly verdict: IncidentVerdict | null;
  readonly provenance: IncidentProvenance | null;
  /** Request ids, the first cause first. */
  readonly causes: readonly string[];
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
  /** What the bot held by its own account; only where the guard of old stood before the broker. */
  readonly believedPositions?: FinalPositions;
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
  /** What the latch's books hold; only where the other world has the like. */
  readonly believedPositions?: FinalPositions;
  readonly blockedEntryMinutes: number;
  /** How many claims ended in each state. */
  readonly claims: Readonly<Record<string, number>>;
}

export interface ReplayReport {
  /** `YYYY-MM-DD`. */
  readonly session: string;
  readonly unguarded: UnguardedTotals;
  readonly guarded: GuardedTotals;
  /** In the order in which they were opened. */
  readonly incidents: readonly ReportedIncident[];
  /** How long the replay took, its processes and brokers included. */
  readonly elapsedMs: number;
}

export interface NamedReport {
  /** What `tradelatch replay` takes. */
  readonly name: string;
  readonly report: ReplayReport;
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
    ...believed(counted),
    blockedEntryMinutes: counted.blockedEntryMinutes,
    claims: counted.claims,
  };
}

/** The one JSON document of `--json`, without a line break behind it. */
export function reportJson(report: ReplayReport): string {
  return JSON.stringify(documentOf(report), null, 2);
}

/** The document of `--all --json`: a list of the same documents, each with its session's name. */
export function reportsJson(reports: readonly NamedReport[]): string {
  const documents = reports.map(({ name, report }) => ({ name, ...documentOf(report) }));
  return JSON.stringify(documents, null, 2);
}

function documentOf(report: ReplayReport): ReplayReport {
  const { session, unguarded, guarded, incidents, elapsedMs } = report;
  return {
    session,
    unguarded: {
      brokerOrders: unguarded.brokerOrders,
      duplicateOrders: unguarded.duplicateOrders,
      duplicateNotionalUsd: unguarded.duplicateNotionalUsd,
      finalPositions: unguarded.finalPositions,
      ...believed(unguarded),
      blockedEntryMinutes: unguarded.blockedEntryMinutes,
    },
    guarded: guardedTotals({
      ...guarded,
      duplicatesBlocked: guarded.duplicatesBlocked.map(blockedDuplicate),
    }),
    incidents: incidents.map(incidentDocument),
    elapsedMs,
  };
}

function believed({ believedPositions }: Pick<GuardedTotals, "believedPositions">) {
  return believedPositions === undefined ? {} : { believedPositions };
}

function incidentDocument(incident: ReportedIncident): ReportedIncident {
  const { kind, symbol, openedAt, resolvedAt, verdict, provenance, causes } = incident;
  return { kind, symbol, openedAt, resolvedAt, verdict, provenance, causes };
}

function blockedDuplicate(row: BlockedDuplicate): BlockedDuplicate {
  const { time, symbol, side, quantity, notionalUsd, requestId, answer, recorded } = row;
  return { time, symbol, side, quantity, notionalUsd, requestId, answer, recorded };
}
