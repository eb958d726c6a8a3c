/**
 * Points in time as Alpaca writes them: RFC 3339 text in UTC with nine digits of the second.
 *
 * All timestamps have one width, so comparing the texts compares the times. Text of any other
 * precision or offset is brought to that form before it is compared.
 */
import type { EpochMs } from "../core/clock.ts";

export type Timestamp = string & { readonly brand: "Timestamp" };

const NANOSECONDS_PER_MS = 1_000_000;
const DATE = String.raw`(\d{4}-\d{2}-\d{2})`;
const TIME = String.raw`(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?`;
const OFFSET = String.raw`(Z|[+-]\d{2}:?\d{2})?`;
const RFC_3339 = new RegExp(`^${DATE}(?:[T ]${TIME}\\s*${OFFSET})?$`, "i");

/** The text of `time`, with `nanoseconds` (0 to 999,999) behind its milliseconds. */
export function timestamp(time: EpochMs, nanoseconds = 0): Timestamp {
  const digits = String(nanoseconds).padStart(6, "0");
  return new Date(time).toISOString().replace("Z", `${digits}Z`) as Timestamp;
}

/** RFC 3339 text of any precision or offset, a plain date (UTC), or undefined for anything else. */
export function parseTimestamp(text: string): Timestamp | undefined {
  // A plus sign that a client left unescaped in a query arrives as a space.
  const parts = RFC_3339.exec(text.trim().replace(/ (\d{2}:?\d{2})$/, "+$1"));
  if (parts === null) return undefined;
  const [, date, minutes = "00:00", seconds = "00", fraction = "", offset = "Z"] = parts;
  const wholeSeconds = Date.parse(`${date}T${minutes}:${seconds}${withColon(offset)}`);
  if (Number.isNaN(wholeSeconds)) return undefined;
  const nanoseconds = Number(fraction.padEnd(9, "0"));
  return timestamp(
    wholeSeconds + Math.floor(nanoseconds / NANOSECONDS_PER_MS),
    nanoseconds % NANOSECONDS_PER_MS,
  );
}

/** The whole milliseconds of `text`. */
export function epochMs(text: Timestamp): EpochMs {
  return Date.parse(`${text.slice(0, 23)}Z`);
}

/** Gives out strictly increasing timestamps, however often it is asked within one millisecond. */
export class TimestampSource {
  readonly #now: () => EpochMs;
  #lastMs: EpochMs = Number.NEGATIVE_INFINITY;
  #nanoseconds = 0;

  constructor(now: () => EpochMs) {
    this.#now = now;
  }

  next(): Timestamp {
    const now = this.#now();
    this.#nanoseconds = now === this.#lastMs ? this.#nanoseconds + 1 : 1;
    this.#lastMs = now;
    return timestamp(now, Math.min(this.#nanoseconds, NANOSECONDS_PER_MS - 1));
  }
}

function withColon(offset: string): string {
  return /^[+-]\d{4}$/.test(offset) ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset;
}
