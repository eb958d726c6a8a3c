/** Orders of several option contracts: what counts as one, and what is refused before it is sent. */
import { describe, expect, test } from "vitest";
import type { AccountId, AgentId } from "../../src/core/ids.ts";
import { comboLegs, isCombo } from "../../src/identity/combo.ts";
import { parseIntent } from "../../src/identity/intent-schema.ts";

const CALL = { symbol: "SPY260618C00500000", ratio_qty: "1", side: "buy" };
const PUT = { symbol: "SPY260618P00500000", ratio_qty: "2", side: "sell" };

function extension(...legs: readonly unknown[]) {
  return { order_class: "mleg", legs };
}

function parsed(changes: Record<string, unknown>) {
  const base = { symbol: "MLEG", side: "buy", effect: "open", quantity: "3" };
  const combo = { ...base, extension: extension(CALL, PUT), ...changes };
  return parseIntent(combo, "acc" as AccountId, "bot" as AgentId);
}

describe("an order's terms are a combo's", () => {
  test("where its class is mleg, and nowhere else", () => {
    expect(isCombo({ extension: extension(CALL, PUT) })).toBe(true);
    expect(isCombo({ extension: { order_class: "mleg" } })).toBe(true);
    expect(isCombo({ extension: { order_class: "bracket" } })).toBe(false);
    expect(isCombo({ extension: {} })).toBe(false);
    expect(isCombo({ extension: null })).toBe(false);
  });
});

describe("the legs of a combo", () => {
  test("are its contracts, how many of each a combo has, and what it does with them", () => {
    const closing = { ...PUT, position_intent: "sell_to_close" };
    const opening = { ...CALL, position_intent: "buy_to_open" };
    expect(comboLegs({ extension: extension(CALL, closing, opening) })).toEqual([
      { symbol: CALL.symbol, side: "buy", ratio: "1", effect: null },
      { symbol: PUT.symbol, side: "sell", ratio: "2", effect: "close" },
      { symbol: CALL.symbol, side: "buy", ratio: "1", effect: "open" },
    ]);
    const said = (position_intent: string) => ({ ...CALL, side: undefined, position_intent });
    expect(comboLegs({ extension: extension(said("buy_to_open"), said("sell_to_close")) })).toEqual(
      [
        { symbol: CALL.symbol, side: "buy", ratio: "1", effect: "open" },
        { symbol: CALL.symbol, side: "sell", ratio: "1", effect: "close" },
      ],
    );
    const numbers = extension({ ...CALL, ratio_qty: 2 }, CALL, CALL, CALL);
    expect(comboLegs({ extension: numbers })?.map(({ ratio }) => ratio)).toEqual([
      ...["2", "1", "1", "1"],
    ]);
  });

  test.each<[string, unknown]>([
    ["text", "SPY260618C00500000"],
    ["null", null],
    ["without a symbol", { ...CALL, symbol: undefined }],
    ["with a list for a symbol", { ...CALL, symbol: [CALL.symbol] }],
    ["of a stock", { ...CALL, symbol: "SPY" }],
    ["with words around its contract", { ...CALL, symbol: `${CALL.symbol} x` }],
    ["with words before its contract", { ...CALL, symbol: `x ${CALL.symbol}` }],
    ["without a ratio", { ...CALL, ratio_qty: undefined }],
    ["with a list for a ratio", { ...CALL, ratio_qty: [1] }],
    ["with a ratio of zero", { ...CALL, ratio_qty: "0" }],
    ["with a ratio below zero", { ...CALL, ratio_qty: "-1" }],
    ["without a side", { ...CALL, side: undefined }],
    ["without a side that its intent says", { ...CALL, side: null, position_intent: "buy" }],
    ["with words before its intent", { ...CALL, side: null, position_intent: "rebuy_to_open" }],
    ["with words behind its intent", { ...CALL, side: null, position_intent: "buy_to_opened" }],
    ["with a list for an intent", { ...CALL, side: null, position_intent: ["buy_to_open"] }],
    ["with a number for an intent", { ...CALL, side: undefined, position_intent: 1 }],
    ["with a side of its own", { ...CALL, side: "short" }],
  ])("cannot be read where one is %s", (_, leg) => {
    expect(comboLegs({ extension: extension(PUT, leg) })).toBeUndefined();
  });

  test.each<[string, object | null]>([
    ["no terms at all", null],
    ["no legs", { order_class: "mleg" }],
    ["text for legs", { order_class: "mleg", legs: "ab" }],
    ["one leg", extension(CALL)],
    ["five legs", extension(CALL, CALL, CALL, CALL, CALL)],
  ])("cannot be read from %s", (_, terms) => {
    expect(comboLegs({ extension: terms as Record<string, unknown> | null })).toBeUndefined();
  });
});

describe("an intent for a combo", () => {
  test("is an open buy of a number of them, whose net price stays with its legs", () => {
    expect(parsed({})).toMatchObject({ symbol: "MLEG", quantity: "3", limitPrice: null });
    const limit = { type: "limit", extension: { ...extension(CALL, PUT), limit_price: "-0.35" } };
    expect(parsed(limit)).toMatchObject({ type: "limit", extension: { limit_price: "-0.35" } });
  });

  test.each<[string, Record<string, unknown>]>([
    ["another symbol", { symbol: "SPY" }],
    ["a sell", { side: "sell" }],
    ["a close", { effect: "close" }],
    ["an effect left open", { effect: undefined }],
    ["dollars", { quantity: undefined, notional: "100" }],
  ])("is refused with %s", (_, changes) => {
    expect(() => parsed(changes)).toThrow(/^an mleg order is an open buy of a quantity of MLEG$/);
  });

  test("is refused with legs that cannot be read, which the message shows", () => {
    const wanted =
      "expected two to four, each with symbol, ratio_qty above zero, and side or position_intent";
    expect(() => parsed({ extension: extension("x") })).toThrow(`legs is ["x"]: ${wanted}`);
    expect(() => parsed({ extension: { order_class: "mleg" } })).toThrow(/^legs is missing: /);
  });
});
