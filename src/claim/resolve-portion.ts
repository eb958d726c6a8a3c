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
  divide,
  multiply,
  QUANTITY_DECIMALS,
  roundDown,
  signOf,
} from "../core/decimal.ts";
import type { IntentDraft, Side } from "../identity/intent.ts";

/** A draft whose side is known. */
export type SidedDraft = IntentDraft & { readonly side: Side };

const WHOLE = "100" as DecimalText;

export function resolvePortion(draft: IntentDraft, book: Book): SidedDraft {
  if (draft.portion === null) return { ...draft, side: draft.side ?? "sell" };
  return {
    ...draft,
    effect: "close",
    side: signOf(book.net) < 0 ? "buy" : "sell",
    quantity: isFlat(book) ? null : partOf(absolute(book.net), draft.portion),
  };
}

/** Rounded down to what the broker takes, so that it is never more than was asked for. */
function partOf(held: DecimalText, portion: string): DecimalText {
  if (portion === "all") return held;
  const percent = decimal(portion.replace("%", ""));
  return roundDown(divide(multiply(held, percent), WHOLE), QUANTITY_DECIMALS);
}
