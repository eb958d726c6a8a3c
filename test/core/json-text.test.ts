import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  integerThatIsLost,
  parseJsonText,
  withLostFractionsAsText,
  withNumbersAsText,
} from "../../src/core/json-text.ts";

/** Every number as its text, by way of a reader that knows nothing of bodies. */
function plainly(text: string): unknown {
  return JSON.parse(text, (_, value) => (typeof value === "number" ? String(value) : value));
}

describe("JSON from outside", () => {
  it("is read with every number as its text, and everything else as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseJsonText(text)).toEqual(plainly(text));
        expect(withNumbersAsText(JSON.parse(text))).toEqual(plainly(text));
      }),
    );
  });

  it.each([
    ['{"qty": 0.10000000000000000001}', { qty: "0.10000000000000000001" }],
    ['{"qty": 1, "legs": [{"ratio": 2}]}', { qty: "1", legs: [{ ratio: "2" }] }],
    ['{"qty": "1", "said": "qty: 2"}', { qty: "1", said: "qty: 2" }],
  ])("keeps every digit of %s", (text, value) => {
    expect(parseJsonText(text)).toEqual(value);
  });

  it.each([
    ["9007199254740993", "9007199254740993"],
    ['{"a": [1, -12345678901234567890]}', "-12345678901234567890"],
    ["1152921504606846976", "1152921504606846976"],
    ["9".repeat(400), "9".repeat(400)],
    ["[9007199254740991, 1000000000000000000, 12345678901234567000]", undefined],
    ['{"9007199254740993": "9007199254740993", "b": "\\"9007199254740993"}', undefined],
    ["[0.30000000000000004, 6.02e+23, 0.1000000000000000055]", undefined],
  ])("says of %s which integer JSON.parse would not keep", (text, lost) => {
    expect(integerThatIsLost(text)).toBe(lost);
  });

  it.each([
    ['{"amount": 1.00000000000000001}', '{"amount": "1.00000000000000001"}'],
    ["[-0.1000000000000000055, 1]", '["-0.1000000000000000055", 1]'],
    ["[1e400, -1E-400, 1e99999999999999999999]", '["1e400", "-1E-400", "1e99999999999999999999"]'],
    ["[123456789012345678e-18]", '["123456789012345678e-18"]'],
  ])("has the fractions of %s that a double would change as their texts", (text, kept) => {
    expect(withLostFractionsAsText(text)).toBe(kept);
  });

  it.each([
    "[0.30000000000000004, 6.02e+23, 50.00, 5e-324, 0.0000001, 1.7976931348623157e308]",
    "[0.000000000000000000000, -0.0, 0e5, 00.5, 100000000000000000000000.0]",
    '{"1.00000000000000001": "1.00000000000000001", "b": "\\"1.00000000000000001"}',
    "[9007199254740993, 12345678901234567890]",
  ])("has all else as it stands: %s", (text) => {
    expect(withLostFractionsAsText(text)).toBe(text);
  });

  it("has no number as its text that a double writes", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        for (const text of [String(number), number.toExponential(), JSON.stringify([number])]) {
          expect(withLostFractionsAsText(text)).toBe(text);
        }
      }),
    );
  });

  it.each(['{"qty": 01}', "01", '{"a": "b"', ""])("is undefined for %j", (text) => {
    expect(parseJsonText(text)).toBeUndefined();
  });
});
