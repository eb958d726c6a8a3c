/** What a position that is short of the book says of a pair's fee. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Book, emptyBook, withAdjustment, withFill } from "../../src/book/book.ts";
import { feeEvents, hasFeeInCoin } from "../../src/claim/coin-fee.ts";
import { evolveBook } from "../../src/claim/evolve.ts";
import {
  add,
  compare,
  decimal,
  multiply,
  QUANTITY_DECIMALS,
  roundDown,
  subtract,
} from "../../src/core/decimal.ts";
import { ACCOUNT, AGENT, buy, filledOrder, proceeded, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const BY = { agent: AGENT, requestId: "entry" as never };

function filled(book: Book, side: "buy" | "sell", quantity: string): Book {
  const fill = { side, quantity: decimal(quantity), cost: decimal(quantity), by: BY };
  return withFill(book, side === "buy" ? { ...fill, feeInCoin: true } : fill);
}

const bought = (quantity: string) => filled(emptyBook(ACCOUNT, "BTC/USD"), "buy", quantity);
const feeOf = (book: Book, held: string) => feeEvents(book, decimal(held));

describe("a position of a pair", () => {
  test("that is short by the fee is taken over at the price that was paid, with no incident", () => {
    expect(feeOf(bought("0.1"), "0.09975")).toEqual([
      {
        ...{ type: "position_adjusted", net: "0.09975", averagePrice: "1", fee: "0.00025" },
        ...{ incident: 0, cause: null },
      },
    ]);
  });

  test.each(["0.1", "0.10001", "0", "-0.1"])("of %s shows no fee of 0.1", (held) => {
    expect(feeOf(bought("0.1"), held)).toEqual([]);
  });

  test("below nothing shows no fee, however much was bought and sold before", () => {
    expect(feeOf(filled(bought("1000"), "sell", "999.999"), "-1")).toEqual([]);
  });

  test("that is short by the highest fee is explained by it, and by more it is not", () => {
    expect(feeOf(bought("1"), "0.997")).toHaveLength(1);
    expect(feeOf(bought("1"), "0.996999999")).toEqual([]);
  });

  test("is short of fees on what was bought since the last one, however much is held", () => {
    const [fee] = feeOf(bought("100"), "99.75");
    const book = fee === undefined ? bought("100") : evolveBook(bought("100"), fee);
    expect(feeOf(book, "99.5")).toEqual([]);
    const more = filled(book, "buy", "1");
    expect(feeOf(more, "100.7475")).toMatchObject([{ fee: "0.0025" }]);
    expect(feeOf(more, "100.74")).toEqual([]);
  });

  test("that was bought in parts, some of it sold since, is short of the fee on all parts", () => {
    const book = filled(filled(bought("1"), "buy", "1"), "sell", "0.5");
    expect(feeOf(book, "1.495")).toMatchObject([{ fee: "0.005" }]);
  });

  test("that is flat shows the fee where the book has no more left than that, and no other gap", () => {
    const sold = filled(bought("1"), "sell", "0.9975");
    const [fee] = feeOf(sold, "0");
    expect(fee).toMatchObject({ net: "0", fee: "0.0025" });
    expect(fee && evolveBook(sold, fee)).toMatchObject({ net: "0", averagePrice: "0" });
    expect(feeOf(filled(bought("1"), "sell", "0.996"), "0")).toEqual([]);
  });

  test("owes no fee once nothing is held, or once it is the broker's own figure", () => {
    expect(filled(bought("1"), "sell", "1")).not.toHaveProperty("feeDueOn");
    const adjusted = withAdjustment(bought("1"), decimal("0.5"), decimal("1"));
    expect(adjusted).not.toHaveProperty("feeDueOn");
    expect(feeOf(adjusted, "0.499")).toEqual([]);
  });

  test("shows the fee of any purchases, each rounded to what the broker keeps", () => {
    const units = fc.integer({ min: 1_000, max: 1_000_000_000 });
    const rate = fc.constantFrom("0.0008", "0.0015", "0.0025");
    fc.assert(
      fc.property(fc.array(units, { minLength: 1, maxLength: 5 }), rate, (parts, part) => {
        let book = emptyBook(ACCOUNT, "BTC/USD");
        let held = decimal("0");
        for (const unit of parts) {
          const quantity = multiply(decimal(`${unit}`), decimal("0.000001"));
          book = filled(book, "buy", quantity);
          const fee = roundDown(multiply(quantity, decimal(part)), QUANTITY_DECIMALS);
          held = add(held, subtract(quantity, fee));
        }
        const [event] = feeEvents(book, held);
        expect(event).toMatchObject({ net: held, fee: subtract(book.net, held) });
        expect(compare(held, book.net)).toBe(-1);
      }),
    );
  });
});

test.each([
  ["buy", "BTC/USD", true],
  ["sell", "BTC/USD", false],
  ["buy", "TQQQ", false],
] as const)("of a %s of %s a fee may be kept: %s", (side, symbol, may) => {
  expect(hasFeeInCoin({ side, symbol })).toBe(may);
});

test.each([
  ["buy", "BTC/USD", "6"],
  ["sell", "BTC/USD", undefined],
  ["buy", "TQQQ", undefined],
] as const)("of a %s of %s that has filled the book owes a fee on %s", (side, symbol, due) => {
  const ledger = new MemoryLedger().adopt("8", "70", symbol);
  const intent = side === "buy" ? buy("6", { symbol }) : sell("6", { symbol });
  const claim = proceeded(ledger.claim(intent));
  ledger.accept(claim, filledOrder(claim));
  expect(ledger.book(symbol).feeDueOn).toBe(due);
  const [fill] = ledger.log.flatMap(({ event }) => (event.type === "fill_booked" ? [event] : []));
  expect(fill && "feeInCoin" in fill).toBe(due !== undefined);
  expect(ledger.replayed().book(symbol)).toEqual(ledger.book(symbol));
});
