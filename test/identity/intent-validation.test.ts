import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { LatchError } from "../../src/core/errors.ts";
import type { AccountId, AgentId } from "../../src/core/ids.ts";
import { intentSchema, parseIntent } from "../../src/identity/intent-schema.ts";

const ACCOUNT = "acc" as AccountId;
const AGENT = "bot" as AgentId;
const BASE = { symbol: "TQQQ", side: "buy", effect: "open", quantity: "6" };

function parsed(changes: Record<string, unknown>) {
  return parseIntent({ ...BASE, ...changes }, ACCOUNT, AGENT);
}

/** The message with which `input` is refused. */
function refusalOf(input: unknown): string {
  try {
    parseIntent(input, ACCOUNT, AGENT);
  } catch (error) {
    if (error instanceof LatchError && error.code === "invalid_intent") return error.message;
    throw error;
  }
  return "accepted";
}

describe("an intent that is as it should be", () => {
  test("is a market order for the day unless it says otherwise, with null for what is absent", () => {
    expect(parsed({})).toEqual({
      account: "acc",
      agent: "bot",
      symbol: "TQQQ",
      side: "buy",
      effect: "open",
      quantity: "6",
      notional: null,
      type: "market",
      timeInForce: "day",
      limitPrice: null,
      stopPrice: null,
      trailPrice: null,
      trailPercent: null,
      extendedHours: false,
      extension: null,
      portion: null,
      requestId: null,
      clientOrderId: null,
      anchor: null,
      decisionId: null,
      reason: null,
    });
  });

  test.each(["BTC/USD", "BTCUSD"])("is good until canceled for the pair %s", (symbol) => {
    expect(parsed({ symbol })).toMatchObject({ symbol: "BTC/USD", timeInForce: "gtc" });
    const close = { symbol, portion: "all" };
    expect(parseIntent(close, ACCOUNT, AGENT)).toMatchObject({ timeInForce: "gtc" });
    expect(parsed({ symbol, timeInForce: "ioc" })).toMatchObject({ timeInForce: "ioc" });
  });

  test.each([
    ["6", "6"],
    ["6.0", "6"],
    [6, "6"],
    [0.1, "0.1"],
    ["0.000000001", "0.000000001"],
    ["999999999999999.999999999", "999999999999999.999999999"],
  ])("may have the quantity %j, kept as %s", (quantity, kept) => {
    expect(parsed({ quantity }).quantity).toBe(kept);
  });

  test.each(["F", "TQQQ", "GOOGL", "BRK.B", "BTC/USD"])("may name %s", (symbol) => {
    expect(parsed({ symbol }).symbol).toBe(symbol);
  });

  test.each([
    ["limit", { limitPrice: "75.10" }],
    ["stop", { stopPrice: "74" }],
    ["stop_limit", { stopPrice: "74", limitPrice: "73.9" }],
    ["trailing_stop", { trailPrice: "1" }],
    ["trailing_stop", { trailPercent: "2.5" }],
  ])("may be a %s order with %j", (type, prices) => {
    expect(parsed({ type, ...prices }).type).toBe(type);
  });

  test.each([
    ["an open, by its bar", { bar: "09:42", stage: "base" }, "open"],
    ["a close, by its episode", { episode: 1, leg: "all" }, "close"],
    ["left to the book, without an anchor", undefined, null],
  ])("may leave out whether it opens or closes: it is %s", (_, anchor, effect) => {
    expect(parsed({ effect: undefined, anchor }).effect).toBe(effect);
  });

  test("may leave its prices to the legs of an oco", () => {
    const oco = { side: "sell", effect: "close", extension: { order_class: "oco" } };
    expect(parsed({ ...oco, type: "limit" })).toMatchObject({ type: "limit", limitPrice: null });
  });

  test("may carry an id of 128 characters, an anchor of its kind, and words for people", () => {
    const anchor = { bar: "2026-05-21T13:42:00Z", stage: "base" };
    const clientOrderId = "b".repeat(128);
    const all = { anchor, clientOrderId, requestId: "r", decisionId: "d", reason: "because" };
    expect(parsed(all)).toMatchObject(all);
    const close = { side: "sell", effect: "close", anchor: { episode: 0, leg: "all" } };
    expect(parsed(close)).toMatchObject(close);
  });
});

