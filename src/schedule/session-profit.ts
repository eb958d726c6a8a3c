/**
 * What was realized in a span of time, by symbol. The book has only the sum of its whole life, so
 * the fills of the span are booked again, on the position as it stood before them.
 *
 * That position is known where the book was flat, adjusted or taken over: such a place is looked
 * for backwards in the log, so that the cost grows with the position's age and not with the log.
 * A pair's fee within the span is no such place: what was realized before it belongs to the span.
 * Where it lies too far back, where the book was adjusted within the span, or where the movements
 * do not come to the book as it is, the profit is not known, and null says so.
 */

import { type Book, emptyBook, withAdjustment, withFill } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import { add, compare, type DecimalText, isZero, negate, subtract } from "../core/decimal.ts";
import type { AccountId, ClaimKey } from "../core/ids.ts";
import { claimName } from "../core/key-names.ts";
import type { Side } from "../identity/intent.ts";
import { accountOf } from "../ledger/event-chain.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";

const PAGE = 500;
/** 25,000 events; many days of a busy bot. */
const MOST_PAGES = 50;

export type ProfitPorts = Pick<Ledger, "books" | "claimOf" | "events" | "lastSequence">;

/** One movement of a book: shares, or what it was set to. */
type Move = { readonly at: EpochMs } & (
  | { readonly kind: "fill"; readonly side: Side; readonly event: FillEvent }
  | { readonly kind: "set"; readonly net: DecimalText; readonly averagePrice: DecimalText }
);

interface FillEvent {
  readonly quantity: DecimalText;
  readonly cost: DecimalText;
}

interface Trail {
  /** The oldest first. */
  moves: readonly Move[];
  /** The position before the first of them; null where that is not known yet. */
  net: DecimalText;
  isComplete: boolean;
  /** The book was set to something within the span. */
  isAdjusted: boolean;
}

interface Span {
  readonly from: EpochMs;
  readonly until: EpochMs;
}

/** US dollars by symbol, `until` excluded; symbols without a movement are left out. */
export async function profitBetween(
  ledger: ProfitPorts,
  account: AccountId,
  from: EpochMs,
  until: EpochMs,
): Promise<Readonly<Record<string, DecimalText | null>>> {
  const books = await ledger.books(account);
  const trails = new Map<string, Trail>(
    books.map(({ symbol, net }) => [
      symbol,
      { moves: [], net, isComplete: false, isAdjusted: false },
    ]),
  );
  await walkBack(ledger, account, trails, from);
  const results = books.flatMap((book) => {
    const trail = trails.get(book.symbol);
    const isMoved = trail?.moves.some(({ at }) => at >= from && at < until) === true;
    if (trail === undefined || !isMoved) return [];
    return [[book.symbol, realized(book, trail, { from, until })] as const];
  });
  return Object.fromEntries(results);
}

async function walkBack(
  ledger: ProfitPorts,
  account: AccountId,
  trails: ReadonlyMap<string, Trail>,
  from: EpochMs,
): Promise<void> {
  const sides = new Map<string, Side>();
  let end = await ledger.lastSequence();
  for (let pages = 0; pages < MOST_PAGES && end > 0; pages += 1) {
    const start = Math.max(0, end - PAGE);
    const page = await ledger.events({ after: start, limit: end - start });
    for (const event of page.toReversed()) {
      const trail = trails.get(event.symbol);
      if (trail === undefined || trail.isComplete || accountOf(event) !== account) continue;
      if (event.at < from && isZero(trail.net)) trail.isComplete = true;
      else extend(trail, event, await moveIn(ledger, sides, event), from);
    }
    end = start;
    // A page that lies before the span and finds every book known is the last that is needed.
    const isPast = (page[0]?.at ?? 0) < from;
    if (isPast && [...trails.values()].every((trail) => isKnown(trail, from))) return;
  }
  if (end > 0) return;
  for (const trail of trails.values()) trail.isComplete ||= isZero(trail.net);
}

function isKnown({ isComplete, net, moves }: Trail, from: EpochMs): boolean {
  return isComplete || isZero(net) || !moves.some(({ at }) => at >= from);
}

function extend(trail: Trail, event: StoredEvent, move: Move | undefined, from: EpochMs): void {
  if (move === undefined) return;
  trail.moves = [move, ...trail.moves];
  if (move.kind === "fill") {
    const { side, event: fill } = move;
    const signed = side === "buy" ? fill.quantity : negate(fill.quantity);
    trail.net = subtract(trail.net, signed);
    return;
  }
  const fee = event.body.type === "position_adjusted" ? event.body.fee : undefined;
  if (fee !== undefined && event.at >= from) {
    trail.net = add(move.net, fee);
    return;
  }
  trail.isComplete = true;
  trail.isAdjusted = event.at >= from && event.body.type !== "opening_adopted";
}

async function moveIn(
  ledger: ProfitPorts,
  sides: Map<string, Side>,
  event: StoredEvent,
): Promise<Move | undefined> {
  const { body, at } = event;
  if (body.type === "position_adjusted" || body.type === "opening_adopted") {
    return { kind: "set", at, net: body.net, averagePrice: body.averagePrice };
  }
  if (body.type === "leg_booked") return { kind: "fill", at, side: body.side, event: body };
  if (body.type !== "fill_booked" && body.type !== "late_fill_booked") return undefined;
  if (event.subject !== "claim") return undefined;
  const side = await sideOf(ledger, sides, event.key);
  return side === undefined ? undefined : { kind: "fill", at, side, event: body };
}

async function sideOf(
  ledger: ProfitPorts,
  sides: Map<string, Side>,
  key: ClaimKey,
): Promise<Side | undefined> {
  const name = claimName(key);
  const side = sides.get(name) ?? (await ledger.claimOf(key))?.intent.side;
  if (side !== undefined) sides.set(name, side);
  return side;
}

function realized(as: Book, trail: Trail, { from, until }: Span): DecimalText | null {
  if (trail.isAdjusted || !(trail.isComplete || isZero(trail.net))) return null;
  let book = emptyBook(as.account, as.symbol);
  let [before, end] = [book.realizedProfitUsd, book.realizedProfitUsd];
  for (const move of trail.moves) {
    book = after(book, move);
    if (move.at < from) before = book.realizedProfitUsd;
    if (move.at < until) end = book.realizedProfitUsd;
  }
  return compare(book.net, as.net) === 0 ? subtract(end, before) : null;
}

function after(book: Book, move: Move): Book {
  if (move.kind === "set") return withAdjustment(book, move.net, move.averagePrice);
  const { quantity, cost } = move.event;
  const by = { agent: "" as never, requestId: "" as never };
  return withFill(book, { side: move.side, quantity, cost, by });
}
