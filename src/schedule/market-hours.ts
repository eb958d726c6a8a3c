/**
 * When the market is open, by the broker's calendar: early closes and holidays are what that says,
 * no list of ours. Pure. A day outside of what the calendar was asked for is not known, and a day
 * inside that it does not name is one without trading.
 */
import type { MarketDay } from "../broker/broker.ts";
import type { EpochMs } from "../core/clock.ts";
import { dateAfter, isWeekday, newYorkDate, newYorkInstant } from "./new-york-time.ts";

/** One day's trading. */
export interface MarketSession {
  /** In New York, `YYYY-MM-DD`. */
  readonly date: string;
  readonly openAt: EpochMs;
  readonly closeAt: EpochMs;
}

/** What the calendar was asked for, both ends included. */
export interface CalendarRange {
  readonly from: string;
  readonly until: string;
}

export class MarketHours {
  readonly #range: CalendarRange;
  readonly #sessions: readonly MarketSession[];

  constructor(days: readonly MarketDay[], range: CalendarRange) {
    this.#range = range;
    this.#sessions = days
      .filter(({ date }) => date >= range.from && date <= range.until)
      .map(sessionOf)
      .sort((a, b) => a.openAt - b.openAt);
  }

  /** Whether the calendar tells about the day of `at` in New York. */
  covers(at: EpochMs): boolean {
    const date = newYorkDate(at);
    return date >= this.#range.from && date <= this.#range.until;
  }

  isOpen(at: EpochMs): boolean {
    return this.#sessions.some(({ openAt, closeAt }) => openAt <= at && at < closeAt);
  }

  /** The session of the day of `at`; undefined where there is no trading. */
  sessionOn(at: EpochMs): MarketSession | undefined {
    const today = newYorkDate(at);
    return this.#sessions.find(({ date }) => date === today);
  }

  /** When the market opens next after `at`; undefined where the calendar does not reach so far. */
  nextOpen(at: EpochMs): EpochMs | undefined {
    return this.#sessions.find(({ openAt }) => openAt > at)?.openAt;
  }

  nextClose(at: EpochMs): EpochMs | undefined {
    return this.#sessions.find(({ closeAt }) => closeAt > at)?.closeAt;
  }

  /** When the last session before `at` closed. */
  lastClose(at: EpochMs): EpochMs | undefined {
    return this.#sessions.findLast(({ closeAt }) => closeAt < at)?.closeAt;
  }
}

/**
 * What a day is taken for while the calendar cannot be read: weekdays with the usual hours. It only
 * decides when to look and to report, never whether to trade.
 */
export function usualHours(at: EpochMs): MarketHours {
  const today = newYorkDate(at);
  const range = { from: dateAfter(today, -7), until: dateAfter(today, 7) };
  const dates = Array.from({ length: 15 }, (_, day) => dateAfter(range.from, day));
  const days = dates.filter(isWeekday).map((date) => ({ date, open: "09:30", close: "16:00" }));
  return new MarketHours(days, range);
}

function sessionOf({ date, open, close }: MarketDay): MarketSession {
  return {
    date,
    openAt: newYorkInstant(date, open),
    closeAt: newYorkInstant(date, close),
  };
}