/** Each row: what is changed, and how the message must begin. */
const REFUSALS: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ["a negative quantity", { quantity: "-6" }, 'quantity is "-6": expected a number above zero'],
  ["no shares", { quantity: "0.0" }, 'quantity is "0.0": expected a number above zero'],
  ["minus zero", { quantity: -0 }, "quantity is 0: expected a number above zero"],
  ["NaN", { quantity: Number.NaN }, "quantity is NaN: expected a finite decimal number"],
  ["the text NaN", { quantity: "NaN" }, 'quantity is "NaN": expected a finite decimal number'],
  ["Infinity", { quantity: Infinity }, "quantity is Infinity: expected a finite decimal number"],
  ["the text Infinity", { quantity: "Infinity" }, 'quantity is "Infinity": expected a finite'],
  ["an exponent", { quantity: "1e5" }, 'quantity is "1e5": expected a finite decimal number'],
  ["a number with an exponent", { quantity: 1e21 }, "quantity is 1e+21: expected a finite decimal"],
  ["ten decimals", { quantity: "0.0000000001" }, 'quantity is "0.0000000001": expected at most 9'],
  ["a binary sum", { quantity: 0.1 + 0.2 }, "quantity is 0.30000000000000004: expected at most 9"],
  ["16 whole digits", { quantity: "1".repeat(16) }, 'quantity is "1111111111111111": expected at'],
  ["a word", { quantity: "abc" }, 'quantity is "abc": expected a finite decimal number'],
  ["an empty quantity", { quantity: "" }, 'quantity is "": expected a finite decimal number'],
  ["a blank before it", { quantity: " 6" }, 'quantity is " 6": expected a finite decimal number'],
  ["a null quantity", { quantity: null }, "quantity is null: expected a finite decimal number"],
  ["a bigint", { quantity: 6n }, "quantity is 6: expected a finite decimal number"],
  ["a list", { quantity: ["6"] }, 'quantity is ["6"]: expected a finite decimal number'],
  [
    "no amount",
    { quantity: undefined },
    "quantity is missing and notional is missing: exactly one",
  ],
  ["two amounts", { notional: "452.50" }, 'quantity is "6" and notional is "452.5": exactly one'],
  [
    "no dollars",
    { quantity: undefined, notional: "0" },
    'notional is "0": expected a number above',
  ],
  ["small letters", { symbol: "tqqq" }, 'symbol is "tqqq": expected a symbol such as TQQQ'],
  ["a long symbol", { symbol: "TQQQQQQ" }, 'symbol is "TQQQQQQ": expected a symbol such as TQQQ'],
  ["an empty symbol", { symbol: "" }, 'symbol is "": expected a symbol such as TQQQ or BRK.B'],
  ["a symbol with a blank", { symbol: "TQQQ " }, 'symbol is "TQQQ ": expected a symbol such as'],
  ["a symbol with a line", { symbol: "TQQQ\n" }, 'symbol is "TQQQ\\n": expected a symbol such as'],
  ["a class of no letters", { symbol: "BRK." }, 'symbol is "BRK.": expected a symbol such as'],
  ["no symbol", { symbol: undefined }, "symbol is missing: "],
  ["another side", { side: "short" }, 'side is "short": '],
  ["no side", { side: undefined }, "side is missing: expected buy or sell"],
  ["a part of nothing", closePart("0%"), 'portion is "0%": expected all, or a part above 0%'],
  ["more than all", closePart("100.1%"), 'portion is "100.1%": expected all, or a part above'],
  ["words behind a part", closePart("50%x"), 'portion is "50%x": expected all, or a part above'],
  ["a part behind words", closePart("x\n50%"), 'portion is "x\\n50%": expected all, or a part'],
  ["a part without a sign", closePart("50"), 'portion is "50": expected all, or a part above 0%'],
  [
    "a part and a side",
    { ...closePart("50%"), side: "sell" },
    "portion is 50%: quantity, notional",
  ],
  ["a part and shares", { ...closePart("50%"), quantity: "6" }, "portion is 50%: quantity, notio"],
  ["a part and dollars", { ...closePart("50%"), notional: "6" }, "portion is 50%: quantity, notio"],
  [
    "an open of a part",
    { ...closePart("50%"), effect: "open" },
    "portion is 50%: only a close has",
  ],
  [
    "a part at a limit",
    { ...closePart("all"), type: "limit", limitPrice: "75" },
    "portion is all: expected a market order, not limit",
  ],
  ["another effect", { effect: "sell_to_close" }, 'effect is "sell_to_close": '],
  ["another type", { type: "moc" }, 'type is "moc": '],
  ["another time in force", { timeInForce: "gtd" }, 'timeInForce is "gtd": '],
  ["a word for a truth", { extendedHours: "yes" }, 'extendedHours is "yes": '],
  ["a misspelt field", { quantty: "6" }, 'unknown field "quantty" in the intent'],
  ["two misspelt fields", { a: 1, b: 2 }, 'unknown field "a", "b" in the intent'],
  ["a function", { side: () => "buy" }, "side is function: "],
  ["the wire's name", { client_order_id: "b" }, 'unknown field "client_order_id" in the intent'],
  ["an id of 129", { clientOrderId: "b".repeat(129) }, `clientOrderId is "${"b".repeat(129)}": `],
  ["an empty id", { requestId: "" }, 'requestId is "": '],
  ["half a character", { requestId: "\ud800" }, 'requestId is "\\ud800": expected well-formed Un'],
  [
    "half a name",
    { extension: { "a\udc00": 1 } },
    'extension is {"a\\udc00":1}: expected well-formed',
  ],
  [
    "half a text",
    { extension: { legs: [["\ud800"]] } },
    'extension is {"legs":[["\\ud800"]]}: exp',
  ],
  ["a bar for a close", closeWith({ bar: "09:42", stage: "base" }), 'anchor is {"bar":"09:42","st'],
  ["an episode for an open", { anchor: { episode: 1, leg: "a" } }, 'anchor is {"episode":1,"leg"'],
  ["half an anchor", { anchor: { bar: "09:42" } }, 'anchor is {"bar":"09:42"}: expected {bar, st'],
  ["both anchors", { anchor: { bar: "b", stage: "s", episode: 1, leg: "l" } }, 'anchor is {"bar"'],
  ["an episode below 0", closeWith({ episode: -1, leg: "a" }), "anchor.episode is -1: "],
  ["half an episode", closeWith({ episode: 1.5, leg: "a" }), 'anchor is {"episode":1.5,"leg":"a"'],
  ["a limit without price", { type: "limit" }, "limitPrice is missing: required for a limit order"],
  ["a price of zero", { type: "limit", limitPrice: "0" }, 'limitPrice is "0": expected a number'],
  ["a market price", { limitPrice: "75" }, 'limitPrice is "75": not accepted for a market order'],
  ["a stop without price", { type: "stop" }, "stopPrice is missing: required for a stop order"],
  [
    "a stop_limit without its limit",
    { type: "stop_limit", stopPrice: "74" },
    "limitPrice is missing: required for a stop_limit order",
  ],
  [
    "a stop price for a limit",
    { type: "limit", limitPrice: "75", stopPrice: "74" },
    'stopPrice is "74": not accepted for a limit order',
  ],
  ["a trail for a market order", { trailPrice: "1" }, 'trailPrice is "1": not accepted for a mark'],
  ["a percent for a market order", { trailPercent: "2" }, 'trailPercent is "2": not accepted for'],
  [
    "a trailing stop without a trail",
    { type: "trailing_stop" },
    "trailPrice is missing and trailPercent is missing: a trailing_stop order takes exactly one",
  ],
  [
    "a trailing stop with two trails",
    { type: "trailing_stop", trailPrice: "1", trailPercent: "2" },
    'trailPrice is "1" and trailPercent is "2": a trailing_stop order takes exactly one',
  ],
];

