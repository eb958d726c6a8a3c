import { describe, expect, test } from "vitest";
import { isStock, plainSymbol } from "../../src/identity/symbol.ts";
import { symbolSchema } from "../../src/identity/symbol-schema.ts";

describe("the one name of what is traded", () => {
  test.each([
    ["BTCUSD", "BTC/USD"],
    ["BTCUSDT", "BTC/USDT"],
    ["BTCUSDC", "BTC/USDC"],
    ["ETHBTC", "ETH/BTC"],
    ["BTC/USD", "BTC/USD"],
  ])("of the pair %s is %s", (written, name) => expect(plainSymbol(written)).toBe(name));

  test.each(["TQQQ", "BRK.B", "USD", "BTC", "4BTCUSD", "BTCUSD4", "BTCUSD260116C00050000"])(
    "of %s, which is no pair, is as it is written",
    (symbol) => expect(plainSymbol(symbol)).toBe(symbol),
  );
});

test("a stock or a fund is told by its name from a pair, a contract and what is none", () => {
  for (const symbol of ["TQQQ", "BRK.B", "F"]) expect(isStock(symbol), symbol).toBe(true);
  const others = ["BTC/USD", "BTCUSD", "SPY260116C00050000", "tqqq", "TQQQ ", "MLEG1", ""];
  for (const symbol of others) expect(isStock(symbol), symbol).toBe(false);
});

test("a symbol that a request gives is one, or is refused with what a symbol looks like", () => {
  expect(symbolSchema.parse("BTC/USD")).toBe("BTC/USD");
  expect(symbolSchema.safeParse("not one").error?.issues[0]?.message).toBe(
    "expected a symbol such as TQQQ or BTC/USD",
  );
});
