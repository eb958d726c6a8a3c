/** The rows of a backtest's tables, for the terminal and for the report. Pure. */
import type { EpochMs } from "../core/clock.ts";
import { toFixed } from "../core/decimal.ts";
import { newYorkClock, newYorkDate } from "../schedule/new-york-time.ts";
import type { Backtest } from "./backtest.ts";
import type { MovedSide } from "./moved-fills.ts";

export type Rows = readonly (readonly string[])[];
type Sessions = readonly string[];

/** Such as `2026-05-21`, or `2026-05-18 to 2026-05-22, 5 sessions`. */
export function sessionsText(sessions: Sessions): string {
  const [first = "", last = first] = [sessions[0], sessions.at(-1)];
  return first === last ? first : `${first} to ${last}, ${sessions.length} sessions`;
}

/** New York's time of day; with its month and day where a run has several sessions. */
export function timeText(at: EpochMs, sessions: Sessions): string {
  const clock = newYorkClock(at);
  return sessions.length > 1 ? `${newYorkDate(at).slice("2026-".length)} ${clock}` : clock;
}

export const TRADE_HEAD = ["New York", "Trade", "Shares", "Profit, USD"] as const;

export function tradeRows({ accounts, summary: { sessions } }: Backtest): Rows {
  return accounts.trades.map(({ openedAt, closedAt, symbol, side, quantity, profitUsd }) => {
    const isOfOneDay = newYorkDate(openedAt) === newYorkDate(closedAt);
    const closed = isOfOneDay ? newYorkClock(closedAt) : timeText(closedAt, sessions);
    const span = `${timeText(openedAt, sessions)} to ${closed}`;
    return [span, `${symbol} ${side}`, quantity, toFixed(profitUsd, 2)];
  });
}

export const MOVED_HEAD = ["Moved by faults", "Without", "With", "Faults met"] as const;

/** Empty where nothing was moved, and where there is nothing to compare with. */
export function movedRows({ moved, summary: { sessions } }: Backtest): Rows {
  const sideText = (side: MovedSide | null) =>
    side === null ? "-" : `${timeText(side.at, sessions)} ${side.quantity} @ ${side.price}`;
  return (moved ?? []).map(({ symbol, side, part, without, withFaults, faults }) => [
    [side, symbol, ...(part === null ? [] : [part])].join(" "),
    sideText(without),
    sideText(withFaults),
    faults.length === 0 ? "follows another" : faults.join(", "),
  ]);
}
