/**
 * What an order comes to while nobody knows what others in its symbol have done, whichever agent's:
 * one without an answer, or one at work that this caller's try has not read. The book then has
 * another position than is held, perhaps, and another episode.
 *
 * 1. No close is refused for certain for want of shares, also not of those that an exit holds which
 *    may have been canceled; and an equal close of late may have closed another position than the
 *    one that is meant. Behind an open without an answer a part of the position is no number of
 *    shares either.
 * 2. Whether an order opens or closes is not for a flat book to say while an open on the other
 *    side may have filled. Without short sales there is none, but for contracts: combos sell them.
 * 3. An equal order that works may have ended, by a cancel of a moment ago for one, and an equal
 *    open be of an earlier position than the one that is meant. So orders are read before such an
 *    order is told that it is the earlier one. Where they cannot be read it is told so: that is the
 *    safe side. An order like one of the position before, as far as that is over, may be that one
 *    too: an open that came before its end may have kept it from being over.
 * 4. An open while closes at work hold all of the position may begin another one, and so may one
 *    behind combos against it, which hold nothing. They are read before it is claimed, with an id
 *    or without: a repeat of it, or of such a close, is known by the position that it belongs to.
 *    Before a combo all that work in its contracts are read, since each may close one. Where they
 *    cannot be read it goes out (I9).
 *
 * Such an order is told that nothing was sent, with the one in doubt as the cause (I8). No claim is
 * made, so its next try is decided anew, once orders were read. Any other close of so many shares
 * as the book has free goes out as ever, and so does any other entry that says that it is one (I9).
 * Pure.
 */
import { type Book, closable, isFlat, reservationOf, sameClaim } from "../book/book.ts";
import { isZero } from "../core/decimal.ts";
import { comboLegs, isCombo, mayMove, tradedSymbols } from "../identity/combo.ts";
import type { Intent } from "../identity/intent.ts";
import { OPTION_SYMBOL } from "../identity/symbol.ts";
import type { Block, BlockCode, ClaimDecision } from "./answer.ts";
import { type Claim, isAccepted, isUnanswered, lacksSuccessor } from "./claim.ts";
import type { ClaimVerdict, IntentIdentity, UnreadOrders } from "./decide-claim.ts";
import { reservedUnder } from "./family.ts";
import { mayBeEarlier } from "./order-of-claims.ts";

/** What was decided, of which intent, and on what. */
export interface DecidedOn {
  readonly verdict: ClaimVerdict;
  readonly intent: Intent;
  /** The book has said whether the intent opens or closes, where a position may be short. */
  readonly isEffectByBook: boolean;
  /** A close, or a combo that closes one of its contracts. */
  readonly isExit: boolean;
  readonly identity: Pick<IntentIdentity, "requestId">;
  readonly book: Book;
  readonly unread: UnreadOrders;
  /**
   * Where nobody has named it, and one like it filled of late in the life before, as far as that is
   * over: the exit behind which it seems to be, or the equal exit itself.
   */
  readonly endBefore?: Claim | undefined;
}

const FOR_WANT_OF_SHARES: ReadonlySet<BlockCode> = new Set<BlockCode>([
  "close_while_flat",
  "close_crosses_zero",
  "insufficient_quantity",
  "part_too_small",
]);

/** Whether an order of which nobody knows what it has done could change what was decided. */
export function asksForOrders(decided: DecidedOn): boolean {
  const { verdict, intent, isEffectByBook, isExit, identity, book, unread } = decided;
  const { decision } = verdict;
  const isClose = intent.effect === "close";
  switch (decision.kind) {
    case "proceed":
      if (isCombo(intent)) return unread === undefined;
      if (decided.endBefore !== undefined) return true;
      if (isClose) return intent.portion !== null;
      if (isFlat(book)) return isEffectByBook;
      return unread === undefined && (isZero(closable(book)) || OPTION_SYMBOL.test(book.symbol));
    case "blocked":
      return isClose && FOR_WANT_OF_SHARES.has(decision.block.code);
    case "pending":
    case "skip":
      // An id says by itself which action is meant; so does the episode, as far as it is known.
      if (decision.claim.key.requestId === identity.requestId) {
        return unread === undefined && isClose && isHalfOver(decision);
      }
      return isExit || unread === undefined;
  }
}

/** Whether one way of an exit in two is over, and the other one at work as far as is known. */
function isHalfOver({
  kind,
  claim,
}: Extract<ClaimDecision, { kind: "pending" | "skip" }>): boolean {
  return kind === "pending" && claim.outcome !== null;
}

