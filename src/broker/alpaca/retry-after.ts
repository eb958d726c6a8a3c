/** How long a 429 asks us to wait. */
import type { EpochMs } from "../../core/clock.ts";

/** Where the broker names no pause: what its own Python client waits between tries. */
export const DEFAULT_RETRY_AFTER_MS = 3_000;

const WHOLE_NUMBER = /^\d{1,12}$/;

/**
 * Milliseconds from `now`: `Retry-After` (seconds or an HTTP date), else `X-RateLimit-Reset`
 * (seconds since 1970), else the default, which also stands in for a moment already past.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: EpochMs): number {
  const pause = pauseOf(headers["retry-after"], now) ?? resetOf(headers["x-ratelimit-reset"], now);
  return pause !== undefined && pause > 0 ? pause : DEFAULT_RETRY_AFTER_MS;
}

function pauseOf(value: string | undefined, now: EpochMs): number | undefined {
  if (value === undefined) return undefined;
  if (WHOLE_NUMBER.test(value)) return Number(value) * 1_000;
  const moment = Date.parse(value);
  return Number.isFinite(moment) ? moment - now : undefined;
}

function resetOf(value: string | undefined, now: EpochMs): number | undefined {
  if (value === undefined || !WHOLE_NUMBER.test(value)) return undefined;
  return Number(value) * 1_000 - now;
}
