/** A made-up report and its rows, for tests of how they are drawn. No replay produced them. */
import { decimal } from "../../src/core/decimal.ts";
import type { IncidentRow } from "../../src/replay/incident-rows.ts";
import type {
  BlockedDuplicate,
  ReplayReport,
  ReportedIncident,
  TimelineRow,
} from "../../src/replay/report.ts";
import type { Drawn } from "../../src/replay/terminal-report.ts";

export const SAMPLE_ROWS: readonly TimelineRow[] = [
  {
    time: "09:42:00",
    mark: "inferred",
    event: "a buys 6 TQQQ at 75.33: entry, base",
    unguarded: "filled, holds 6",
    guarded: "filled, holds 6",
    claim: "3f2a91c04d OPEN to SETTLED",
    highlight: "none",
  },
  {
    time: "09:42:02",
    mark: "stated",
    event: "b buys 6 TQQQ at 75.33: entry, base (again)",
    unguarded: "filled again, holds 12",
    guarded: "SKIP: filled under the same claim, nothing sent",
    claim: "3f2a91c04d SETTLED",
    highlight: "duplicate",
  },
  {
    time: "11:14:00",
    mark: "inferred",
    event: "the broker refuses the next 3 sells of SQQQ with 422 (42210000)",
    unguarded: "",
    guarded: "",
    claim: "",
    highlight: "fault",
  },
  {
    time: "11:14:00",
    mark: "stated",
    event: "a sells 12 SQQQ at 42.90: exit",
    unguarded: "refused 3 times with 422/42210000, still holds 13",
    guarded: "refused with 422/42210000, sent once, latched as exit_duplicate_after_422",
    claim: "b71e02aa93 IN_RECONCILIATION",
    highlight: "none",
  },
  {
    time: "11:33:00",
    mark: "stated",
    event: "a wants to enter TQQQ, once a minute until 14:00:00",
    unguarded: "ENTRY BLOCKED: broker still shows open positions (147 minutes)",
    guarded: "free to enter",
    claim: "",
    highlight: "blocked",
  },
];

export const BLOCKED: readonly BlockedDuplicate[] = [
  {
    time: "09:42:02",
    symbol: "TQQQ",
    side: "buy",
    quantity: decimal("6"),
    notionalUsd: "452.00",
    requestId: "3f2a91c04d",
    answer: "SKIP",
    recorded: true,
  },
  {
    time: "11:26:28",
    symbol: "TQQQ",
    side: "sell",
    quantity: decimal("12"),
    notionalUsd: "855.00",
    requestId: "77c0ffee11",
    answer: "BLOCKED",
    recorded: false,
  },
];

export const INCIDENT: ReportedIncident = {
  kind: "refused_exit",
  symbol: "SQQQ",
  openedAt: "11:14:00",
  resolvedAt: "11:14:12",
  verdict: "still_held",
  provenance: "venue",
  causes: ["50995db0aa", "b71e02aa93"],
};

export const SAMPLE_INCIDENTS: readonly IncidentRow[] = [
  {
    kind: "incident",
    time: "11:14:00",
    mark: "stated",
    what: "refused_exit SQQQ",
    outcome: "in question",
    claim: "",
    unguarded: "no TQQQ entry",
  },
  {
    kind: "cause",
    time: "10:15:00",
    mark: "inferred",
    what: "- buy SQQQ 11",
    outcome: "filled @ 40.90",
    claim: "50995db0",
    unguarded: "11:33:00-14:00:00",
  },
  {
    kind: "beside",
    time: "",
    mark: "stated",
    what: "",
    outcome: "",
    claim: "",
    unguarded: "for 147 minutes",
  },
];

export const SAMPLE_REPORT: ReplayReport = {
  session: "2026-05-21",
  unguarded: {
    brokerOrders: 17,
    duplicateOrders: 5,
    duplicateNotionalUsd: "2303.00",
    finalPositions: { SQQQ: "13", TQQQ: "6" },
    blockedEntryMinutes: 147,
  },
  guarded: {
    brokerOrders: 12,
    duplicateOrders: 0,
    duplicatesBlocked: BLOCKED,
    recordedDuplicates: 1,
    recordedNotionalUsd: "452.00",
    finalPositions: { SQQQ: "12", TQQQ: "0" },
    blockedEntryMinutes: 0,
    claims: { SETTLED: 12, IN_RECONCILIATION: 1 },
  },
  incidents: [INCIDENT],
  elapsedMs: 1_234,
};

export const SAMPLE_REPLAY: Drawn = {
  session: { session: "2026-05-21", dayMark: "stated", title: null },
  timeline: SAMPLE_ROWS,
  report: SAMPLE_REPORT,
  incidents: SAMPLE_INCIDENTS,
};
