/**
 * The verdict on a refused close: what the broker's refusal meant, by evidence alone. The first row
 * that fits wins; anything else leaves the question open. Each verdict permits one further try at
 * most, because only it lifts the latch.
 *
 * That the order landed after all is found by its client_order_id, as any order is (decide-order);
 * here nobody has found it.
 */
import { type Book, closable, reduces, reservationOf } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import {
  absolute,
  add,
  compare,
  type DecimalText,
  isZero,
  minimum,
  signOf,
  subtract,
} from "../core/decimal.ts";
import type { IncidentVerdict } from "../incident/incident.ts";
import { type Claim, isLatched, isUnanswered } from "./claim.ts";
import type { ClaimEvent, Provenance } from "./claim-event.ts";
import type { RefusalReason } from "./evidence.ts";

/** The broker's position in a symbol, as one read showed it; flat is zero. */
export interface PositionRead {
  readonly at: EpochMs;
  /** Signed: a short position is negative. */
  readonly quantity: DecimalText;
  /** Shares that no working order holds. */
  readonly available: DecimalText;
  readonly averagePrice: DecimalText;
}

/** What of the book or of orders may not show in the position yet. */
export interface Movement {
  /** When a fill last moved the book or an order was proved absent; null where neither is known. */
  readonly movedAt: EpochMs | null;
  readonly now: EpochMs;
}

export interface VerdictCommand extends Movement {
  /** The attempt whose refusal the reads are about. */
  readonly fencing: number;
  /** Successive reads with the same quantity, the first one first. */
  readonly reads: readonly PositionRead[];
  /** The book's quantity when the last of them was made, our own fills applied. */
  readonly bookNet: DecimalText;
  /** The number of the last event then: none has moved the book since the first read, up to it. */
  readonly seenThrough: number;
  /** Whether other orders of the account account for what is gone. */
  readonly isExplained: boolean;
  /** Whether an entry of ours is at work, so that what is not held may be still to come. */
  readonly isEntryAtWork?: boolean;
}

export interface Verdict {
  readonly kind: IncidentVerdict;
  readonly event: ClaimEvent;
  /** What the book is to hold from now on; null where it is right. */
  readonly adjustment: { readonly net: DecimalText; readonly averagePrice: DecimalText } | null;
  readonly provenance: Provenance;
  /** In a sentence, with the numbers. */
  readonly reason: string;
}

/** Two reads of a position must lie so far apart: positions lag behind orders by about 10 s. */
export const AGREEMENT_MS = 10_000;
/** A fill may reach us before the position shows it, or after: so old it shows for certain. */
const QUIET_MS = 30_000;

/** Refusals that say nothing about the position: the order itself cannot be taken. */
const MALFORMED: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "sub_penny",
  "not_fractionable",
  "quantity_not_accepted",
  "asset_not_found",
  "terms_not_accepted",
]);

/** Whether the refusal alone decides, without a look at the position. */
export function isMalformed({ refusal }: Claim): boolean {
  return refusal !== null && MALFORMED.has(refusal.reason);
}

/** What the transaction has read besides. */
export interface VerdictSnapshot {
  readonly book: Book;
  /** Claims in the symbol that are not settled. */
  readonly claims: readonly Claim[];
  /** Whether an event behind the one numbered `after` has moved the book. */
  readonly hasMoved: (after: number) => boolean;
}

/** The verdict; undefined while the evidence does not suffice. */
export function decideVerdict(
  claim: Claim,
  snapshot: VerdictSnapshot,
  command: VerdictCommand,
): Verdict | undefined {
  const { book } = snapshot;
  const refusal = isLatched(claim) ? claim.refusal : null;
  if (refusal === null || claim.fencing !== command.fencing) return undefined;
  if (isMalformed(claim)) {
    const reason = `the broker does not take such an order: ${refusal.message}`;
    const verdict = { kind: "malformed", event: { type: "malformed" } } as const;
    return { ...verdict, adjustment: null, provenance: "venue", reason };
  }
  const read = lastAgreed(command.reads);
  if (read === undefined || compare(book.net, command.bookNet) !== 0) return undefined;
  // Also where it has come back to the quantity that it had: the reads are of a position before.
  if (snapshot.hasMoved(command.seenThrough)) return undefined;
  return byPosition(claim, snapshot, read, command);
}

