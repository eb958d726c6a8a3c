/**
 * The fee of a pair of currencies. Alpaca takes it from what is credited: of a currency that is
 * bought the order shows all as filled, and the position grows by less, at once. How much less
 * depends on the month's volume and on who made the price, and is told by no record before the
 * day's end: only the position shows it.
 *
 * So a position that is short of the book by no more than such a fee of what was bought since the
 * last one is no difference: the book takes it over, and there is no incident. Pure.
 */
import type { Book } from "../book/book.ts";
import { compare, type DecimalText, multiply, signOf, subtract } from "../core/decimal.ts";
import type { Intent } from "../identity/intent.ts";
import { isPair } from "../identity/symbol.ts";
import type { BookEvent } from "./claim-event.ts";

/** Above the highest of Alpaca's fees, 0.25 %, by what each fill may be rounded. */
const HIGHEST_FEE = "0.003" as DecimalText;

/** Whether of what the order fills a part may be kept as the fee. */
export function hasFeeInCoin({ symbol, side }: Pick<Intent, "symbol" | "side">): boolean {
  return side === "buy" && isPair(symbol);
}

/** What a position of `quantity` says of the fee; empty where the fee does not explain it. */
export function feeEvents(book: Book, quantity: DecimalText): readonly BookEvent[] {
  const { net, averagePrice, feeDueOn } = book;
  if (feeDueOn === undefined || signOf(quantity) < 0) return [];
  const fee = subtract(net, quantity);
  if (signOf(fee) <= 0 || compare(fee, multiply(feeDueOn, HIGHEST_FEE)) > 0) return [];
  const adjusted = { type: "position_adjusted", net: quantity, averagePrice } as const;
  return [{ ...adjusted, incident: 0, cause: null, fee }];
}
