/** Wall clocks, from the platform's time zone data: nothing here knows when they are changed. */
import type { EpochMs } from "./clock.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far a zone's clocks are ahead of UTC at `instant`, in milliseconds: negative in New York. */
export function zoneOffsetMs(instant: EpochMs, timeZone: string): number {
  const parts = formatOf(timeZone)
    .formatToParts(instant)
    .map(({ type, value }) => [type, Number(value)] as const);
  const {
    year = 0,
    month = 1,
    day = 1,
    hour = 0,
    minute = 0,
    second = 0,
  } = Object.fromEntries(parts);
  const shown = Date.UTC(year, month - 1, day, hour, minute, second);
  return shown - Math.floor(instant / 1_000) * 1_000;
}

/** Making one costs far more than using it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formats.set(timeZone, format);
  return format;
}
