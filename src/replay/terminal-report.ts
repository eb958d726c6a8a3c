/**
 * Draws a replay for a terminal: the session row by row, the totals of both worlds below it, and
 * what was in question.
 *
 * 1. No line is wider than the terminal, from 60 columns up; above 120 the rest stays empty.
 * 2. An inferred row always carries its mark, with or without color.
 * 3. Color repeats what the words say and never says anything alone.
 */
import { styleText } from "node:util";
import { usdText } from "../core/usd-text.ts";
import type { IncidentRow } from "./incident-rows.ts";
import { type Cells, drawTable } from "./plain-table.ts";
import type { Replay } from "./replay.ts";
import type { FinalPositions, ReplayReport, TimelineRow } from "./report.ts";
import { sumNotionals } from "./report.ts";
import { plainText } from "./text-columns.ts";

export interface RenderOptions {
  /** Width of the terminal; taken as 60 where it is less and as 120 where it is more. */
  readonly columns: number;
  readonly color: boolean;
}

type Format = Parameters<typeof styleText>[0];
type Paint = (format: Format, text: string) => string;

const COLUMNS_MIN = 60;
const COLUMNS_MAX = 120;
const INFERRED_MARK = "~";
const LEGEND = `${INFERRED_MARK} inferred: the incident record does not state this row`;
const TIMELINE_HEAD = ["Time", "Event", "Without the latch", "With the latch", "Claim"] as const;
const TOTALS_HEAD = ["Totals", "Without the latch", "With the latch"] as const;
const INCIDENTS_HEAD = [
  "Time",
  "Incident, causes",
  "With the latch",
  "Claim",
  "Without it",
] as const;
const NOT_APPLICABLE = "-";

/** What is drawn of a replay. */
export type Drawn = Omit<Replay, "session"> & {
  readonly session: Pick<Replay["session"], "session" | "dayMark" | "title">;
};

/** The whole page, without a line break at its end. */
export function renderReport(replay: Drawn, options: RenderOptions): string {
  const { timeline: rows, report, incidents } = replay;
  const width = pageWidth(options);
  const paint: Paint = (format, text) =>
    options.color ? styleText(format, text, { validateStream: false }) : text;
  const inferred = rows.some((row) => row.mark === "inferred");
  return [
    paint("bold", headline(replay.session)),
    "",
    drawTable(TIMELINE_HEAD, rows.map(timelineCells), width, (line, column, text) =>
      paintTimeline(paint, line === undefined ? undefined : rows[line], column, text),
    ),
    ...(inferred ? ["", paint("dim", LEGEND)] : []),
    "",
    drawTable(TOTALS_HEAD, totalsCells(report), width, (line, column, text) =>
      line === undefined || column === 0 ? paint("bold", text) : text,
    ),
    ...(incidents.length === 0 ? [] : ["", drawIncidents(incidents, width, paint), ""]),
    paint("dim", `Replayed in ${formatSeconds(report.elapsedMs)}`),
  ].join("\n");
}

/** How wide a page is on a terminal of that many columns. */
export function pageWidth({ columns }: RenderOptions): number {
  return Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, Math.floor(columns)));
}

function headline({ session, dayMark, title }: Drawn["session"]): string {
  const mark = dayMark === "inferred" ? INFERRED_MARK : "";
  return `Session of ${mark}${session}${title === null ? "" : `: ${plainText(title)}`}`;
}

function drawIncidents(rows: readonly IncidentRow[], width: number, paint: Paint): string {
  const cells = rows.map((row) => [
    row.time === "" ? "" : timeText(row),
    ...[row.what, row.outcome, row.claim, row.unguarded].map(plainText),
  ]);
  return drawTable(INCIDENTS_HEAD, cells, width, (line, column, text) => {
    if (line === undefined) return paint("bold", text);
    if (column === INCIDENTS_HEAD.length - 1) return paint("red", text);
    return rows[line]?.kind === "incident" ? paint("green", text) : text;
  });
}

function timeText({ mark, time }: Pick<TimelineRow, "mark" | "time">): string {
  return `${mark === "inferred" ? INFERRED_MARK : " "}${time}`;
}

function timelineCells(row: TimelineRow): Cells {
  return [timeText(row), ...[row.event, row.unguarded, row.guarded, row.claim].map(plainText)];
}

function paintTimeline(
  paint: Paint,
  row: TimelineRow | undefined,
  column: number,
  text: string,
): string {
  if (row === undefined) return paint("bold", text);
  if (column === 0) return row.mark === "inferred" ? paint("dim", text) : text;
  const heading = TIMELINE_HEAD[column];
  if (row.highlight === "fault") return heading === "Event" ? paint("magenta", text) : text;
  if (row.highlight === "none") return text;
  if (heading === "Without the latch") return paint("red", text);
  return heading === "With the latch" ? paint("green", text) : text;
}

function totalsCells(report: ReplayReport): readonly Cells[] {
  const { unguarded, guarded } = report;
  const blocked = guarded.duplicatesBlocked;
  const blockedUsd = sumNotionals(blocked.map((duplicate) => duplicate.notionalUsd));
  return [
    ["Orders at the broker", String(unguarded.brokerOrders), String(guarded.brokerOrders)],
    [
      "Duplicates among them",
      worth(unguarded.duplicateOrders, unguarded.duplicateNotionalUsd),
      String(guarded.duplicateOrders),
    ],
    ["Duplicates blocked", NOT_APPLICABLE, worth(blocked.length, blockedUsd)],
    [
      "Blocked and on record",
      NOT_APPLICABLE,
      worth(guarded.recordedDuplicates, guarded.recordedNotionalUsd),
    ],
    ["Final positions", positions(unguarded.finalPositions), positions(guarded.finalPositions)],
    ...believedCells(report),
    [
      "Minutes without entry",
      String(unguarded.blockedEntryMinutes),
      String(guarded.blockedEntryMinutes),
    ],
    ["Claims", NOT_APPLICABLE, counts(guarded.claims)],
  ];
}

/** Shown only where the bot of old had a book that could be wrong. */
function believedCells({ unguarded, guarded }: ReplayReport): readonly Cells[] {
  if (unguarded.believedPositions === undefined) return [];
  const kept = guarded.believedPositions ?? {};
  return [["Bot believes it holds", positions(unguarded.believedPositions), positions(kept)]];
}

function worth(count: number, notionalUsd: string): string {
  return count === 0 ? "0" : `${count}, ${usdText(notionalUsd)}`;
}

function positions(held: FinalPositions): string {
  const parts = Object.entries(held).map(([symbol, quantity]) => `${symbol} ${quantity}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}

function counts(claims: Readonly<Record<string, number>>): string {
  const parts = Object.entries(claims).map(([state, count]) => `${count} ${state}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}

function formatSeconds(elapsedMs: number): string {
  return `${(elapsedMs / 1_000).toFixed(1)} s`;
}
