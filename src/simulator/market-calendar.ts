/**
 * When the market trades: sessions of every trading day, and what phase a point in time is in.
 *
 * Pre-market from 04:00, core session 09:30 to 16:00 (13:00 on early closes), post-market until
 * 20:00 (17:00), New York time. A test can overrule single days.
 */
import type { EpochMs } from "../core/clock.ts";
import { type ExceptionalDays, exceptionalDays, isWeekday } from "./exchange-holidays.ts";
import { atWallTime, type CalendarDate, dateOfDay, dayNumber, wallTime } from "./new-york-time.ts";

export type MarketPhase = "closed" | "pre" | "core" | "post";

/** A trading day; times are minutes of the day in New York. */
export interface TradingDay {
  readonly date: CalendarDate;
  readonly sessionOpen: number;
  readonly open: number;
  readonly close: number;
  readonly sessionClose: number;
}

/** Days that differ from the rules: other hours as `HH:MM`, or null for a day without trading. */
export type CalendarOverrides = Readonly<
  Record<CalendarDate, { readonly open: string; readonly close: string } | null>
>;

const SESSION_OPEN = 4 * 60;
const OPEN = 9 * 60 + 30;
const CLOSE = 16 * 60;
const EARLY_CLOSE = 13 * 60;
const POST_MARKET_MINUTES = 4 * 60;
/** More than any run of days without trading. */
const SEARCH_DAYS = 15;

export class MarketCalendar {
  readonly #overrides: CalendarOverrides;
  readonly #years = new Map<number, ExceptionalDays>();
  /** The change of phase that was asked for last, and from when on it is the next one. */
  #change = { from: Number.POSITIVE_INFINITY, at: Number.NEGATIVE_INFINITY };

  constructor(overrides: CalendarOverrides = {}) {
    this.#overrides = overrides;
  }

  /** The sessions of `date`, or undefined when there is no trading on it. */
  day(date: CalendarDate): TradingDay | undefined {
    const override = this.#overrides[date];
    if (override === null) return undefined;
    if (override !== undefined) {
      return tradingDay(date, minutes(override.open), minutes(override.close));
    }
    const { closed, earlyClose } = this.#exceptions(Number(date.slice(0, 4)));
    if (!isWeekday(date) || closed.has(date)) return undefined;
    return tradingDay(date, OPEN, earlyClose.has(date) ? EARLY_CLOSE : CLOSE);
  }

  /** Trading days from `start` to `end`, both included. */
  days(start: CalendarDate, end: CalendarDate): TradingDay[] {
    const found: TradingDay[] = [];
    for (let day = dayNumber(start); day <= dayNumber(end); day += 1) {
      const trading = this.day(dateOfDay(day));
      if (trading !== undefined) found.push(trading);
    }
    return found;
  }

  phase(time: EpochMs): MarketPhase {
    const { date, minuteOfDay } = wallTime(time);
    const today = this.day(date);
    if (today === undefined || minuteOfDay < today.sessionOpen) return "closed";
    if (minuteOfDay < today.open) return "pre";
    if (minuteOfDay < today.close) return "core";
    return minuteOfDay < today.sessionClose ? "post" : "closed";
  }

  nextOpen(time: EpochMs): EpochMs {
    return this.#next(time, (day) => [day.open]);
  }

  nextClose(time: EpochMs): EpochMs {
    return this.#next(time, (day) => [day.close]);
  }

  nextSessionClose(time: EpochMs): EpochMs {
    return this.#next(time, (day) => [day.sessionClose]);
  }

  /** The next time at which the phase changes. */
  nextChange(time: EpochMs): EpochMs {
    const { from, at } = this.#change;
    if (from <= time && time < at) return at;
    const moments = ({ sessionOpen, open, close, sessionClose }: TradingDay) => [
      sessionOpen,
      open,
      close,
      sessionClose,
    ];
    this.#change = { from: time, at: this.#next(time, moments) };
    return this.#change.at;
  }

  /** The first trading day after `date`. */
  dayAfter(date: CalendarDate): CalendarDate {
    const first = dayNumber(date) + 1;
    for (let day = first; day < first + SEARCH_DAYS; day += 1) {
      const candidate = dateOfDay(day);
      if (this.day(candidate) !== undefined) return candidate;
    }
    throw noTradingDay(date);
  }

  #next(after: EpochMs, momentsOf: (day: TradingDay) => number[]): EpochMs {
    const today = dayNumber(wallTime(after).date);
    for (let day = today; day <= today + SEARCH_DAYS; day += 1) {
      const trading = this.day(dateOfDay(day));
      for (const minute of trading === undefined ? [] : momentsOf(trading)) {
        const time = atWallTime(dateOfDay(day), minute);
        if (time > after) return time;
      }
    }
    throw noTradingDay(dateOfDay(today));
  }

  #exceptions(year: number): ExceptionalDays {
    const known = this.#years.get(year) ?? exceptionalDays(year);
    this.#years.set(year, known);
    return known;
  }
}

function noTradingDay(date: CalendarDate): RangeError {
  return new RangeError(`no trading day within ${SEARCH_DAYS} days of ${date}`);
}

/** `570` as `09:30`. */
export function clockText(minuteOfDay: number): string {
  const hours = String(Math.floor(minuteOfDay / 60)).padStart(2, "0");
  return `${hours}:${String(minuteOfDay % 60).padStart(2, "0")}`;
}

function tradingDay(date: CalendarDate, open: number, close: number): TradingDay {
  const sessionClose = Math.min(close + POST_MARKET_MINUTES, 24 * 60 - 1);
  const sessionOpen = Math.min(SESSION_OPEN, open);
  return { date, sessionOpen, open, close, sessionClose };
}

function minutes(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
}
