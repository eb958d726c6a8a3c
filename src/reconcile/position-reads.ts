/** Successive reads of a position that agree with one another; a read that does not begins anew. */
import type { BrokerPosition } from "../broker/broker.ts";
import type { PositionRead } from "../claim/decide-verdict.ts";
import type { EpochMs } from "../core/clock.ts";
import { compare, type DecimalText, ZERO } from "../core/decimal.ts";
import type { LastMoves, LastMovesPorts } from "./last-moves.ts";

export interface AgreeingReads {
  readonly reads: readonly PositionRead[];
  /** The book's quantity at each of them. */
  readonly bookNet: DecimalText;
  /** The number of the last event when the last of them was compared with the book. */
  readonly seenThrough: number;
}

/** What a read that was begun at `at` shows; no position is flat. */
export function readOf(position: BrokerPosition | undefined, at: EpochMs): PositionRead {
  return {
    at,
    quantity: position?.quantity ?? ZERO,
    available: position?.availableQuantity ?? ZERO,
    averagePrice: position?.averageEntryPrice ?? ZERO,
  };
}

/**
 * The reads with `read` at their end; only the first and the last are kept. One that the book has
 * moved before begins anew, also where the book came back to the quantity that it had.
 */
export async function withRead(
  { ledger, account }: LastMovesPorts,
  moves: LastMoves,
  before: AgreeingReads | undefined,
  symbol: string,
  read: PositionRead,
): Promise<AgreeingReads> {
  // Before the book is looked at: what moves it in between counts as later.
  const seenThrough = await ledger.lastSequence();
  const { net: bookNet } = await ledger.book(account, symbol);
  const [first] = before?.reads ?? [];
  const agrees =
    before !== undefined &&
    first !== undefined &&
    compare(first.quantity, read.quantity) === 0 &&
    compare(before.bookNet, bookNet) === 0 &&
    !(await moves.hasMoved(symbol, before.seenThrough, seenThrough));
  return { reads: agrees ? [first, read] : [read], bookNet, seenThrough };
}
