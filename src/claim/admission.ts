/**
 * Whether the book permits a new order, and what a close reserves. Pure; the broker has the last
 * word, but what is refused here is never sent.
 */
import { type Book, closable, isFlat, reduces, reservedQuantity } from "../book/book.ts";
import { absolute, compare, type DecimalText, isZero } from "../core/decimal.ts";
import type { ClaimKey } from "../core/ids.ts";
import type { Intent } from "../identity/intent.ts";
import type { Block, BlockCode } from "./answer.ts";
import type { ClaimPolicy } from "./policy.ts";

export type Admission =
  | { readonly kind: "admitted"; readonly reserve: DecimalText | null }
  | { readonly kind: "blocked"; readonly block: Block };

export function admit(book: Book, intent: Intent, policy: ClaimPolicy): Admission {
  return intent.effect === "open" ? admitOpen(book, intent, policy) : admitClose(book, intent);
}

function admitOpen(book: Book, intent: Intent, policy: ClaimPolicy): Admission {
  if (reduces(book, intent.side)) {
    const held = `the ${book.net} ${book.symbol} that are held`;
    const message = `a ${intent.side} to open would reduce ${held}`;
    return blocked(book, "open_against_position", message);
  }
  if (intent.side === "sell" && !policy.allowShort) {
    const message = `a sell of ${amountOf(intent)} ${book.symbol} to open is a short`;
    return blocked(book, "short_not_allowed", message);
  }
  return { kind: "admitted", reserve: null };
}

function admitClose(book: Book, intent: Intent): Admission {
  const { symbol, net } = book;
  const wanted = amountOf(intent);
  if (isFlat(book)) {
    return blocked(book, "close_while_flat", `no ${symbol} is held, a close of ${wanted} came`);
  }
  if (!reduces(book, intent.side)) {
    const message = `a ${intent.side} does not close the ${net} ${symbol} that are held`;
    return blocked(book, "close_wrong_side", message);
  }
  const free = closable(book);
  if (intent.quantity === null) return admitNotionalClose(book, wanted, free);
  // Only a part of the position comes to nothing; its first words are the broker's own.
  if (isZero(intent.quantity)) {
    const part = `${intent.portion} of ${absolute(net)} ${symbol}`;
    return blocked(book, "part_too_small", `qty must be > 0; ${part}, rounded down, is 0`);
  }
  if (compare(intent.quantity, absolute(net)) > 0) {
    const message = `a close of ${wanted} ${symbol} would cross through zero: ${net} are held`;
    return blocked(book, "close_crosses_zero", message);
  }
  if (compare(intent.quantity, free) > 0) return shortOfShares(book, wanted, free);
  return { kind: "admitted", reserve: intent.quantity };
}

/** How many shares dollars will buy back is not known beforehand: it reserves all of them. */
function admitNotionalClose(book: Book, wanted: string, free: DecimalText): Admission {
  const held = reservedQuantity(book);
  if (isZero(held)) return { kind: "admitted", reserve: free };
  return shortOfShares(book, wanted, free);
}

function shortOfShares(book: Book, wanted: string, free: DecimalText): Admission {
  const message =
    `insufficient qty available for order (requested: ${wanted}, available: ${free}); ` +
    `other closes hold ${reservedQuantity(book)} of ${absolute(book.net)} ${book.symbol}`;
  return blocked(book, "insufficient_quantity", message, free);
}

function blocked(
  book: Book,
  code: BlockCode,
  message: string,
  availableQuantity: DecimalText | null = null,
): Admission {
  const block: Block = {
    code,
    message,
    cause: causeOf(book, code),
    difference: null,
    availableQuantity,
  };
  return { kind: "blocked", block };
}

/** The claim behind a refusal: who holds the shares, or who closed the position. */
function causeOf(book: Book, code: BlockCode): ClaimKey | null {
  const holder =
    code === "insufficient_quantity"
      ? book.reservations.find(({ quantity }) => !isZero(quantity))
      : undefined;
  const ref = code === "close_while_flat" ? book.closedBy : holder;
  if (ref === undefined || ref === null) return null;
  return { account: book.account, agent: ref.agent, requestId: ref.requestId };
}

function amountOf(intent: Intent): string {
  return intent.quantity ?? intent.portion ?? `${intent.notional} USD`;
}
