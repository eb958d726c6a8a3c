/**
 * What we know of one (account, symbol): net quantity, average price, episode, reserved shares.
 *
 * The book moves by fills and adjustments only, never by what a caller says. An episode is the life
 * of a position from flat to flat; while flat, `episode` is the number of the one that ended last.
 * Closes reserve shares: the sum of reservations never exceeds what is held (I5), because a close
 * is admitted only against {@link closable} and each of its fills shrinks both sides alike.
 */
import type { EpochMs } from "../core/clock.ts";
import {
  absolute,
  add,
  compare,
  type DecimalText,
  divide,
  isZero,
  minimum,
  multiply,
  negate,
  signOf,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import type { AccountId, AgentId, RequestId } from "../core/ids.ts";
import type { Effect, Side } from "../identity/intent.ts";

/** A claim within the book's account. */
export interface ClaimRef {
  readonly agent: AgentId;
  readonly requestId: RequestId;
}

/** Shares that the live close claim `by` holds, less what of it has been filled. */
export interface Reservation extends ClaimRef {
  readonly quantity: DecimalText;
}

/** Shares that were opened while exits at work held all that there was. */
export interface OpenedBehind {
  readonly quantity: DecimalText;
  /** When the first of their orders came to the broker, by its clock: they filled later. */
  readonly since: EpochMs;
}

export interface Book {
  readonly account: AccountId;
  readonly symbol: string;
  /** Signed: a short position is negative. */
  readonly net: DecimalText;
  /** Price of the shares held; zero while flat. */
  readonly averagePrice: DecimalText;
  readonly realizedProfitUsd: DecimalText;
  readonly episode: number;
  /**
   * The first of the episodes that are one life with this: between them the book was flat, and the
   * position never was. Absent where there is none before it.
   */
  readonly lifeFrom?: number;
  /** The number of the last new intent without an id or an anchor; 0 before the first. */
  readonly arrivals: number;
  readonly reservations: readonly Reservation[];
  /** The claim whose fill ended the last episode; null when none did. */
  readonly closedBy: ClaimRef | null;
  /** When that was by the broker's clock; absent where nobody knows. */
  readonly closedAt?: EpochMs;
  /**
   * Less what orders behind them have closed. Absent where there are none, once something else of
   * the position was closed, and once such an exit holds its shares no more: what filled then
   * filled later.
   */
  readonly openedBehind?: OpenedBehind;
  /** So much was bought since, of which the broker may keep a fee; absent where there is none. */
  readonly feeDueOn?: DecimalText;
}

/** One movement of shares: `cost` is quantity times price, both above zero. */
export interface BookFill {
  readonly side: Side;
  readonly quantity: DecimalText;
  readonly cost: DecimalText;
  readonly by: ClaimRef;
  /** Under whose name the shares are reserved, where that is not the filling claim's own. */
  readonly reservedUnder?: ClaimRef;
  /** The broker keeps its fee of what is bought: the position grows by less. */
  readonly feeInCoin?: true | undefined;
  /**
   * Of which life is what it begins, on a flat book or on the other side; else of the next. Or of
   * which, before the book's own, was what it has closed.
   */
  readonly episode?: number | undefined;
  /** An episode before the book's that goes on in it, by this fill. */
  readonly lifeFrom?: number | undefined;
  /** When it was by the broker's clock, where it ends a position and that is told. */
  readonly filledAt?: EpochMs | undefined;
  /** When its order came to the broker, where it is behind exits at work. */
  readonly submittedAt?: EpochMs | undefined;
}

export function emptyBook(account: AccountId, symbol: string): Book {
  return {
    account,
    symbol,
    net: ZERO,
    averagePrice: ZERO,
    realizedProfitUsd: ZERO,
    episode: 0,
    arrivals: 0,
    reservations: [],
    closedBy: null,
  };
}

/** A copy of a book, to be finished with other values; why field by field, claim.ts says. */
export function copiedBook(book: Book): { -readonly [Name in keyof Book]: Book[Name] } {
  const copy: ReturnType<typeof copiedBook> = {
    account: book.account,
    symbol: book.symbol,
    net: book.net,
    averagePrice: book.averagePrice,
    realizedProfitUsd: book.realizedProfitUsd,
    episode: book.episode,
    arrivals: book.arrivals,
    reservations: book.reservations,
    closedBy: book.closedBy,
  };
  if (book.lifeFrom !== undefined) copy.lifeFrom = book.lifeFrom;
  if (book.closedAt !== undefined) copy.closedAt = book.closedAt;
  if (book.openedBehind !== undefined) copy.openedBehind = book.openedBehind;
  if (book.feeDueOn !== undefined) copy.feeDueOn = book.feeDueOn;
  return copy;
}

export function isFlat(book: Book): boolean {
  return isZero(book.net);
}

/** The sum of all live reservations. */
export function reservedQuantity(book: Book): DecimalText {
  return book.reservations.reduce((sum, { quantity }) => add(sum, quantity), ZERO);
}

/** Shares that a further close may claim; never below zero. */
export function closable(book: Book): DecimalText {
  const free = subtract(absolute(book.net), reservedQuantity(book));
  return signOf(free) > 0 ? free : ZERO;
}

/** Shares that an order on `side` may close and that nobody but `own` holds; never below zero. */
export function closableFor(book: Book, side: Side, own: ClaimRef): DecimalText {
  return reduces(book, side) ? closable(withoutReservation(book, own)) : ZERO;
}

/**
 * The episode that an intent belongs to: while flat, an open belongs to the one that it would
 * begin, and a close to the one that ended last.
 */
export function episodeOf(book: Book, effect: Effect): number {
  return isFlat(book) && effect === "open" ? book.episode + 1 : book.episode;
}

/** The same with those before it that are one life with it, the latest first. */
export function livesOf(book: Book, effect: Effect): readonly number[] {
  const last = episodeOf(book, effect);
  const first = last === book.episode ? (book.lifeFrom ?? last) : last;
  return Array.from({ length: last - first + 1 }, (_, back) => last - back);
}

/** Whether `fill` ends the position that is held. */
export function ends(book: Book, fill: Pick<BookFill, "side" | "quantity">): boolean {
  return reduces(book, fill.side) && compare(fill.quantity, absolute(book.net)) >= 0;
}

/**
 * Whether `fill` leaves only what was opened behind it, by orders that came to the broker later
 * than it filled: there the position was flat in between, which no book shows.
 */
export function endedBefore(
  { net, openedBehind }: Book,
  { quantity, filledAt }: Pick<BookFill, "quantity" | "filledAt">,
): boolean {
  if (openedBehind === undefined || filledAt === undefined) return false;
  const left = subtract(absolute(net), quantity);
  return filledAt < openedBehind.since && compare(left, openedBehind.quantity) === 0;
}

/** Whether an order on `side` reduces the position that is held. */
export function reduces(book: Book, side: Side): boolean {
  return signOf(book.net) === (side === "sell" ? 1 : -1);
}

export function reservationOf(book: Book, by: ClaimRef): Reservation | undefined {
  return book.reservations.find((held) => sameClaim(held, by));
}

export function withReservation(book: Book, reservation: Reservation): Book {
  const held = copiedBook(book);
  held.reservations = [...book.reservations, reservation];
  return held;
}

export function withoutReservation(book: Book, by: ClaimRef): Book {
  if (reservationOf(book, by) === undefined) return book;
  const freed = copiedBook(book);
  freed.reservations = book.reservations.filter((held) => !sameClaim(held, by));
  return freed;
}

/** A book in which exits hold other shares by now: nothing is behind what they hold no more. */
export function asNowHeld(book: Book): Book {
  if (book.openedBehind === undefined || isRestHeld(book)) return book;
  const { openedBehind: _, ...known } = book;
  return copiedBook(known);
}

/** Whether exits at work hold all that there was before what was opened behind them. */
export function isRestHeld(book: Book): boolean {
  const behind = book.openedBehind?.quantity ?? ZERO;
  return !isFlat(book) && compare(closable(book), behind) <= 0;
}

export function sameClaim(a: ClaimRef, b: ClaimRef): boolean {
  return a.requestId === b.requestId && a.agent === b.agent;
}

/** The book after `fill`; the reservation that it is made from shrinks with it. */
export function withFill(book: Book, fill: BookFill): Book {
  const moved = copiedBook(withFeeDue(move(book, fill), fill));
  moved.reservations = shrink(book.reservations, fill);
  return moved;
}

/** What nothing is left of owes no fee. */
function withFeeDue(book: Book, { quantity, feeInCoin }: BookFill): Book {
  if (book.feeDueOn === undefined && feeInCoin === undefined) return book;
  const { feeDueOn = ZERO, ...known } = book;
  if (isFlat(book)) return known;
  return { ...known, feeDueOn: feeInCoin ? add(feeDueOn, quantity) : feeDueOn };
}

function move(book: Book, fill: BookFill): Book {
  const signed = fill.side === "buy" ? fill.quantity : negate(fill.quantity);
  const net = add(book.net, signed);
  if (isFlat(book)) return begin(book, net, divide(fill.cost, fill.quantity), fill.episode);
  if (!reduces(book, fill.side)) {
    const held = multiply(absolute(book.net), book.averagePrice);
    const grown = copiedBook(book);
    grown.net = net;
    grown.averagePrice = divide(add(held, fill.cost), absolute(net));
    if (fill.submittedAt !== undefined) {
      grown.openedBehind = withOpened(book.openedBehind, fill.quantity, fill.submittedAt);
    }
    if (fill.lifeFrom !== undefined) {
      grown.lifeFrom = Math.min(fill.lifeFrom, book.lifeFrom ?? fill.lifeFrom);
    }
    return grown;
  }
  return reduce(book, fill, net);
}

function withOpened(
  behind: OpenedBehind | undefined,
  quantity: DecimalText,
  submittedAt: EpochMs,
): OpenedBehind {
  if (behind === undefined) return { quantity, since: submittedAt };
  const since = Math.min(behind.since, submittedAt);
  return { quantity: add(behind.quantity, quantity), since };
}

function reduce(book: Book, fill: BookFill, net: DecimalText): Book {
  const price = divide(fill.cost, fill.quantity);
  const closed = minimum(fill.quantity, absolute(book.net));
  const perShare = subtract(price, book.averagePrice);
  const gain = multiply(closed, signOf(book.net) > 0 ? perShare : negate(perShare));
  const isOver = ends(book, fill);
  const { openedBehind: _, ...rest } = book;
  const reduced = copiedBook(isOver || endsEarlier(book, fill) ? withEnd(rest, fill) : rest);
  const behind = stillBehind(book, fill);
  if (behind !== undefined) reduced.openedBehind = behind;
  reduced.realizedProfitUsd = add(book.realizedProfitUsd, gain);
  reduced.net = net;
  if (!isOver) return reduced;
  reduced.net = ZERO;
  reduced.averagePrice = ZERO;
  return isZero(net) ? reduced : begin(reduced, net, price, fill.episode);
}

/** Exits at work hold all else: an order that came later closes of what was opened behind them. */
function stillBehind(
  { openedBehind }: Book,
  { quantity, submittedAt }: BookFill,
): OpenedBehind | undefined {
  if (openedBehind === undefined || submittedAt === undefined) return undefined;
  if (submittedAt < openedBehind.since) return undefined;
  const left = subtract(openedBehind.quantity, quantity);
  return signOf(left) > 0 ? { quantity: left, since: openedBehind.since } : undefined;
}

/** Whether it is known to have ended the life before: what is held was opened behind it. */
function endsEarlier({ episode: own }: Book, { episode = own, filledAt }: BookFill): boolean {
  return episode < own && filledAt !== undefined;
}

function withEnd(book: Book, { by, filledAt }: BookFill): Book {
  const { closedAt: _, ...known } = book;
  const ended = { ...known, closedBy: refOf(by) };
  return filledAt === undefined ? ended : { ...ended, closedAt: filledAt };
}

function begin(book: Book, net: DecimalText, price: DecimalText, episode = book.episode + 1): Book {
  const begun = copiedBook(episode === book.episode ? book : ofItself(book));
  begun.net = net;
  begun.averagePrice = price;
  begun.episode = episode;
  return begun;
}

/** Another life begins. */
function ofItself(book: Book): Book {
  if (book.lifeFrom === undefined) return book;
  const { lifeFrom: _, ...known } = book;
  return known;
}

function shrink(reservations: readonly Reservation[], fill: BookFill): readonly Reservation[] {
  const from = fill.reservedUnder ?? fill.by;
  return reservations.map((held) =>
    sameClaim(held, from)
      ? { ...held, quantity: subtract(held.quantity, minimum(held.quantity, fill.quantity)) }
      : held,
  );
}

function refOf(by: ClaimRef | null): ClaimRef | null {
  return by === null ? null : { agent: by.agent, requestId: by.requestId };
}

/**
 * The book with the broker's own figures in place of ours; reservations stay. A position on the
 * other side is another episode. For an end that no fill brought about, `by` is named: the claim
 * that the adjustment concludes, if there is one.
 */
export function withAdjustment(
  book: Book,
  net: DecimalText,
  averagePrice: DecimalText,
  by: ClaimRef | null = null,
): Book {
  const turns = signOf(net) !== signOf(book.net);
  const begins = turns && !isZero(net);
  const last = begins ? ofItself(book) : book;
  // The broker's own figure has every fee in it.
  const { feeDueOn: _, openedBehind: _behind, closedAt, ...known } = last;
  const hasEnded = turns && !isFlat(book);
  return {
    ...known,
    ...(!hasEnded && closedAt !== undefined && { closedAt }),
    net,
    averagePrice: isZero(net) ? ZERO : averagePrice,
    episode: begins ? book.episode + 1 : book.episode,
    closedBy: hasEnded ? refOf(by) : book.closedBy,
  };
}
