/**
 * Money and quantities as exact decimals.
 *
 * Values travel as canonical text (`DecimalText`): no exponent, no leading plus, no trailing zero
 * behind the point, `"0"` for every zero. Two equal amounts are therefore equal strings, which is
 * what identity and fingerprints compare. Arithmetic goes through decimal.js with 40 significant
 * digits, and zero changes no sum; nothing here is ever a binary floating point number.
 */
import { Decimal as DecimalJs } from "decimal.js";

const Decimal = DecimalJs.clone({ precision: 40, rounding: DecimalJs.ROUND_HALF_EVEN });

/** A number in canonical decimal text, such as `"6"`, `"-0.25"` or `"3653"`. */
export type DecimalText = string & { readonly brand: "DecimalText" };

export const ZERO = "0" as DecimalText;

/** Digits behind the point that Alpaca takes for a quantity. */
export const QUANTITY_DECIMALS = 9;

const PLAIN_NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;
/** As JSON writes it; an exponent of more digits is of no number that a program has. */
const NUMBER_WITH_EXPONENT = /^[+-]?\d+(\.\d+)?[eE][+-]?\d{1,3}$/;

/** Canonical text of `value`, or undefined when it is not a plain finite decimal number. */
export function parseDecimal(value: string): DecimalText | undefined {
  return PLAIN_NUMBER.test(value) ? canonical(new Decimal(value)) : undefined;
}

/** Like {@link parseDecimal}, and also `1e-05`, as many programs write what is small or large. */
export function parseNumber(value: string): DecimalText | undefined {
  return NUMBER_WITH_EXPONENT.test(value) ? canonical(new Decimal(value)) : parseDecimal(value);
}

/** Like {@link parseDecimal} for text that is known to be a number; throws RangeError otherwise. */
export function decimal(value: string): DecimalText {
  const parsed = parseDecimal(value);
  if (parsed === undefined) throw new RangeError(`not a decimal number: ${JSON.stringify(value)}`);
  return parsed;
}

export function add(a: DecimalText, b: DecimalText): DecimalText {
  if (a === ZERO) return b;
  if (b === ZERO) return a;
  return canonical(new Decimal(a).plus(b));
}

export function subtract(a: DecimalText, b: DecimalText): DecimalText {
  if (b === ZERO) return a;
  return canonical(new Decimal(a).minus(b));
}

export function multiply(a: DecimalText, b: DecimalText): DecimalText {
  return canonical(new Decimal(a).times(b));
}

/** Quotient at 40 significant digits; throws RangeError when `b` is zero. */
export function divide(a: DecimalText, b: DecimalText): DecimalText {
  if (isZero(b)) throw new RangeError(`division of ${a} by zero`);
  return canonical(new Decimal(a).dividedBy(b));
}

export function negate(a: DecimalText): DecimalText {
  return canonical(new Decimal(a).negated());
}

export function absolute(a: DecimalText): DecimalText {
  return canonical(new Decimal(a).abs());
}

/** -1, 0 or 1, as `a` is less than, equal to or greater than `b`. */
export function compare(a: DecimalText, b: DecimalText): -1 | 0 | 1 {
  // Equal amounts are equal texts.
  return a === b ? 0 : (new Decimal(a).comparedTo(b) as -1 | 0 | 1);
}

export function minimum(a: DecimalText, b: DecimalText): DecimalText {
  return compare(a, b) <= 0 ? a : b;
}

export function isZero(a: DecimalText): boolean {
  return a === ZERO;
}

/** -1, 0 or 1: the sign of `a`. */
export function signOf(a: DecimalText): -1 | 0 | 1 {
  if (a === ZERO) return 0;
  return a.startsWith("-") ? -1 : 1;
}

export function decimalPlaces(a: DecimalText): number {
  return new Decimal(a).decimalPlaces();
}

/** `a` rounded half-even to `places` digits behind the point, which are all written out. */
export function toFixed(a: DecimalText, places: number): string {
  const rounded = new Decimal(a).toDecimalPlaces(places);
  return (rounded.isZero() ? rounded.abs() : rounded).toFixed(places);
}

/** `a` with at most `places` digits behind the point, towards zero. */
export function roundDown(a: DecimalText, places: number): DecimalText {
  return canonical(new Decimal(a).toDecimalPlaces(places, DecimalJs.ROUND_DOWN));
}

/** `a` rounded half-even to whole cents. */
export function roundToCents(a: DecimalText): DecimalText {
  return decimal(toFixed(a, 2));
}

function canonical(value: DecimalJs): DecimalText {
  return (value.isZero() ? "0" : value.toFixed()) as DecimalText;
}
