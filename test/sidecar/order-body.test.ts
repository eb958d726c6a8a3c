import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inWireNames, readOrderBody, readTerms, wireNameOf } from "../../src/sidecar/order-body.ts";

const ORDER = { symbol: "TQQQ", side: "buy", qty: "6", type: "market", time_in_force: "day" };

function inputOf(fields: object): Record<string, unknown> {
  const read = readOrderBody(JSON.stringify({ ...ORDER, ...fields }));
  if (read.kind === "refused") throw new Error(read.message);
  return read.input as unknown as Record<string, unknown>;
}

function refusalOf(text: string): string {
  const read = readOrderBody(text);
  if (read.kind === "read") throw new Error("was read");
  return read.message;
}

test("Alpaca's fields become the intent's, and what is null or empty is not there", () => {
  const absent = { notional: null, stop_price: "", extended_hours: null, client_order_id: "" };
  expect(inputOf({ ...absent, type: "limit", limit_price: "70", order_class: "" })).toEqual({
    symbol: "TQQQ",
    side: "buy",
    quantity: "6",
    type: "limit",
    timeInForce: "day",
    limitPrice: "70",
  });
});

test.each([
  [6, "6"],
  [6.0, "6"],
  [0.1 + 0.2, "0.3"],
  [0.7 + 0.1, "0.8"],
  [1.1 * 3, "3.3"],
  [75.33 * 100, "7533"],
  [1e-9, "0.000000001"],
  [0.000_000_123, "0.000000123"],
  [123_456.123_456_789, "123456.123456789"],
  [1e15, "1000000000000000"],
  [1e-10, "0.0000000001"],
  [0.123_456_789_1, "0.1234567891"],
  [1e22, "1e+22"],
  [-6, "-6"],
])("the number %f is the text %s", (number, text) => {
  expect(inputOf({ qty: number }).quantity).toBe(text);
});

test("a number and its text are one quantity, with up to nine decimals", () => {
  const amount = fc.tuple(fc.nat(99_999), fc.nat(999_999_999));
  fc.assert(
    fc.property(amount, ([whole, parts]) => {
      const text = `${whole}.${String(parts).padStart(9, "0")}`;
      const plain = text.replace(/\.?0+$/, "");
      expect(inputOf({ qty: Number(text) }).quantity).toBe(plain);
    }),
  );
});

test("a sum of cents in binary fractions is the sum of the cents", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10_000_000), { minLength: 1, maxLength: 20 }), (cents) => {
      const noisy = cents.reduce((sum, one) => sum + one / 100, 0);
      const exact = cents.reduce((sum, one) => sum + one, 0);
      const text = inputOf({ limit_price: noisy }).limitPrice;
      expect(text).toBe(String(Number((exact / 100).toFixed(2))));
    }),
  );
});

describe("position_intent", () => {
  test.each([
    ["buy", "buy_to_open", "open"],
    ["buy", "buy_to_close", "close"],
    ["sell", "sell_to_open", "open"],
    ["sell", "sell_to_close", "close"],
    ["sell", null, undefined],
    ["sell", "", undefined],
  ])("of a %s, %s, says %s", (side, intent, effect) => {
    expect(inputOf({ side, position_intent: intent }).effect).toBe(effect);
  });

  test.each(["sell_to_close", "buy", "buy_xx_open", "buy_to_open_now", "BUY_TO_OPEN", 5, {}])(
    "of a buy cannot be %j",
    (intent) => {
      const text = JSON.stringify({ ...ORDER, position_intent: intent });
      expect(refusalOf(text)).toContain("position_intent");
    },
  );
});

test("what only the broker reads travels on, with its numbers as text", () => {
  const extension = {
    order_class: "bracket",
    take_profit: { limit_price: 78.5, stop_price: null },
    legs: [{ ratio_qty: 1 }, null],
  };
  expect(inputOf(extension).extension).toEqual({
    order_class: "bracket",
    take_profit: { limit_price: "78.5" },
    legs: [{ ratio_qty: "1" }, null],
  });
  expect(inputOf({ order_class: "simple" })).not.toHaveProperty("extension");
});

