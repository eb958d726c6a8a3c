import { expect, test } from "vitest";
import { DEEPEST_JSON, isTooDeep, isWellFormed, unsafeInteger } from "../../src/core/json-shape.ts";

const nest = (depth: number): unknown =>
  JSON.parse(`${'{"a":['.repeat(depth)}1${"]}".repeat(depth)}`);

test("JSON may be nested as deep as any order is, and no deeper", () => {
  expect(isTooDeep(nest(DEEPEST_JSON / 2))).toBe(false);
  expect(isTooDeep(nest(DEEPEST_JSON / 2 + 1))).toBe(true);
  expect(isTooDeep(nest(100_000))).toBe(true);
});

test.each([null, 1, "text", [], {}, [[]], { a: { b: [1] } }])("%j is not too deep", (value) => {
  expect(isTooDeep(value)).toBe(false);
});

test.each([
  ["a text", "\ud800"],
  ["a text in a list", ["a", ["\udc00b"]]],
  ["a field's value", { a: { b: "a\ud83d" } }],
  ["a field's name", { a: [{ "\ud800": 1 }] }],
])("half a character in %s is not well-formed", (_, value) => {
  expect(isWellFormed(value)).toBe(false);
});

test("whole characters are well-formed, also those of two halves", () => {
  expect(isWellFormed({ "é😀": ["\u0000", "💥", null, 1] })).toBe(true);
});

test.each([
  [{ a: [1, -(2 ** 53)] }, -(2 ** 53)],
  [1e21, 1e21],
  [{ a: 2 ** 53 - 1, b: 0.1, c: "9007199254740993", d: null }, undefined],
])("of %j the integer that may have lost digits is found", (value, found) => {
  expect(unsafeInteger(value)).toBe(found);
});
