import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  absolute,
  add,
  compare,
  type DecimalText,
  decimal,
  decimalPlaces,
  divide,
  isZero,
  minimum,
  multiply,
  negate,
  parseDecimal,
  parseNumber,
  roundToCents,
  signOf,
  subtract,
  toFixed,
  ZERO,
} from "../../src/core/decimal.ts";

const d = decimal;

describe("decimal text", () => {
  test.each([
    ["6", "6"],
    ["6.0", "6"],
    ["+6.50", "6.5"],
    ["006", "6"],
    [".5", "0.5"],
    [".25", "0.25"],
    ["5.", "5"],
    ["-0", "0"],
    ["-0.000", "0"],
    ["-00.250", "-0.25"],
    ["0.000000001", "0.000000001"],
    ["100000000000000000000000", "100000000000000000000000"],
  ])("%s is written %s", (written, canonical) => {
    expect(parseDecimal(written)).toBe(canonical);
  });

  test.each([
    ["1e5", "100000"],
    ["-1.5E-7", "-0.00000015"],
    ["5e-1", "0.5"],
    ["12e3", "12000"],
    ["1.25e3", "1250"],
    ["0e999", "0"],
    ["6.50", "6.5"],
  ])("%s is written %s where exponents are taken", (written, canonical) => {
    expect(parseNumber(written)).toBe(canonical);
  });

  test.each(["e5", "1e", "1e1000", ".5e1", "1e5.5", "NaN", ""])(
    "%j is not a number where exponents are taken either",
    (written) => {
      expect(parseNumber(written)).toBeUndefined();
    },
  );

  test.each([
    "",
    " 6",
    "6 ",
    "6,0",
    "1e5",
    "1E5",
    "0x10",
    "NaN",
    "Infinity",
    "-Infinity",
    ".",
    "-",
    "--6",
    "6.0.0",
    "٦",
    "6\n",
  ])("%j is not a number", (written) => {
    expect(parseDecimal(written)).toBeUndefined();
    expect(() => decimal(written)).toThrow(
      new RangeError(`not a decimal number: ${JSON.stringify(written)}`),
    );
  });
});

describe("decimal arithmetic", () => {
  test("is exact where binary floating point is not", () => {
    expect(add(d("0.1"), d("0.2"))).toBe("0.3");
    expect(subtract(d("0.3"), d("0.1"))).toBe("0.2");
    expect(multiply(d("75.33"), d("6"))).toBe("451.98");
    expect(divide(d("1"), d("8"))).toBe("0.125");
  });

  test("divides to 40 significant digits, half to even", () => {
    expect(divide(d("2"), d("3"))).toBe(`0.${"6".repeat(39)}7`);
  });

  test("leaves every digit of a number that zero is added to or taken from", () => {
    const long = d(`0.${"6".repeat(50)}`);
    expect([add(ZERO, long), add(long, ZERO), subtract(long, ZERO)]).toEqual([long, long, long]);
    expect(add(long, d("1"))).toBe(`1.${"6".repeat(38)}7`);
  });

  test("refuses to divide by zero", () => {
    expect(() => divide(d("6"), ZERO)).toThrow(new RangeError("division of 6 by zero"));
  });

  test("never writes a negative zero or an exponent", () => {
    expect(negate(ZERO)).toBe("0");
    expect(subtract(d("6"), d("6"))).toBe("0");
    expect(multiply(d("0.000000001"), d("0.000000001"))).toBe("0.000000000000000001");
    expect(roundToCents(d("-0.001"))).toBe("0");
    expect(toFixed(d("-0.001"), 2)).toBe("0.00");
  });

  test("orders by value, not by text", () => {
    expect(compare(d("10"), d("9"))).toBe(1);
    expect(compare(d("-1"), d("0.5"))).toBe(-1);
    expect(compare(d("6.0"), d("6"))).toBe(0);
    expect(minimum(d("10"), d("9"))).toBe("9");
    expect([d("-3"), ZERO, d("0.001")].map(signOf)).toEqual([-1, 0, 1]);
    expect([isZero(ZERO), isZero(d("0.000000001"))]).toEqual([true, false]);
    expect(absolute(d("-2.5"))).toBe("2.5");
    expect(decimalPlaces(d("6.125"))).toBe(3);
  });

  test.each([
    ["0.005", "0"],
    ["0.015", "0.02"],
    ["0.025", "0.02"],
    ["-1.005", "-1"],
    ["902.0449", "902.04"],
  ])("rounds %s dollars to %s, half to even", (dollars, cents) => {
    expect(roundToCents(d(dollars))).toBe(cents);
  });

  test("writes out every digit that was asked for", () => {
    expect(toFixed(d("3653"), 2)).toBe("3653.00");
    expect(toFixed(d("0.125"), 2)).toBe("0.12");
  });

  test("agrees with whole-number arithmetic for every pair of quantities", () => {
    const units = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
    fc.assert(
      fc.property(units, units, (a, b) => {
        expect(add(nanos(a), nanos(b))).toBe(nanos(a + b));
        expect(subtract(nanos(a), nanos(b))).toBe(nanos(a - b));
        expect(compare(nanos(a), nanos(b))).toBe(a < b ? -1 : Number(a > b));
        expect(parseDecimal(nanos(a))).toBe(nanos(a));
      }),
    );
  });
});

/** `units` billionths, written without decimal.ts. */
function nanos(units: bigint): DecimalText {
  const digits = String(units < 0n ? -units : units).padStart(10, "0");
  const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, "");
  return (units < 0n ? `-${text}` : text) as DecimalText;
}