function closePart(portion: string): Record<string, unknown> {
  return { side: undefined, quantity: undefined, effect: "close", portion };
}

function closeWith(anchor: object): Record<string, unknown> {
  return { side: "sell", effect: "close", anchor };
}

describe("an intent that is refused names what was received", () => {
  test.each(REFUSALS)("%s", (_, changes, beginning) => {
    expect(refusalOf({ ...BASE, ...changes }).slice(0, beginning.length)).toBe(beginning);
  });

  test.each([
    ["100%", "all"],
    ["50.0%", "50%"],
  ])("reads the part %s as %s", (portion, canonical) => {
    expect(parsed(closePart(portion)).portion).toBe(canonical);
  });

  test.each([
    [null, "the intent is null: "],
    [undefined, "the intent is missing: "],
    ["buy", 'the intent is "buy": '],
    [[], "the intent is []: "],
  ])("when it is %j instead of an object", (input, beginning) => {
    expect(refusalOf(input)).toContain(beginning);
  });

  test("and the anchor that its effect takes", () => {
    const open = { ...BASE, anchor: { episode: 1, leg: "a" } };
    expect(refusalOf(open)).toMatch(/: an open takes \{bar, stage\}$/);
    const close = { ...BASE, ...closeWith({ bar: "09:42", stage: "base" }) };
    expect(refusalOf(close)).toMatch(/: a close takes \{episode, leg\}$/);
  });

  test("in one line of bounded length, however long the value is", () => {
    const message = refusalOf({ ...BASE, reason: "r".repeat(100_000) });
    expect(message.slice(0, 12)).toBe('reason is "r');
    expect(message.length).toBeLessThan(400);
  });
});

