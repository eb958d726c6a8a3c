/**
 * Wall-clock times of a trading session, and what instants they are.
 *
 * A session file speaks in its exchange's time; everything behind it counts milliseconds since
 * 1970. The offset between the two comes from the platform's time zone data and is looked up for
 * the day in question, so that daylight saving is right. Reads no clock.
 */
import type { EpochMs } from "../core/clock.ts";
import { zoneOffsetMs } from "../core/zone-offset.ts";

/** What a wall-clock time needs beside itself to be an instant. */
export interface SessionDay {
  /** `YYYY-MM-DD`. */
  readonly session: string;
  /** An IANA name such as `America/New_York`. */
  readonly timezone: string;
}

/** When, and how often, somebody looks: `from` included, `until` not. */
export interface CheckSpan {
  readonly from: string;
  readonly until: string;
  readonly everyMinutes: number;
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/;
const MS_PER_SECOND = 1_000;

/** Whether `text` is `YYYY-MM-DD` and a day of the calendar; 2026-02-30 is not. */
export function isCalendarDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const instant = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text);
}

/** Whether `text` is `HH:MM:SS` between 00:00:00 and 23:59:59. Such times sort as text. */
export function isTimeOfDay(text: string): boolean {
  return TIME.test(text);
}

/** Whether this platform knows the time zone by that name. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * The instant at which the session's clocks show `time` (`HH:MM:SS`).
 *
 * A time that the clocks show twice that day means the first of the two; one that they skip means
 * as long after the last time before the gap. Throws RangeError for a malformed time.
 *
 * @example epochOf({ session: "2026-05-21", timezone: "America/New_York" }, "09:42:00")
 */
export function epochOf(day: SessionDay, time: string): EpochMs {
  if (!isTimeOfDay(time)) throw new RangeError(`not a time of day: ${JSON.stringify(time)}`);
  const asUtc = Date.parse(`${day.session}T${time}Z`);
  if (Number.isNaN(asUtc)) throw new RangeError(`not a day: ${JSON.stringify(day.session)}`);
  const dayMs = 24 * 60 * 60 * MS_PER_SECOND;
  const before = asUtc - zoneOffsetMs(asUtc - dayMs, day.timezone);
  const after = asUtc - zoneOffsetMs(asUtc + dayMs, day.timezone);
  const exact = [before, after].filter((at) => at + zoneOffsetMs(at, day.timezone) === asUtc);
  return exact.length === 0 ? before : Math.min(...exact);
}

/** The `HH:MM:SS` that clocks in the session's time zone show at `instant`. */
export function wallTimeOf(day: Pick<SessionDay, "timezone">, instant: EpochMs): string {
  return new Date(instant + zoneOffsetMs(instant, day.timezone)).toISOString().slice(11, 19);
}

/** Every time at which an `entries_wanted` row looks, in order. */
export function checkTimes(span: CheckSpan): readonly string[] {
  const times: string[] = [];
  const end = secondOfDay(span.until);
  for (let at = secondOfDay(span.from); at < end; at += span.everyMinutes * 60) {
    times.push(new Date(at * MS_PER_SECOND).toISOString().slice(11, 19));
  }
  return times;
}

function secondOfDay(time: string): number {
  return Date.parse(`1970-01-01T${time}Z`) / MS_PER_SECOND;
}
