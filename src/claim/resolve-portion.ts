/**
 * Turns a close of a part of the position into side and shares, by the book as it stands in the
 * claim transaction. While flat there is nothing to turn it into: it may still be recognized as a
 * close of a moment ago, and is refused otherwise.
 */
import { type Book, isFlat } from "../book/book.ts";
import {
  absolute,
  type DecimalText,
  decimal,
  decimalPlaces,
  divide,
  multiply,
  QUANTITY_DECIMALS,
  roundDown,
  signOf,
} from "../core/decimal.ts";
import type { IntentDraft, Side } from "../identity/intent.ts";
import { isPair } from "../identity/symbol.ts";

/** A draft whose side is known. */
export type SidedDraft = IntentDraft & { readonly side: Side };

const WHOLE = "100" as DecimalText;

export function resolvePortion(draft: IntentDraft, book: Book): SidedDraft {
  if (draft.portion === null) return { ...draft, side: draft.side ?? "sell" };
  return {
    ...draft,
    effect: "close",
    side: signOf(book.net) < 0 ? "buy" : "sell",
    quantity: isFlat(book) ? null : partOf(book, draft.portion),
  };
}

/**
 * Rounded down to what the broker takes, so that it is never more than was asked for: of whole
 * shares or contracts to whole ones, as the broker's own route does, since many are not divided. A
 * pair of currencies always is.
 */
function partOf({ net, symbol }: Book, portion: string): DecimalText {
  const held = absolute(net);
  if (portion === "all") return held;
  const percent = decimal(portion.replace("%", ""));
  const isWhole = decimalPlaces(held) === 0 && !isPair(symbol);
  return roundDown(divide(multiply(held, percent), WHOLE), isWhole ? 0 : QUANTITY_DECIMALS);
}