/** The last of `reads`, where all of them agree and span long enough. */
export function lastAgreed(reads: readonly PositionRead[]): PositionRead | undefined {
  const last = reads.at(-1);
  if (last === undefined) return undefined;
  const first = reads[0] ?? last;
  const agree = reads.every(({ quantity }) => compare(quantity, last.quantity) === 0);
  return agree && last.at - first.at >= AGREEMENT_MS ? last : undefined;
}

/** Whether a position that differs from the book does so for more than a fill of late. */
export function isAtRest({ movedAt, now }: Movement): boolean {
  return movedAt === null || now - movedAt >= QUIET_MS;
}

function byPosition(
  claim: Claim,
  { book, claims }: VerdictSnapshot,
  read: PositionRead,
  command: VerdictCommand,
): Verdict | undefined {
  const { quantity, averagePrice } = read;
  const { symbol } = book;
  const suspect = suspectOf(claim, book);
  const shows = `the broker shows ${quantity} ${symbol}, the book ${book.net}`;
  const { isEntryAtWork } = command;
  if (compare(quantity, book.net) === 0) {
    if (!reduces(book, claim.intent.side) || compare(absolute(quantity), suspect) < 0) {
      if (isEntryAtWork) return undefined;
      return soldByFills(quantity, `${shows}; fills that were booked account for it`);
    }
    if (compare(absolute(read.available), suspect) < 0) return undefined;
    const reason = `still held and free: ${shows}; the exit may be sent again`;
    const verdict = { kind: "still_held", event: { type: "still_held" } } as const;
    return { ...verdict, adjustment: null, provenance: "venue", reason };
  }
  // What the position shows may be theirs, and moves the book once they are known to have it. Other
  // refused closes are questions like this one, and no order of theirs is to come.
  const isDisputed = claims.some((one) => isUnanswered(one) && !isLatched(one));
  if (isEntryAtWork || isDisputed || !isAtRest(command)) return undefined;
  const adjustment = { net: quantity, averagePrice };
  if (compare(quantity, less(book.net, suspect)) === 0) {
    const provenance = command.isExplained ? "venue" : "inferred";
    const by = command.isExplained ? "other orders closed them" : "nothing on record says by what";
    const reason = `gone already: ${shows}; ${by}`;
    const event = { type: "flatness_proved", provenance } as const;
    return { kind: "already_flat", event, adjustment, provenance, reason };
  }
  const reason = `changed elsewhere: ${shows}, and the exit was for ${suspect}`;
  const verdict = { kind: "changed_elsewhere", event: { type: "changed_elsewhere" } } as const;
  return { ...verdict, adjustment, provenance: "venue", reason };
}

/** The book shows it too by now: a fill of another close was told only after the refusal. */
function soldByFills(left: DecimalText, because: string): Verdict {
  const verdict = { adjustment: null, provenance: "venue" } as const;
  if (isZero(left)) {
    const event = { type: "flatness_proved", provenance: "venue" } as const;
    return { ...verdict, kind: "already_flat", event, reason: `gone already: ${because}` };
  }
  const event = { type: "changed_elsewhere" } as const;
  return { ...verdict, kind: "changed_elsewhere", event, reason: `fewer are held: ${because}` };
}

/** The shares that the exit asked for; of one in dollars, those that it holds. */
function suspectOf({ intent, key }: Claim, book: Book): DecimalText {
  return intent.quantity ?? reservationOf(book, key)?.quantity ?? closable(book);
}

/** What the book holds once the exit's shares are gone. */
export function withoutExit(claim: Claim, book: Book): DecimalText {
  return less(book.net, suspectOf(claim, book));
}

/** Whether the broker, with `brokerNet`, holds more than the book would without the exit's. */
export function holdsExit(claim: Claim, book: Book, brokerNet: DecimalText): boolean {
  const more = claim.intent.side === "sell" ? 1 : -1;
  return compare(brokerNet, withoutExit(claim, book)) === more;
}

/** The position without `quantity` of its shares: flat where it has fewer. */
function less(net: DecimalText, quantity: DecimalText): DecimalText {
  const gone = minimum(quantity, absolute(net));
  return signOf(net) < 0 ? add(net, gone) : subtract(net, gone);
}
