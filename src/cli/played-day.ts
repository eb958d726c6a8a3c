/**
 * The day of a file of bars, moved to where it is now: what the simulated broker needs to play it
 * from this minute on. The market is open for as long as the bars go, but not past midnight.
 */
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { newYorkDate, newYorkInstant, newYorkMinute } from "../schedule/new-york-time.ts";
import type { ScriptedBar, WorldOptions } from "../simulator/index.ts";
import { BAR_MS, type Bar } from "../strategy/bar.ts";

export interface PlayedDay extends Pick<WorldOptions, "startAt" | "calendar" | "bars"> {
  /** The session, in New York's time of day. */
  readonly open: string;
  readonly close: string;
}

/** So many bars are over when nobody says at which the day begins. */
const BEFORE = 10;
const DAY_MS = 24 * 60 * BAR_MS;
const LAST_MINUTE = "23:59";

/**
 * `at`: the time of the bars' day in New York that it is now, such as `09:40`. Throws LatchError
 * `invalid_option` where the bars' first day has nothing left then.
 */
export function playedDay(
  bars: ReadonlyMap<string, readonly Bar[]>,
  now: EpochMs,
  at: string | undefined,
): PlayedDay {
  const starts = [...bars.values()].flat().map(({ startAt }) => startAt);
  // Years of bars are more than a call has arguments.
  const first = starts.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const day = newYorkDate(first);
  const isOfDay = (startAt: EpochMs) => startAt < first + DAY_MS && newYorkDate(startAt) === day;
  const lasts = starts.filter(isOfDay);
  const from = at === undefined ? first + BEFORE * BAR_MS : newYorkInstant(day, at);
  if (from < first || from > Math.max(...lasts)) {
    const span = `${clockOf(first)} to ${clockOf(Math.max(...lasts))}`;
    throw new LatchError("invalid_option", `--at is ${at}: the bars of ${day} are of ${span}`);
  }
  const shiftMs = Math.floor(now / BAR_MS) * BAR_MS - from;
  const today = newYorkDate(now);
  const moved = (startAt: EpochMs) => newYorkDate(startAt + shiftMs) === today;
  const shown = lasts.filter(moved).map((startAt) => startAt + shiftMs);
  const open = clockOf(Math.min(...shown));
  const end = Math.max(...shown) + BAR_MS;
  const close = newYorkDate(end) === today ? clockOf(end) : LAST_MINUTE;
  return {
    ...{ startAt: now, open, close, calendar: { [today]: { open, close } } },
    bars: Object.fromEntries(
      [...bars].map(([symbol, list]) => [
        symbol,
        list
          .filter(({ startAt }) => isOfDay(startAt) && moved(startAt))
          .map((bar) => scripted(bar, shiftMs)),
      ]),
    ),
  };
}

function scripted(bar: Bar, shiftMs: number): ScriptedBar {
  const { open, high, low, close, volume } = bar;
  return { time: bar.startAt + shiftMs, open, high, low, close, volume };
}

function clockOf(at: EpochMs): string {
  return newYorkMinute(at).slice(11);
}
