/**
 * The broker's timestamps, which have up to nine digits behind the second: more than a Date can
 * hold, and two events can lie within one millisecond.
 */

const TIMESTAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;
const NANO_DIGITS = 9;

/** Whether `a` is later than `b`; false when either is missing or cannot be read. */
export function isLater(a: string | null, b: string | null): boolean {
  const [first, second] = [instantOf(a), instantOf(b)];
  return first !== undefined && second !== undefined && first > second;
}

/** Nanoseconds since 1970; undefined where `text` is missing or cannot be read. */
export function instantOf(text: string | null): bigint | undefined {
  const [, seconds, fraction = "", zone] = TIMESTAMP.exec(text ?? "") ?? [];
  const epochMs = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(epochMs)) return undefined;
  return BigInt(epochMs) * 1_000_000n + BigInt(fraction.padEnd(NANO_DIGITS, "0"));
}
