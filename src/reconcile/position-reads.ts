/** Successive reads of a position that agree with one another; a read that does not begins anew. */
import type { BrokerPosition } from "../broker/broker.ts";
import type { PositionRead } from "../claim/decide-verdict.ts";
import type { EpochMs } from "../core/clock.ts";
import { compare, type DecimalText, ZERO } from "../core/decimal.ts";

export interface AgreeingReads {
  readonly reads: readonly PositionRead[];
  /** The book's quantity at each of them. */
  readonly bookNet: DecimalText;
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

/** The reads with `read` at their end; only the first and the last are kept. */
export function withRead(
  before: AgreeingReads | undefined,
  read: PositionRead,
  bookNet: DecimalText,
): AgreeingReads {
  const [first] = before?.reads ?? [];
  const agrees =
    before !== undefined &&
    first !== undefined &&
    compare(first.quantity, read.quantity) === 0 &&
    compare(before.bookNet, bookNet) === 0;
  return { reads: agrees ? [first, read] : [read], bookNet };
}
