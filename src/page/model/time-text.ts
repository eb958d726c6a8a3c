/** Times and ages as text. The market's time of day is New York's, whatever the browser's is. */

const ZONE = "America/New_York";
const CLOCK = new Intl.DateTimeFormat("en-GB", {
  ...{ timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit" },
});
const SHORT_CLOCK = new Intl.DateTimeFormat("en-GB", {
  ...{ timeZone: ZONE, hour: "2-digit", minute: "2-digit" },
});
const DAY = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE });
const DAY_TEXT = new Intl.DateTimeFormat("en-GB", {
  ...{ timeZone: ZONE, weekday: "short", day: "numeric", month: "short" },
});
/** A date is one wherever the browser is. */
const DATE_TEXT = new Intl.DateTimeFormat("en-GB", {
  ...{ timeZone: "UTC", weekday: "short", day: "numeric", month: "short", year: "numeric" },
});

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `09:42:00` */
export function timeOfDay(at: string): string {
  return CLOCK.format(new Date(at));
}

/** `09:42` */
export function shortTime(at: string): string {
  return SHORT_CLOCK.format(new Date(at));
}

/** The time of day, and the day where that is another one than `now`'s. */
export function moment(at: string, now: string): string {
  const isToday = dateOf(at) === dateOf(now);
  return isToday ? timeOfDay(at) : `${DAY_TEXT.format(new Date(at))} ${shortTime(at)}`;
}

/** The date in New York, of a form that is the same for all of a day. */
export function dateOf(at: string): string {
  return DAY.format(new Date(at));
}

export function laterBy(at: string, durationMs: number): string {
  return new Date(Date.parse(at) + durationMs).toISOString();
}

/** Of what was last read at `at`; null: never yet. */
export function unreadText(at: string | null, now: string): string {
  return at === null ? "not read yet" : `not read since ${moment(at, now)}`;
}

/** `Thu, 21 May` */
export function dayText(at: string): string {
  return DAY_TEXT.format(new Date(at));
}

/** `Thu, 21 May 2026` for `2026-05-21`. */
export function dateText(date: string): string {
  return DATE_TEXT.format(new Date(`${date}T00:00:00Z`));
}

/** How long ago `at` was, in its two largest units; never below zero. */
export function ageText(at: string, now: string): string {
  return durationText(ageMs(at, now));
}

export function ageMs(at: string, now: string): number {
  return Math.max(0, Date.parse(now) - Date.parse(at));
}

export function durationText(durationMs: number): string {
  if (durationMs < MINUTE_MS) return `${Math.floor(durationMs / SECOND_MS)} s`;
  if (durationMs < HOUR_MS) return parts(durationMs, MINUTE_MS, "min", SECOND_MS, "s");
  if (durationMs < DAY_MS) return parts(durationMs, HOUR_MS, "h", MINUTE_MS, "min");
  return parts(durationMs, DAY_MS, "d", HOUR_MS, "h");
}

function parts(total: number, large: number, name: string, small: number, rest: string): string {
  const whole = Math.floor(total / large);
  const left = Math.floor((total % large) / small);
  return left === 0 ? `${whole} ${name}` : `${whole} ${name} ${left} ${rest}`;
}
