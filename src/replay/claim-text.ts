/** What became of a claim or an order, in the few words that a column has room for. */
import { averagePriceOf, type Claim } from "../claim/claim.ts";
import { compare, type DecimalText, toFixed } from "../core/decimal.ts";

/** Digits of a request id that are shown; enough to find it among the claims of a day. */
const ID_DIGITS = 8;

export function shortId(requestId: string): string {
  return requestId.slice(0, ID_DIGITS);
}

/** How the claim ended or, before that, how its order stands. */
export function claimText(quantity: DecimalText | null, claim: Claim): string {
  const word = claim.outcome ?? claim.orderStatus ?? "sent";
  const text = fillText(quantity, claim.bookedQuantity, averagePriceOf(claim), word);
  return claim.status === "SETTLED" ? text : `${text}; ${claim.status}`;
}

/** `filled @ 75.33`, `filled 3 of 6 @ 75.33`, or the word where nothing is filled. */
export function fillText(
  quantity: DecimalText | null,
  filled: DecimalText,
  price: DecimalText | null,
  word: string,
): string {
  if (price === null) return word;
  const isWhole = quantity === null || compare(filled, quantity) === 0;
  return `filled${isWhole ? "" : ` ${filled} of ${quantity}`} @ ${toFixed(price, 2)}`;
}
