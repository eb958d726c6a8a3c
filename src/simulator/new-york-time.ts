/**
 * The exchange's wall clock. New York's offset comes from the runtime's time zone data; everything
 * else is arithmetic on whole days and minutes.
 */
import type { EpochMs } from "../core/clock.ts";

/** A calendar date as `2026-11-20`. */
export type CalendarDate = string;

export interface WallTime {
  readonly date: CalendarDate;
  readonly minuteOfDay: number;
}

const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 86_400_000;
const STANDARD_OFFSET_MINUTES = -300;

const newYork = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  timeZoneName: "longOffset",
});

/** By the hour since 1970, for those that were asked for: clocks change at full ones. */
const offsets = new Map<number, number>();

/** Minutes that New York is ahead of UTC: -240 in summer, -300 in winter. */
function offsetMinutes(time: EpochMs): number {
  const hour = Math.floor(time / MS_PER_HOUR);
  const known = offsets.get(hour);
  if (known !== undefined) return known;
  const offset = formattedOffset(time);
  offsets.set(hour, offset);
  return offset;
}

function formattedOffset(time: EpochMs): number {
  const name = newYork.formatToParts(time).find((part) => part.type === "timeZoneName")?.value;
  const parts = /GMT([+-])(\d{2}):(\d{2})/.exec(name ?? "");
  if (parts === null) return STANDARD_OFFSET_MINUTES;
  const minutes = Number(parts[2]) * 60 + Number(parts[3]);
  return parts[1] === "-" ? -minutes : minutes;
}

export function wallTime(time: EpochMs): WallTime {
  const local = time + offsetMinutes(time) * MS_PER_MINUTE;
  const date = dateOfDay(Math.floor(local / MS_PER_DAY));
  const sinceMidnight = local - Math.floor(local / MS_PER_DAY) * MS_PER_DAY;
  return { date, minuteOfDay: Math.floor(sinceMidnight / MS_PER_MINUTE) };
}

/** The point in time at which New York's clocks show `minuteOfDay` on `date`. */
export function atWallTime(date: CalendarDate, minuteOfDay: number): EpochMs {
  const asUtc = dayNumber(date) * MS_PER_DAY + minuteOfDay * MS_PER_MINUTE;
  const guess = asUtc - STANDARD_OFFSET_MINUTES * MS_PER_MINUTE;
  return asUtc - offsetMinutes(guess) * MS_PER_MINUTE;
}

/** RFC 3339 text with New York's offset, such as `2026-11-20T15:40:40-05:00`. */
export function newYorkText(time: EpochMs, nanosecondDigits = false): string {
  const offset = offsetMinutes(time);
  const local = new Date(time + offset * MS_PER_MINUTE).toISOString();
  const fraction = nanosecondDigits ? `${local.slice(19, 23)}000000` : "";
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0");
  const minutes = String(Math.abs(offset) % 60).padStart(2, "0");
  return `${local.slice(0, 19)}${fraction}${offset < 0 ? "-" : "+"}${hours}:${minutes}`;
}

/** Days from 1970-01-01 to `date`. */
export function dayNumber(date: CalendarDate): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / MS_PER_DAY);
}

export function dateOfDay(day: number): CalendarDate {
  return new Date(day * MS_PER_DAY).toISOString().slice(0, 10);
}

/** 0 is Sunday. */
export function weekday(date: CalendarDate): number {
  return (((dayNumber(date) + 4) % 7) + 7) % 7;
}
