/** Times as people read them: those of the market, New York's. A page says the zone once. */
import type { EpochMs } from "../core/clock.ts";
import { MARKET_ZONE, newYorkDate } from "../schedule/new-york-time.ts";

export const ZONE_NOTE = "Times are New York's.";

const TIME_OF_DAY = new Intl.DateTimeFormat("en-GB", {
  timeZone: MARKET_ZONE,
  hourCycle: "h23",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const MINUTES_LENGTH = "09:42".length;

/** Such as `2026-05-21 09:42:00`. */
export function marketTime(at: EpochMs): string {
  return `${newYorkDate(at)} ${TIME_OF_DAY.format(at)}`;
}

/** The time of day alone where `at` is on the day of `now`, and else the date with the minute. */
export function shortMarketTime(at: EpochMs, now: EpochMs): string {
  const time = TIME_OF_DAY.format(at);
  const date = newYorkDate(at);
  return date === newYorkDate(now) ? time : `${date} ${time.slice(0, MINUTES_LENGTH)}`;
}