/** `unsettled`: the account's claims that are not settled, oldest first. */
export function unlessInDoubt(decided: DecidedOn, unsettled: readonly Claim[]): ClaimVerdict {
  const { verdict, intent } = decided;
  const { decision } = verdict;
  const symbols = tradedSymbols(intent);
  const bears = isCombo(intent) ? bearsOnCombo : bearsOn;
  const order = unsettled.find(
    (claim) =>
      symbols.some((symbol) => mayMove(claim.intent, symbol)) && bears(decided, claim, unsettled),
  );
  if (order === undefined) return verdict;
  const claim = decision.kind === "blocked" ? decision.claim : null;
  const block = isCombo(intent) ? comboBlockBy(order, symbols) : blockBy(order, decided);
  return { event: null, decision: { kind: "blocked", block, claim } };
}

/** The symbols in which an open is in doubt: what is held there is not known. */
export function symbolsInDoubt(
  claims: readonly Claim[],
  unread: UnreadOrders,
): ReadonlySet<string> {
  const opens = claims.filter((claim) => isOpen(claim) && isInDoubt(claim, unread));
  return new Set(opens.flatMap(({ intent }) => tradedSymbols(intent)));
}

/** An open in doubt that may move the position in `symbol`. */
export function openInDoubt(
  claims: readonly Claim[],
  symbol: string,
  unread: UnreadOrders,
): Claim | undefined {
  return claims.find(
    (claim) => isOpen(claim) && mayMove(claim.intent, symbol) && isInDoubt(claim, unread),
  );
}

/** What is not known of an order in doubt. */
export function doubtOf(order: Claim): string {
  const { key, intent } = order;
  return isUnanswered(order)
    ? `nobody knows yet what became of the ${intent.effect} ${key.requestId}`
    : `what the ${intent.effect} ${key.requestId} has filled could not be read`;
}

function isOpen({ intent }: Claim): boolean {
  return intent.effect === "open";
}

function isInDoubt(claim: Claim, unread: UnreadOrders): boolean {
  return isUnanswered(claim) || isUnread(claim, unread);
}

function isUnread(claim: Claim, unread: UnreadOrders): boolean {
  if (!isAccepted(claim) || claim.status === "SETTLED") return false;
  if (unread === undefined || unread === "all") return true;
  return unread.some(({ key }) => sameClaim(key, claim.key));
}

/** Whether what `order` has done, and nobody knows, could make the decision another one. */
function bearsOn(decided: DecidedOn, order: Claim, unsettled: readonly Claim[]): boolean {
  const { verdict, intent, book, unread } = decided;
  const { decision } = verdict;
  const isOpening = intent.effect === "open";
  switch (decision.kind) {
    case "proceed":
      if (isOpen(order) && bearsOnEnd(decided, order)) return true;
      if (!isOpening) return intent.portion !== null && isOpen(order) && isUnanswered(order);
      // What is at work may have ended the position, and this open begins another.
      if (!isFlat(book)) return mayEnd(order, book, intent) && isUnread(order, unread);
      return isOpen(order) && isAgainst(order, intent) && isInDoubt(order, unread);
    case "blocked":
      if (isOpen(order)) return isInDoubt(order, unread);
      return decision.block.code === "insufficient_quantity" && mayFree(order, book, unread);
    case "pending":
    case "skip": {
      const { claim } = decision;
      const isOwn = isOf(order, claim);
      const isOther = isContrary(order, intent);
      // Nobody has looked: an order that works may have ended, and with it the earlier action.
      if (unread === undefined && (isOwn || isOther) && isUnread(order, unread)) return true;
      return !isOpening && mayBeAnotherExit(claim, order, unsettled, { intent, book, unread });
    }
  }
}

/** Where the open came before the exit that seems to have ended the life before, none has ended. */
function bearsOnEnd({ unread, endBefore }: DecidedOn, open: Claim): boolean {
  return endBefore !== undefined && isInDoubt(open, unread) && mayBeEarlier(open, endBefore);
}

/** Whether an exit like `claim` may be another one, because of what `order` has done. */
function mayBeAnotherExit(
  claim: Claim,
  order: Claim,
  unsettled: readonly Claim[],
  { intent, book, unread }: Pick<DecidedOn, "intent" | "book" | "unread">,
): boolean {
  // It may have ended the position before what is known to have been opened behind it.
  if (isOf(order, claim)) return book.openedBehind !== undefined && isUnread(claim, unread);
  // While shares are held, an equal close that is known to work closes them.
  const mayBeOver = isFlat(book) ? isInDoubt(order, unread) : isUnread(claim, unread);
  return isContrary(order, intent) && isLater(order, claim, unsettled) && mayBeOver;
}