test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
  "a field called %s is one that only the broker reads",
  (name) => {
    const read = readOrderBody(`{"symbol":"TQQQ","${name}":"x"}`);
    expect(read.kind).toBe("read");
    if (read.kind !== "read") return;
    expect(Object.keys(read.input.extension ?? {})).toEqual([name]);
    expect(Object.keys(read.input)).toEqual(["symbol", "extension"]);
  },
);

test.each(["QTY", "Side", "client_Order_id", "Position_Intent"])(
  "a known field in other letters is refused, for the broker might take it for that field: %s",
  (name) => {
    expect(refusalOf(JSON.stringify({ ...ORDER, [name]: "600" }))).toContain(`"${name}"`);
  },
);

test.each(["", "{", "[]", "null", "6", '"order"', "{'qty':6}", "NaN"])("%j is no order", (text) => {
  expect(refusalOf(text)).toBe("the body is not a JSON object");
});

test.each([
  ["client_order_id", "1716300000123456789"],
  ["client_order_id", "-9223372036854775807"],
  ["qty", "9007199254740993"],
])("%s as the number %s, which would be read as another one, is refused", (field, number) => {
  const order = JSON.stringify({ ...ORDER, [field]: "X" }).replace('"X"', number);
  expect(refusalOf(order)).toContain(`${number} `);
  expect(refusalOf(order)).toContain("as a text");
  const terms = readTerms(`{"legs":[{"x":${number}}]}`);
  expect(terms).toMatchObject({ kind: "refused", message: expect.stringContaining(number) });
  expect(inputOf({ client_order_id: number }).clientOrderId).toBe(number);
});

test("an id that is a number of up to fifteen digits is its text", () => {
  expect(inputOf({ client_order_id: 171_630_000_012_345 }).clientOrderId).toBe("171630000012345");
});

test("a nest without a bottom is refused, one of an order's depth is not", () => {
  const nest = (depth: number) => `{"legs":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  expect(readOrderBody(nest(4)).kind).toBe("read");
  expect(refusalOf(nest(100_000))).toContain("nested");
  expect(refusalOf(`${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`)).toContain("nested");
});

test.each([
  `{"position_intent":{"toString":1},"side":"buy"}`,
  `{"position_intent":["buy_to_open"],"side":"buy"}`,
  `{"position_intent":{"toString":null,"valueOf":null}}`,
])("a position_intent that is no text is refused: %s", (text) => {
  expect(refusalOf(text)).toContain("position_intent");
});

test.each([`{"note":"\\ud800"}`, `{"legs":[{"a":["x\\udc00"]}]}`, `{"a\\ud800":1}`])(
  "half a character has no bytes, so an order with one is refused: %s",
  (text) => {
    expect(refusalOf(text)).toContain("well-formed Unicode");
  },
);

test("no text makes the reading fail otherwise than by a refusal", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      expect(["read", "refused"]).toContain(readOrderBody(text).kind);
    }),
  );
});

test("a field is told by the name that Alpaca gives it", () => {
  expect(["quantity", "timeInForce", "side", "effect"].map(wireNameOf)).toEqual([
    "qty",
    "time_in_force",
    "side",
    "effect",
  ]);
});

test("what is wrong with an intent is told by Alpaca's names, and values stay as they are", () => {
  expect(inWireNames('timeInForce is "limitPrice": expected')).toBe(
    'time_in_force is "limitPrice": expected',
  );
  expect(inWireNames("quantity is missing and notional is missing")).toBe(
    "qty is missing and notional is missing",
  );
  expect(inWireNames('clientOrderId is "\\"quantity cut')).toBe(
    'client_order_id is "\\"quantity cut',
  );
});

test("an empty symbol is no field that was left out", () => {
  expect(readOrderBody('{"symbol":"","qty":"1","limit_price":""}')).toEqual({
    kind: "read",
    input: { symbol: "", quantity: "1" },
  });
});
