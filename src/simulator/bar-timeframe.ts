/**
 * The lengths that Alpaca's bars come in, as far as they are made of minutes: `5Min`, `1Hour`,
 * `1Day`. Minutes and hours are counted in UTC, a day is one of New York's. Pure.
 */
import type { EpochMs } from "../core/clock.ts";
import { joined, type MarketBar, MINUTE_MS } from "./market-tape.ts";
import { atWallTime, wallTime } from "./new-york-time.ts";

/** When the bar that `at` lies in begins. */
export type Timeframe = (at: EpochMs) => EpochMs;

const TIMEFRAME = /^(\d{1,2})(Min|T|Hour|H|Day|D)$/;
const MOST_MINUTES = 59;
const MOST_HOURS = 23;

/** Undefined: no length that is known here. */
export function parseTimeframe(text: string): Timeframe | undefined {
  const [, digits, unit] = TIMEFRAME.exec(text) ?? [];
  const count = Number(digits ?? 0);
  if (unit === undefined || count === 0) return undefined;
  if (unit.startsWith("D")) {
    return count === 1 ? (at) => atWallTime(wallTime(at).date, 0) : undefined;
  }
  const isHours = unit.startsWith("H");
  if (count > (isHours ? MOST_HOURS : MOST_MINUTES)) return undefined;
  const lengthMs = count * (isHours ? 60 : 1) * MINUTE_MS;
  return (at) => Math.floor(at / lengthMs) * lengthMs;
}

/** Minutes that follow one another, put together. */
export function inTimeframe(minutes: readonly MarketBar[], timeframe: Timeframe): MarketBar[] {
  const bars: MarketBar[] = [];
  for (const minute of minutes) {
    const startAt = timeframe(minute.startAt);
    const last = bars.at(-1);
    if (last?.startAt === startAt) bars[bars.length - 1] = joined(last, minute);
    else bars.push({ ...minute, startAt });
  }
  return bars;
}