describe("an intent that is read without the schema", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "x".repeat(129), "é"));
  const amount = fc.oneof(
    fc.constantFrom("6", "6.50", "+3", "0", "-1", "1e3", ".5", "1".repeat(16), "0.0000000001", ""),
    fc.constantFrom(6, 0.5, Number.NaN, null, true),
  );
  const word = (...words: readonly string[]) =>
    fc.constantFrom<unknown>(...words, undefined, null, "x", 1);
  const input = fc.record(
    {
      symbol: word("TQQQ", "BRK.B", "BTCUSD", "BTC/USD", "tqqq"),
      side: word("buy", "sell"),
      effect: word("open", "close"),
      quantity: amount,
      type: word("market", "limit", "stop", "stop_limit"),
      timeInForce: word("day", "gtc"),
      limitPrice: amount,
      stopPrice: amount,
      extendedHours: fc.constantFrom<unknown>(true, false, undefined, "true"),
      requestId: text,
      clientOrderId: text,
      decisionId: text,
      reason: text,
      unknown: fc.constant(undefined),
    },
    { requiredKeys: [] },
  );
  const outcome = (given: object) => {
    try {
      return parseIntent(given, ACCOUNT, AGENT);
    } catch (error) {
      return (error as Error).message;
    }
  };

  test("is read or refused as the schema reads or refuses it", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          input,
          input.map((some) => ({ ...BASE, ...some })),
        ),
        (given) => {
          // Of a field that is left out so, only the schema says that it is.
          expect(outcome(given)).toEqual(outcome({ ...given, notional: undefined }));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ...[{}, { symbol: "BTCUSD" }, { side: "sell" }, { effect: "close" }, { quantity: "0.5" }],
    ...[
      { type: "limit", limitPrice: "60" },
      { type: "stop", stopPrice: "60.5" },
    ],
    ...[{ timeInForce: "ioc" }, { extendedHours: true }, { extendedHours: false }],
    ...[{ requestId: "r" }, { decisionId: "d" }, { reason: "a reason" }, { side: undefined }],
    ...[{ clientOrderId: "c".repeat(128) }, { requestId: "r".repeat(256) }],
  ])("is one with %j", (changes) => {
    const schema = vi.spyOn(intentSchema, "safeParse");
    outcome({ ...BASE, ...changes });
    expect(schema).not.toHaveBeenCalled();
    outcome({ ...BASE, ...changes, portion: undefined });
    expect(schema).toHaveBeenCalledOnce();
    schema.mockRestore();
  });

  test("has the defaults of the schema, which one that needs it has too", () => {
    const defaults = { type: "market", timeInForce: "day", extendedHours: false };
    expect(outcome({ symbol: "TQQQ", side: "buy", quantity: "6" })).toMatchObject(defaults);
    expect(outcome({ symbol: "TQQQ", side: "buy", notional: "60" })).toMatchObject(defaults);
  });

  test.each([["symbol"], ["requestId"], ["side"], ["quantity"]] as const)(
    "is refused with a %s in a list",
    (field) => {
      const given = { ...BASE, requestId: "r-1" };
      const listed = { ...given, [field]: [given[field]] };
      expect(() => parseIntent(listed, ACCOUNT, AGENT)).toThrow(LatchError);
      expect(outcome(listed)).toContain(field);
    },
  );

  test("is what was passed, whatever else its object inherits or hides", () => {
    class Buy {
      readonly symbol = "TQQQ";
      readonly side = "buy";
      readonly quantity = "6";
      get type(): string {
        return "limit";
      }
      get limitPrice(): string {
        return "60";
      }
    }
    expect(outcome(new Buy())).toMatchObject({ type: "limit", limitPrice: "60" });
    const hidden = Object.defineProperty({ ...BASE, type: "limit" }, "limitPrice", { value: "60" });
    expect(outcome(hidden)).toMatchObject({ type: "limit", limitPrice: "60" });
  });
});
