/**
 * Draws a replay for a terminal: the session row by row, and the totals of both worlds below it.
 *
 * 1. No line is wider than the terminal, from 60 columns up; above 120 the rest stays empty.
 * 2. An inferred row always carries its mark, with or without color.
 * 3. Color repeats what the words say and never says anything alone.
 */
import { styleText } from "node:util";
import Table from "cli-table3";
import { decimal, toFixed } from "../core/decimal.ts";
import type { FinalPositions, ReplayReport, TimelineRow } from "./report.ts";
import { sumNotionals } from "./report.ts";
import { columnWidths, plainText, splitLongWords } from "./text-columns.ts";

export interface RenderOptions {
  /** Width of the terminal; taken as 60 where it is less and as 120 where it is more. */
  readonly columns: number;
  readonly color: boolean;
}

type Format = Parameters<typeof styleText>[0];
type Paint = (format: Format, text: string) => string;
type Cells = readonly string[];

const COLUMNS_MIN = 60;
const COLUMNS_MAX = 120;
const GAP = 2;
const INFERRED_MARK = "~";
const LEGEND = `${INFERRED_MARK} inferred: the incident record does not state this row`;
const TIMELINE_HEAD = ["Time", "Event", "Without the latch", "With the latch", "Claim"] as const;
const TOTALS_HEAD = ["Totals", "Without the latch", "With the latch"] as const;
const NOT_APPLICABLE = "-";

/** The whole page, without a line break at its end. */
export function renderReport(
  rows: readonly TimelineRow[],
  report: ReplayReport,
  options: RenderOptions,
): string {
  const width = Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, Math.floor(options.columns)));
  const paint: Paint = (format, text) =>
    options.color ? styleText(format, text, { validateStream: false }) : text;
  const inferred = rows.some((row) => row.mark === "inferred");
  return [
    paint("bold", `Session of ${report.session}`),
    "",
    drawTable(TIMELINE_HEAD, rows.map(timelineCells), width, (line, column, text) =>
      paintTimeline(paint, line === undefined ? undefined : rows[line], column, text),
    ),
    ...(inferred ? ["", paint("dim", LEGEND)] : []),
    "",
    drawTable(TOTALS_HEAD, totalsCells(report), width, (line, column, text) =>
      line === undefined || column === 0 ? paint("bold", text) : text,
    ),
    paint("dim", `Replayed in ${formatSeconds(report.elapsedMs)}`),
  ].join("\n");
}

/** `"3653"` as `3,653.00 USD`. */
export function formatNotional(notionalUsd: string): string {
  const [dollars = "", cents = ""] = toFixed(decimal(notionalUsd), 2).split(".");
  return `${dollars.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents} USD`;
}

function timelineCells(row: TimelineRow): Cells {
  const time = `${row.mark === "inferred" ? INFERRED_MARK : " "}${row.time}`;
  return [time, ...[row.event, row.unguarded, row.guarded, row.claim].map(plainText)];
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
    [
      "Minutes without entry",
      String(unguarded.blockedEntryMinutes),
      String(guarded.blockedEntryMinutes),
    ],
    ["Claims", NOT_APPLICABLE, counts(guarded.claims)],
  ];
}

function worth(count: number, notionalUsd: string): string {
  return count === 0 ? "0" : `${count}, ${formatNotional(notionalUsd)}`;
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

/**
 * A table with a rule under its head and no other lines, at most `width` wide. `style` gets the
 * row's index (undefined for the head), the column's index and the text.
 */
function drawTable(
  head: Cells,
  rows: readonly Cells[],
  width: number,
  style: (line: number | undefined, column: number, text: string) => string,
): string {
  const lines = [head, ...rows];
  const widths = columnWidths(lines, width - GAP * (head.length - 1));
  const table = new Table({
    colWidths: widths,
    wordWrap: true,
    wrapOnWordBoundary: true,
    chars: BARE_CHARS,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  const rule = widths.map((column) => "─".repeat(column));
  for (const [index, cells] of lines.entries()) {
    const line = index === 0 ? undefined : index - 1;
    const wrapped = cells.map((text, column) => splitLongWords(text, widths[column] ?? 1));
    table.push(wrapped.map((text, column) => style(line, column, text)));
    if (index === 0) table.push(rule);
  }
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const BARE_CHARS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: " ".repeat(GAP),
};
