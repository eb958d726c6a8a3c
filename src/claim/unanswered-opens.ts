/**
 * What a close comes to while nobody knows what became of an open in its symbol, whichever agent's.
 * The book then has what is held at least, and perhaps not all of it. So no close is refused for
 * certain for want of shares, a part of the position is no number of shares, and an equal close of
 * late may have closed another position than the one that is meant.
 *
 * Such a close is told that nothing was sent, with the open as the cause (I8). No claim is made, so
 * its next try is decided anew. A close of so many shares as the book has free goes out as ever,
 * and so does every entry (I9). Pure.
 */
import { type Book, closable, isFlat } from "../book/book.ts";
import { isZero } from "../core/decimal.ts";
import { mayMove, tradedSymbols } from "../identity/combo.ts";
import type { Intent } from "../identity/intent.ts";
import type { Block, BlockCode, ClaimDecision } from "./answer.ts";
import { type Claim, isUnanswered } from "./claim.ts";
import type { ClaimVerdict, IntentIdentity } from "./decide-claim.ts";

const FOR_WANT_OF_SHARES: ReadonlySet<BlockCode> = new Set<BlockCode>([
  "close_while_flat",
  "close_crosses_zero",
  "insufficient_quantity",
]);

/** Whether an open of which nobody knows what became would change what was decided. */
export function asksForOpens(
  { decision }: ClaimVerdict,
  intent: Intent,
  book: Book,
  { requestId }: Pick<IntentIdentity, "requestId">,
): boolean {
  if (intent.effect !== "close") return false;
  switch (decision.kind) {
    case "proceed":
      return intent.portion !== null;
    case "blocked":
      return FOR_WANT_OF_SHARES.has(decision.block.code);
    // An id says by itself which action is meant; while something is held, its episode does.
    case "pending":
    case "skip":
      return isFlat(book) && decision.claim.key.requestId !== requestId;
  }
}

/** `unsettled`: the account's claims that are not settled. */
export function unlessInDoubt(
  verdict: ClaimVerdict,
  book: Book,
  unsettled: readonly Claim[],
): ClaimVerdict {
  const { decision } = verdict;
  const open = unsettled.find(
    (claim) =>
      isOpenInDoubt(claim) && mayMove(claim.intent, book.symbol) && bearsOn(decision, claim),
  );
  if (open === undefined) return verdict;
  const claim = decision.kind === "blocked" ? decision.claim : null;
  return { event: null, decision: { kind: "blocked", block: blockBy(open, book), claim } };
}

/** The symbols in which an open is without an answer: what is held there is not known. */
export function symbolsInDoubt(claims: readonly Claim[]): ReadonlySet<string> {
  return new Set(claims.filter(isOpenInDoubt).flatMap(({ intent }) => tradedSymbols(intent)));
}

function isOpenInDoubt(claim: Claim): boolean {
  return claim.intent.effect === "open" && isUnanswered(claim);
}

/** An order that is there closed what was held in its episode; a later one is not its matter. */
function bearsOn(decision: ClaimDecision, open: Claim): boolean {
  const isOrder = decision.kind === "pending" || decision.kind === "skip";
  return !isOrder || open.episode > decision.claim.episode;
}

function blockBy({ key }: Claim, book: Book): Block {
  const { symbol } = book;
  const free = closable(book);
  const goesOut = isZero(free) ? "" : `; a close of up to ${free}, by number, goes out`;
  return {
    code: "not_sent",
    message:
      `no order was sent: nobody knows yet what became of the open ${key.requestId}, ` +
      `so what is held of ${symbol} is not known${goesOut}`,
    cause: key,
    difference: null,
    availableQuantity: free,
  };
}
