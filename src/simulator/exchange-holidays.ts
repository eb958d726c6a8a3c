/**
 * The days on which the New York Stock Exchange is shut or closes at 13:00, by its standing rules.
 *
 * They hold for as far back as Alpaca has bars, which is 2016: Juneteenth came in between. Days of
 * mourning and the like are listed one by one.
 */
import { type CalendarDate, dateOfDay, dayNumber, weekday } from "./new-york-time.ts";

const MONDAY = 1;
const THURSDAY = 4;
const SATURDAY = 6;
const SUNDAY = 0;

/** Closed for the funerals of Presidents Bush and Carter. */
const SINGLE_CLOSURES: readonly CalendarDate[] = ["2018-12-05", "2025-01-09"];
const FIRST_JUNETEENTH = 2022;

export interface ExceptionalDays {
  readonly closed: ReadonlySet<CalendarDate>;
  readonly earlyClose: ReadonlySet<CalendarDate>;
}

export function exceptionalDays(year: number): ExceptionalDays {
  const closed = new Set([...holidays(year), ...SINGLE_CLOSURES]);
  const candidates = [
    shift(nthWeekday(year, 11, THURSDAY, 4), 1),
    `${year}-07-03`,
    `${year}-12-24`,
  ];
  const earlyClose = candidates.filter((date) => isWeekday(date) && !closed.has(date));
  return { closed, earlyClose: new Set(earlyClose) };
}

export function isWeekday(date: CalendarDate): boolean {
  return weekday(date) !== SATURDAY && weekday(date) !== SUNDAY;
}

function holidays(year: number): CalendarDate[] {
  const newYear = `${year}-01-01`;
  return [
    // A New Year's Day on a Saturday is not made up for: the Friday belongs to the old year.
    ...(weekday(newYear) === SATURDAY ? [] : [observed(newYear)]),
    nthWeekday(year, 1, MONDAY, 3),
    nthWeekday(year, 2, MONDAY, 3),
    shift(easterSunday(year), -2),
    lastMondayOfMay(year),
    ...(year < FIRST_JUNETEENTH ? [] : [observed(`${year}-06-19`)]),
    observed(`${year}-07-04`),
    nthWeekday(year, 9, MONDAY, 1),
    nthWeekday(year, 11, THURSDAY, 4),
    observed(`${year}-12-25`),
  ];
}

function observed(date: CalendarDate): CalendarDate {
  if (weekday(date) === SATURDAY) return shift(date, -1);
  return weekday(date) === SUNDAY ? shift(date, 1) : date;
}

function shift(date: CalendarDate, days: number): CalendarDate {
  return dateOfDay(dayNumber(date) + days);
}

function nthWeekday(year: number, month: number, day: number, nth: number): CalendarDate {
  const first = `${year}-${String(month).padStart(2, "0")}-01`;
  return shift(first, ((day - weekday(first) + 7) % 7) + 7 * (nth - 1));
}

function lastMondayOfMay(year: number): CalendarDate {
  const last = `${year}-05-31`;
  return shift(last, -((weekday(last) - MONDAY + 7) % 7));
}

/** The Gregorian computus in the form of Meeus, Jones and Butcher. */
function easterSunday(year: number): CalendarDate {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  const day = ((h + l - 7 * m + 114) % 31) + 1;
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}
