/** A backtest as a page for a terminal. Pure. */
import { toFixed } from "../core/decimal.ts";
import { drawTable } from "../replay/plain-table.ts";
import { newYorkClock } from "../schedule/new-york-time.ts";
import type { Backtest } from "./backtest.ts";
import type { MovedFill, MovedSide } from "./moved-fills.ts";
import { summaryLines } from "./summary-lines.ts";

/** More rows than this are counted, and stand in the report. */
const ROWS_MAX = 20;

export function runText(done: Backtest, report: string | null, width: number): string {
  const { summary, moved, elapsedMs } = done;
  const { isGuarded, instances, sessions, bars } = summary;
  const who = instances === 1 ? "" : `, ${instances} instances`;
  const guard = isGuarded ? "through the latch" : "without a latch";
  const head = `${done.strategy} on ${sessions.join(", ")}: ${bars} bars, ${guard}${who}`;
  const parts = [
    head,
    tradesText(done, width),
    ...(moved === null ? [] : [movedText(moved, width)]),
    drawTable(["Summary", ""], summaryLines(summary), width, (_, __, text) => text),
    ...(summary.invariantsBroken ?? []),
    [
      ...(report === null ? [] : [`Report: ${report}`]),
      `Ran in ${(elapsedMs / 1_000).toFixed(1)} s. An example, and no advice.`,
    ].join("\n"),
  ];
  return parts.join("\n\n");
}

function tradesText({ accounts }: Backtest, width: number): string {
  const rows = accounts.trades.map(({ symbol, side, openedAt, closedAt, quantity, profitUsd }) => [
    `${newYorkClock(openedAt)} - ${newYorkClock(closedAt)}`,
    `${symbol} ${side}`,
    quantity,
    toFixed(profitUsd, 2),
  ]);
  if (rows.length === 0) return "No trades.";
  return table(["New York", "Trade", "Shares", "Profit USD"], rows, width);
}

function movedText(moved: readonly MovedFill[], width: number): string {
  if (moved.length === 0) return "No fill differs from the same day without faults.";
  const rows = moved.map(({ symbol, side, without, withFaults, faults }) => [
    `${side} ${symbol}`,
    sideText(without),
    sideText(withFaults),
    faults.length === 0 ? "follows another" : faults.join(", "),
  ]);
  return table(["Moved by faults", "Without", "With", "Faults met"], rows, width);
}

function sideText(side: MovedSide | null): string {
  return side === null ? "-" : `${newYorkClock(side.at)} ${side.quantity} @ ${side.price}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[], width: number) {
  const shown = rows.slice(0, ROWS_MAX);
  const text = drawTable(head, shown, width, (_, __, cell) => cell);
  const more = rows.length - shown.length;
  return more === 0 ? text : `${text}\nand ${more} more; --json and the report have all of them`;
}
