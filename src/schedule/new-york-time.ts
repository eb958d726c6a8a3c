/**
 * The market's own time of day, from the time zone data of the platform: nothing here knows when
 * clocks are changed. Pure.
 */
import type { EpochMs } from "../core/clock.ts";
import { zoneOffsetMs } from "../core/zone-offset.ts";

export const MARKET_ZONE = "America/New_York";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** The date in New York at `at`, as `YYYY-MM-DD`. */
export function newYorkDate(at: EpochMs): string {
  return new Date(at + offsetMs(at)).toISOString().slice(0, 10);
}

/** The minute in New York at `at`, as `YYYY-MM-DDTHH:MM`. */
export function newYorkMinute(at: EpochMs): string {
  return new Date(at + offsetMs(at)).toISOString().slice(0, 16);
}

/** The time of day in New York at `at`, as `HH:MM:SS`. */
export function newYorkClock(at: EpochMs): string {
  return new Date(at + offsetMs(at)).toISOString().slice(11, 19);
}

/** The instant at which clocks in New York show `time` (`HH:MM`) on `date`. */
export function newYorkInstant(date: string, time: string): EpochMs {
  const wall = Date.parse(`${date}T${time}:00Z`);
  // The second step is for a guess on the other side of a change of the clocks.
  const guess = wall - offsetMs(wall);
  return wall - offsetMs(guess);
}

/** The date `days` after `date`; before it where they are negative. */
export function dateAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Whether `date` is one from Monday to Friday. */
export function isWeekday(date: string): boolean {
  const day = new Date(`${date}T00:00:00Z`).getUTCDay();
  return day !== 0 && day !== 6;
}

/** How far New York's clocks are ahead of UTC; below zero, as they are behind. */
function offsetMs(at: EpochMs): number {
  return zoneOffsetMs(at, MARKET_ZONE);
}
