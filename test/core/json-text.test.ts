import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonText, withNumbersAsText } from "../../src/core/json-text.ts";

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

  it.each(['{"qty": 01}', "01", '{"a": "b"', ""])("is undefined for %j", (text) => {
    expect(parseJsonText(text)).toBeUndefined();
  });
});
