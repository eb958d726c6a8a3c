import { expect, test } from "vitest";
import type { DecimalText } from "../../src/core/decimal.ts";
import {
  legsInWords,
  orderInWords,
  shownInWords,
  symbolInWords,
} from "../../src/identity/order-in-words.ts";

const TERMS = {
  symbol: "TQQQ",
  side: "buy",
  quantity: "6" as DecimalText,
  notional: null,
  portion: null,
  extension: null,
} as const;

function combo(...legs: readonly (readonly [side: string, ratio: string, symbol: string])[]) {
  const wire = legs.map(([side, ratio_qty, symbol]) => ({ side, ratio_qty, symbol }));
  const extension = { order_class: "mleg", legs: wire };
  return { ...TERMS, symbol: "MLEG", quantity: "2" as DecimalText, extension };
}

const CALL = "SPY270115C00500000";
const SPREAD = combo(["buy", "1", "SPY270115C00500000"], ["sell", "1", "SPY270115C00510000"]);

test.each([
  ["buy 6 TQQQ", TERMS],
  ["sell 6 TQQQ", { ...TERMS, side: "sell" }],
  ["buy 100 USD of TQQQ", { ...TERMS, quantity: null, notional: "100" as DecimalText }],
  ["close 50% TQQQ", { ...TERMS, side: null, quantity: null, portion: "50%" }],
  ["buy 2 SPY270115C00500000 and sell 2 SPY270115C00510000", SPREAD],
  [
    "buy 2 AAPL1250620C00100000, sell 4 AAPL1250620C00110000 and buy 2 AAPL1250620C00120000",
    combo(
      ["buy", "1", "AAPL1250620C00100000"],
      ["sell", "2", "AAPL1250620C00110000"],
      ["buy", "1", "AAPL1250620C00120000"],
    ),
  ],
] as const)("an order reads %s", (words, terms) => {
  expect(orderInWords(terms)).toBe(words);
});

test("a multi-leg order is told by its underlying and its legs, another one by its symbol", () => {
  expect(symbolInWords(TERMS)).toBe("TQQQ");
  expect(legsInWords(TERMS)).toEqual([]);
  expect(symbolInWords(SPREAD)).toBe("SPY");
  const legs = ["buy 2 SPY270115C00500000", "sell 2 SPY270115C00510000"];
  expect(legsInWords(SPREAD)).toEqual(legs);
});

test("one of contracts on two underlyings is told by both, an order for one contract by that", () => {
  const pair = combo(["buy", "1", CALL], ["sell", "1", "QQQ270115C00400000"]);
  expect(symbolInWords(pair)).toBe("SPY/QQQ");
  expect(symbolInWords({ ...TERMS, symbol: CALL })).toBe(CALL);
});

test("so is one that the broker shows", () => {
  const [one, two] = ["1" as DecimalText, "2" as DecimalText];
  const low = { ...TERMS, symbol: "SPY270115C00500000", quantity: one };
  const high = { ...low, symbol: "SPY270115C00510000", side: "sell", quantity: two } as const;
  const words = "buy 1 SPY270115C00500000 and sell 2 SPY270115C00510000";
  expect(shownInWords({ ...TERMS, symbol: "MLEG", legs: [low, high] })).toBe(words);
  expect(shownInWords({ ...TERMS, legs: [high] })).toBe("buy 6 TQQQ");
});

test("one that the broker shows in part is told by what is shown of it", () => {
  const multiLeg = { ...TERMS, symbol: "MLEG" };
  expect(shownInWords({ ...multiLeg, legs: [{ ...TERMS, symbol: CALL }] })).toBe(`buy 6 ${CALL}`);
  expect(shownInWords(multiLeg)).toBe("buy 6 MLEG");
  expect(shownInWords({ ...multiLeg, legs: [] })).toBe("buy 6 MLEG");
  expect(shownInWords({ ...TERMS, quantity: null })).toBe("buy TQQQ");
});
