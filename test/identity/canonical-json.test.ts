import serialize from "canonicalize";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvariantError } from "../../src/core/errors.ts";
import { canonicalHash, canonicalJson, sha256Hex } from "../../src/identity/canonical-json.ts";

/** What events are made of, and what only looks like it. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -0, 1e21, 0.1, undefined),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("value")),
    fc.dictionary(fc.string(), tie("value")),
  ),
})).value;

test("values that say themselves what they are as JSON are written so", () => {
  const date = new Date(0);
  const own = Object.assign({ a: 1 }, { toJSON: () => ({ b: 2 }) });
  const named = Object.assign(Object.create({ toJSON: () => "named" }) as object, { a: 1 });
  const list = Object.assign([1], { toJSON: () => "listed" });
  const unordered = Object.assign([1], { toJSON: () => ({ b: 2, a: 1 }) });
  expect([date, own, named, list, unordered].map((value) => canonicalJson({ value }))).toEqual([
    '{"value":"1970-01-01T00:00:00.000Z"}',
    '{"value":{"b":2}}',
    '{"value":"named"}',
    '{"value":"listed"}',
    '{"value":{"a":1,"b":2}}',
  ]);
});

test("values of any other class are written by their fields, as the reference does", () => {
  const bare = Object.assign(Object.create(null) as object, { b: 1, a: -0 });
  const values = [bare, new Map([["a", 1]]), Object("text"), new Uint8Array([7]), /a/];
  for (const value of values) {
    expect(canonicalJson(value)).toBe(serialize(value));
    expect(canonicalJson({ value })).toBe(serialize({ value }));
  }
  expect(canonicalJson(bare)).toBe('{"a":0,"b":1}');
});

test("what is written here is what the reference implementation writes", () => {
  fc.assert(
    fc.property(values, (value) => {
      fc.pre(value !== undefined);
      expect(canonicalJson(value)).toBe(serialize(value));
    }),
    { numRuns: 2_000 },
  );
});

/** `value` with the names of every object in it in order, as events are put together. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, inOrder(field)]));
}

test("values whose names are in order already are written as the reference does", () => {
  fc.assert(
    fc.property(values, (value) => {
      fc.pre(value !== undefined);
      expect(canonicalJson(inOrder(value))).toBe(serialize(value));
    }),
    { numRuns: 2_000 },
  );
  const odd = { a: '\\ud800 is no half of a pair, "nor" \u2028', b: [Object(5), Object(true)] };
  expect(canonicalJson(odd)).toBe(serialize(odd));
  expect(canonicalJson({ "10": 1, "9": [-0, undefined] })).toBe(
    serialize({ "10": 1, "9": [-0, undefined] }),
  );
  expect(() => canonicalJson({ a: [{ b: "\ud800" }] })).toThrow(InvariantError);
});

describe("canonical JSON as RFC 8785 has it", () => {
  test("sorts keys by their UTF-16 units, not by code points", () => {
    // The example of RFC 8785, section 3.2.3: the emoji's first unit, d83d, is below fb33.
    const text = canonicalJson({
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    });
    const places = ["\\r", "1", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"].map((key) =>
      text.indexOf(`"${key}":`),
    );
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(Math.min(...places)).toBe(1);
  });

  test.each([
    [0, "0"],
    [-0, "0"],
    [1e21, "1e+21"],
    [1e20, "100000000000000000000"],
    [1e-7, "1e-7"],
    [0.000001, "0.000001"],
    [4.5, "4.5"],
    [2e-3, "0.002"],
    [1_000_000_000 / 3, "333333333.3333333"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
  ])("writes the number %d as %s", (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test("escapes only what JSON must, and keeps the rest as it is", () => {
    const odd = '\u20ac$\u000f\nA\'B"\\"/\u2028\u007f';
    expect(canonicalJson(odd)).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\"/\u2028\u007f"');
  });

  test("does not compose or decompose characters", () => {
    expect(canonicalHash("\u00e9")).not.toBe(canonicalHash("e\u0301"));
  });

  test("keeps the order of lists, sorts at every depth, and has no spaces", () => {
    const text = canonicalJson({ b: [3, { z: null, a: true }, []], a: {}, "": false });
    expect(text).toBe('{"":false,"a":{},"b":[3,{"a":true,"z":null},[]]}');
  });

  test("leaves out fields that are not there", () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  });

  const circular: { self?: unknown } = {};
  circular.self = circular;
  const circularList: unknown[] = [];
  circularList.push(circularList);
  test.each([
    ["nothing", undefined],
    ["NaN", { price: Number.NaN }],
    ["infinity", [Number.POSITIVE_INFINITY]],
    ["a lone surrogate", { id: "\ud800" }],
    ["a lone surrogate in a key", { "\udc00": 1 }],
    ["a bigint", { quantity: 6n }],
    ["a circle", circular],
    ["a circle of lists", circularList],
  ])("refuses %s, which JSON cannot hold", (_, value) => {
    expect(() => canonicalJson(value)).toThrow(InvariantError);
    expect(() => canonicalJson(value)).toThrow(`not a JSON value: ${typeof value}`);
  });

  test("says why the serializer refused a value", () => {
    const refused = () => canonicalJson({ quantity: 6n });
    expect(refused).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ name: "TypeError" }) }),
    );
  });

  test("reads back as the value it was made of, whatever order the keys had", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(Object.entries(JSON.parse(canonicalJson(value)) as object).sort()).toEqual(
          Object.entries(value).sort(),
        );
      }),
    );
  });
});

test("a hash is SHA-256 over UTF-8 bytes, in lower-case hex", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const euro = "c4cc90ed3d26f12d4b08a75140970a7904035c31cbb4515a83f19b9003c00d1d";
  expect(sha256Hex("")).toBe(empty);
  expect(sha256Hex("\u20ac")).toBe(euro);
});
