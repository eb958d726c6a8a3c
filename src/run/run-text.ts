/** A backtest as a page for a terminal. Pure. */
import { drawTable } from "../replay/plain-table.ts";
import type { Backtest } from "./backtest.ts";
import {
  MOVED_HEAD,
  movedRows,
  type Rows,
  sessionsText,
  TRADE_HEAD,
  tradeRows,
} from "./run-rows.ts";
import { summaryLines } from "./summary-lines.ts";

/** More rows than this are counted, and stand in the report. */
const ROWS_MAX = 20;

export function runText(done: Backtest, report: string | null, width: number): string {
  const { summary, moved, elapsedMs } = done;
  const { isGuarded, instances, sessions, bars } = summary;
  const who = instances === 1 ? "" : `, ${instances} instances`;
  const guard = isGuarded ? "through the latch" : "without a latch";
  const what = `${done.strategy} on ${sessionsText(sessions)}:`;
  const how = `${bars} bars, ${guard}${who}`;
  const parts = [
    `${what}${what.length + how.length < width ? " " : "\n"}${how}`,
    tradesText(done, width),
    ...(moved === null ? [] : [movedText(done, width)]),
    drawTable(["Summary", ""], summaryLines(summary), width, (_, __, text) => text),
    ...(summary.invariantsBroken ?? []),
    [
      ...(report === null ? [] : [`Report: ${report}`]),
      `Ran in ${(elapsedMs / 1_000).toFixed(1)} s. An example, and no advice.`,
    ].join("\n"),
  ];
  return parts.join("\n\n");
}

function tradesText(done: Backtest, width: number): string {
  const rows = tradeRows(done);
  return rows.length === 0 ? "No trades." : table(TRADE_HEAD, rows, width);
}

function movedText(done: Backtest, width: number): string {
  const rows = movedRows(done);
  if (rows.length === 0) return "No fill differs from the same day without faults.";
  return table(MOVED_HEAD, rows, width);
}

function table(head: readonly string[], rows: Rows, width: number) {
  const shown = rows.slice(0, ROWS_MAX);
  const text = drawTable(head, shown, width, (_, __, cell) => cell);
  const more = rows.length - shown.length;
  return more === 0 ? text : `${text}\nand ${more} more; --json and the report have all of them`;
}
