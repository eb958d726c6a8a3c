/**
 * JSON from outside, read without losing a digit.
 *
 * 1. A number becomes the text that stood in the body, so no amount passes through a binary float.
 * 2. Text that is not exactly one JSON value is `undefined`, whatever a lenient reader could make
 *    of its beginning; so is a nest without a bottom. It does not say what a value means: the
 *    schemas beside it do.
 */

import { isTooDeep } from "./json-shape.ts";

/** A whole string, or a number outside of any string: the number is what group 1 holds. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** The value of `text` with every number as its own text, or undefined when it is not JSON. */
export function parseJsonText(text: string): unknown {
  try {
    // First as it stands: quoting numbers would make valid what is not, such as 01.
    const value: unknown = JSON.parse(text);
    if (isTooDeep(value)) return undefined;
    // The broker writes amounts as text: most bodies have no number at all.
    if (!holdsNumber(value)) return value;
    return JSON.parse(
      text.replace(STRING_OR_NUMBER, (token, number?: string) =>
        number === undefined ? token : `"${number}"`,
      ),
    );
  } catch {
    return undefined;
  }
}

/** `value`, from {@link JSON.parse}, with every number as its shortest text. */
export function withNumbersAsText(value: unknown): unknown {
  return holdsNumber(value) ? parseJsonText(JSON.stringify(value)) : value;
}

/** Shorter ones are kept, whatever their digits. */
const LONG_INTEGER = /^-?\d{16,}$/;

/** The first integer in `text`, which is JSON, that {@link JSON.parse} would give other digits. */
export function integerThatIsLost(text: string): string | undefined {
  return integersThatAreLost(text).next().value ?? undefined;
}

/** All of them, as they stand in `text`. */
export function* integersThatAreLost(text: string): Generator<string, undefined> {
  if (!/\d{16}/.test(text)) return;
  for (const [, number] of text.matchAll(STRING_OR_NUMBER)) {
    const isLong = number !== undefined && LONG_INTEGER.test(number);
    if (isLong && JSON.stringify(Number(number)) !== number) yield number;
  }
}

/** A number of fewer characters, and without an exponent, has no digit that a double would lose. */
const MAYBE_LOST = /[\d.]{17}|\d[eE][+-]?\d/;
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * `text`, which is JSON, with every number that has a fraction or an exponent, and would be another
 * one in a double, as a text. Integers are left to {@link integerThatIsLost}.
 */
export function withLostFractionsAsText(text: string): string {
  if (!MAYBE_LOST.test(text)) return text;
  return text.replace(STRING_OR_NUMBER, (token, number?: string) =>
    number !== undefined && /[.eE]/.test(number) && isLost(number) ? `"${number}"` : token,
  );
}

/** `value`, which JSON.parse has made of `text`, with such numbers as texts. */
export function withDigitsKept(text: string, value: unknown): unknown {
  const kept = withLostFractionsAsText(text);
  return kept === text ? value : JSON.parse(kept);
}

function isLost(number: string): boolean {
  return decimalOf(number) !== decimalOf(String(Number(number)));
}

/** The same for all texts of one number; undefined for what is no number. */
function decimalOf(number: string): string | undefined {
  const [, sign, whole = "", fraction = "", exponent = "0"] = NUMBER.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  if (sign === undefined || digits === "") return sign === undefined ? undefined : "0";
  // A pattern for the zeros at the end would begin anew at every zero before them.
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  const power = Number(exponent) - fraction.length + digits.length - end;
  return `${sign}${digits.slice(0, end)}e${power}`;
}

function holdsNumber(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "number";
  for (const name in value) {
    if (holdsNumber((value as Readonly<Record<string, unknown>>)[name])) return true;
  }
  return false;
}

/** `value` as a JSON object (not an array, not null), or undefined. */
export function asJsonObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