/**
 * The same of a combo, which may open, close or both. What it is equal to is another action once a
 * position in one of its contracts has ended, and that an order against it may have done.
 */
function bearsOnCombo(
  { verdict, intent, isExit, unread }: DecidedOn,
  order: Claim,
  unsettled: readonly Claim[],
): boolean {
  const { decision } = verdict;
  const isOther = isAgainst(order, intent);
  switch (decision.kind) {
    case "proceed":
      // One on its own side may have ended a position too, that came behind the one it is like.
      return isUnread(order, unread);
    case "blocked":
      return false;
    case "pending":
    case "skip": {
      const { claim } = decision;
      if (unread === undefined && (isOf(order, claim) || isOther) && isUnread(order, unread)) {
        return true;
      }
      const mayBeOver = decision.kind === "skip" || isUnread(claim, unread);
      const isBehind = isOther && isClaimedLater(order, claim, unsettled);
      return isExit && isBehind && mayBeOver && isInDoubt(order, unread);
    }
  }
}

/** Whether `order` ends what `intent` opens, or the other way round. */
function isContrary(order: Claim, intent: Intent): boolean {
  if (isCombo(order.intent)) return isAgainst(order, intent);
  return order.intent.effect !== intent.effect;
}

/** Whether `order` may end the position in front of `open`. */
function mayEnd(order: Claim, book: Book, open: Intent): boolean {
  if (isOpen(order)) return isCombo(order.intent) && isAgainst(order, open);
  return isZero(closable(book));
}

/** Whether `order` trades the symbol, or one of the contracts, the other way. */
function isAgainst(order: Claim, intent: Intent): boolean {
  const others = sidesOf(order.intent);
  return sidesOf(intent).some((own) =>
    others.some(({ symbol, side }) => symbol === own.symbol && side !== own.side),
  );
}

function sidesOf(intent: Intent): readonly Pick<Intent, "symbol" | "side">[] {
  return isCombo(intent) ? (comboLegs(intent) ?? []) : [intent];
}

/** Whether `order` is the claim's own, or one of its legs. */
function isOf(order: Claim, { key }: Claim): boolean {
  return sameClaim(order.key, key) || sameClaim(reservedUnder(order), key);
}

/**
 * Whether shares that the exit `order` holds may be free: it may have been canceled. Of one that
 * was replaced it is known that another is in its place.
 */
function mayFree(order: Claim, book: Book, unread: UnreadOrders): boolean {
  const holds = reservationOf(book, reservedUnder(order)) !== undefined;
  return holds && isUnread(order, unread) && !lacksSuccessor(order);
}

/** An order that is there closed what was held by then; what was opened later is not its matter. */
function isLater(open: Claim, close: Claim, unsettled: readonly Claim[]): boolean {
  return open.episode > close.episode || isClaimedLater(open, close, unsettled);
}

function isClaimedLater(order: Claim, than: Claim, unsettled: readonly Claim[]): boolean {
  const place = unsettled.findIndex(({ key }) => sameClaim(key, than.key));
  return place < 0 ? order.claimedAt > than.claimedAt : unsettled.indexOf(order) > place;
}

function blockBy(order: Claim, { verdict, intent, book, endBefore }: DecidedOn): Block {
  const free = closable(book);
  const isNew = verdict.decision.kind === "proceed";
  const isByNumber = isNew && intent.portion === null;
  const isFree = !isZero(free) && !isByNumber;
  const goesOut = isFree ? `; a close of up to ${free}, by number, goes out` : "";
  const { message, ...block } = notSentBehind(order, book.symbol);
  const told = isNew && endBefore !== undefined ? `${message}; ${MAY_BE_AGAIN}` : message;
  return { ...block, message: `${told}${goesOut}`, availableQuantity: free };
}

const MAY_BE_AGAIN =
  "this may be the order like it of a moment ago again: an id or an anchor tells them apart";

function comboBlockBy(order: Claim, contracts: readonly string[]): Block {
  return notSentBehind(order, contracts.join(" and "));
}

function notSentBehind(order: Claim, held: string): Block {
  return {
    code: "not_sent",
    message: `no order was sent: ${doubtOf(order)}, so what is held of ${held} is not known`,
    cause: order.key,
    difference: null,
    availableQuantity: null,
  };
}
