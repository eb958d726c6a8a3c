/** Successive reads of a position that agree with one another; a read that does not begins anew. */
import type { Broker, BrokerPosition, ReadPurpose } from "../broker/broker.ts";
import type { PositionRead } from "../claim/decide-verdict.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
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

/** One read of `symbol` alone; undefined where it cannot be had. Flat by the broker's word only. */
export async function readSingly(
  { broker, clock }: { readonly broker: Broker; readonly clock: Clock },
  symbol: string,
  purpose?: ReadPurpose,
): Promise<PositionRead | undefined> {
  const at = clock.now();
  const lookup = await broker.position(symbol, purpose);
  if (lookup.kind === "unknown") return undefined;
  return readOf(lookup.kind === "found" ? lookup.position : undefined, at);
}

/** `read` alone, with the book as it is by then. */
export async function firstRead(
  { ledger, account }: Pick<LastMovesPorts, "ledger" | "account">,
  symbol: string,
  read: PositionRead,
): Promise<AgreeingReads> {
  // Before the book is looked at: what moves it in between counts as later.
  const seenThrough = await ledger.lastSequence();
  const { net: bookNet } = await ledger.book(account, symbol);
  return { reads: [read], bookNet, seenThrough };
}

/**
 * The reads with `read` at their end; only the first and the last are kept. One that the book has
 * moved before begins anew, also where the book came back to the quantity that it had.
 */
export async function withRead(
  ports: LastMovesPorts,
  moves: LastMoves,
  before: AgreeingReads | undefined,
  symbol: string,
  read: PositionRead,
): Promise<AgreeingReads> {
  const alone = await firstRead(ports, symbol, read);
  const { bookNet, seenThrough } = alone;
  const [first] = before?.reads ?? [];
  const agrees =
    before !== undefined &&
    first !== undefined &&
    compare(first.quantity, read.quantity) === 0 &&
    compare(before.bookNet, bookNet) === 0 &&
    !(await moves.hasMoved(symbol, before.seenThrough, seenThrough));
  return agrees ? { ...alone, reads: [first, read] } : alone;
}
