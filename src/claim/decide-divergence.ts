/**
 * Decides what a difference between a book and the broker's position comes to. It counts only when
 * two reads at least ten seconds apart agree, the book has not moved since the first of them,
 * nothing of ours is unanswered in the symbol, and no fill was booked of late; a refused close
 * keeps the position to its own verdict meanwhile. A fee that is taken from what was bought is no
 * difference, and needs one read (coin-fee).
 *
 * While an order of ours is not shown, nobody knows whose the difference is: it is told, and not
 * taken over, whatever the policy.
 *
 * The default is to adopt: the book takes the broker's quantity over, an incident says so, and
 * nothing is traded. Whatever the policy, a suspect position blocks no entry unless it is told to.
 */

import { type Book, reservedQuantity } from "../book/book.ts";
import {
  absolute,
  compare,
  type DecimalText,
  isZero,
  parseDecimal,
  signOf,
  subtract,
} from "../core/decimal.ts";
import type { ClaimKey } from "../core/ids.ts";
import { type Incident, subjectOfPosition } from "../incident/incident.ts";
import { BEING_CLOSED, FLATTEN_AGAIN, isToBeClosed } from "../incident/to-be-closed.ts";
import { type Claim, isUnanswered } from "./claim.ts";
import type { BookEvent } from "./claim-event.ts";
import { feeEvents } from "./coin-fee.ts";
import { isAtRest, lastAgreed, type Movement, type PositionRead } from "./decide-verdict.ts";
import type { DivergenceKind, DivergencePolicy } from "./policy.ts";

export interface DivergenceCommand extends Movement {
  /** Successive reads with the same quantity, the first one first. */
  readonly reads: readonly PositionRead[];
  /** The book's quantity at each of them. */
  readonly bookNet: DecimalText;
  /** The number of the last event then: none has moved the book since the first read, up to it. */
  readonly seenThrough: number;
  readonly policy: DivergencePolicy;
  /** Whether what the open incident has taken over is held yet, and is to be closed. */
  readonly isToClose?: boolean;
  /** What is not known of our own orders, in words; absent where all of them were read. */
  readonly unknown?: string | undefined;
}

/** What the transaction has read besides. */
export interface DivergenceSnapshot {
  readonly book: Book;
  /** Claims in the symbol that are not settled. */
  readonly claims: readonly Claim[];
  /** Whether an event behind the one numbered `after` has moved the book. */
  readonly hasMoved: (after: number) => boolean;
  /** The open incident about the position. */
  readonly open: Incident | undefined;
  /** The number of the next incident. */
  readonly nextIncident: number;
  /** The claims of the episode, the first one first. */
  readonly causes: readonly ClaimKey[];
}

export function decideDivergence(
  snapshot: DivergenceSnapshot,
  command: DivergenceCommand,
): readonly BookEvent[] {
  const { book, claims, open } = snapshot;
  const last = command.reads.at(-1);
  if (last === undefined || compare(book.net, command.bookNet) !== 0) return [];
  if (claims.some(isUnanswered)) return [];
  // Also where it has come back to the quantity that it had: the reads are of a position before.
  if (snapshot.hasMoved(command.seenThrough)) return [];
  // Nor is a gap the fee where an order that is not shown may have made it.
  const fee = command.unknown === undefined ? feeEvents(book, last.quantity) : [];
  if (fee.length > 0) return fee;
  const read = lastAgreed(command.reads);
  if (read === undefined) return [];
  if (compare(read.quantity, book.net) === 0) return agreement(snapshot, command);
  if (!isAtRest(command)) return [];
  if (open !== undefined) {
    const taken = takenOver(book, open, read, command);
    return taken.length > 0 ? taken : toldAnew(open, book, read);
  }
  const opened = divergence(snapshot, read, command);
  const begun = { id: snapshot.nextIncident, next: opened.next };
  return [opened, ...takenOver(book, begun, read, command)];
}

export function kindOf(book: DecimalText, broker: DecimalText): DivergenceKind {
  if (isZero(broker)) return "phantom";
  if (isZero(book)) return "orphan";
  return signOf(book) === signOf(broker) ? "quantity" : "side";
}

function divergence(
  { book, nextIncident, causes }: DivergenceSnapshot,
  read: PositionRead,
  { policy, unknown }: Pick<DivergenceCommand, "policy" | "unknown">,
): Extract<BookEvent, { readonly type: "incident_opened" }> {
  const { symbol, net } = book;
  return {
    type: "incident_opened",
    incident: nextIncident,
    kind: kindOf(net, read.quantity),
    subject: subjectOfPosition(symbol),
    summary: bothHold(symbol, read.quantity, net),
    next: unknown === undefined ? NEXT[policy] : `${unknown}, ${NEXT_BEHIND}`,
    causes,
  };
}

/** What the policy takes over of a difference, once it is known to be none of our own orders'. */
function takenOver(
  book: Book,
  incident: Pick<Incident, "id" | "next">,
  read: PositionRead,
  { policy, unknown }: Pick<DivergenceCommand, "policy" | "unknown">,
): readonly BookEvent[] {
  const isTaken = unknown === undefined && (policy === "adopt" || policy === "flatten");
  const resolves = policy === "adopt" && !isToBeClosed(incident);
  return isTaken ? adoption(book, incident.id, read, resolves) : [];
}

const BOTH_HOLD = /^the broker holds (\S+) \S+, the book (\S+)$/;

function bothHold(symbol: string, broker: DecimalText, book: DecimalText): string {
  return `the broker holds ${broker} ${symbol}, the book ${book}`;
}

/** What it said last is no longer so: whoever has left it alone did so for another difference. */
function toldAnew(
  { id, summary, evidence }: Incident,
  { symbol, net }: Book,
  { quantity }: PositionRead,
): readonly BookEvent[] {
  const told = [summary, ...evidence.map(({ text }) => text)].findLast((text) =>
    BOTH_HOLD.test(text),
  );
  const [broker, book] = (BOTH_HOLD.exec(told ?? "") ?? []).slice(1).map(parseDecimal);
  const gap = broker && book && subtract(broker, book);
  if (gap && compare(gap, subtract(quantity, net)) === 0) return [];
  const text = bothHold(symbol, quantity, net);
  return [{ type: "incident_evidence", incident: id, text, next: null }];
}

const NEXT: Readonly<Record<DivergencePolicy, string>> = {
  adopt: "the book takes over what the broker holds; nothing is traded",
  flatten: "the book takes over what the broker holds, and the position is closed",
  observe:
    "book and broker are compared again, and it is over once they agree; find out who traded, " +
    "then adopt it or trade it away by hand; entries stay free",
  "block-entries":
    "book and broker are compared again, and entries in the symbol are blocked until they agree; " +
    "find out who traded",
};

const NEXT_BEHIND =
  "and may have done this: nothing is taken over before that is known; an order that the broker " +
  "does not have any more has an incident of its own";

function adoption(
  book: Book,
  incident: number,
  { quantity, averagePrice }: PositionRead,
  resolves: boolean,
): readonly BookEvent[] {
  const adjusted: BookEvent = {
    ...{ type: "position_adjusted", net: quantity, averagePrice, incident, cause: null },
  };
  if (!resolves) return [adjusted];
  const holds = `the book now holds ${quantity} ${book.symbol}, as the broker does`;
  const reason = `${holds}${beyond(book, quantity)}`;
  const resolved: BookEvent = {
    ...{ type: "incident_resolved", incident, verdict: "adopted", provenance: "venue", reason },
  };
  return [adjusted, resolved];
}

/** Exits at work for more than is held: the broker has them, so only a person can end them. */
function beyond(book: Book, quantity: DecimalText): string {
  const atWork = reservedQuantity(book);
  if (compare(atWork, absolute(quantity)) <= 0) return "";
  return `; exits at work are for ${atWork}: cancel what is not wanted`;
}

/** What is to be closed is not over before it is. */
function agreement(
  { open, book, claims }: DivergenceSnapshot,
  { isToClose }: Pick<DivergenceCommand, "isToClose">,
): readonly BookEvent[] {
  const { symbol, net } = book;
  if (open === undefined || (isToClose === true && !isZero(net))) return [];
  if (isToBeClosed(open) && !isZero(net)) return notClosed(open, book, claims);
  const { id } = open;
  const reason = `book and broker both hold ${net} ${symbol}`;
  const resolved: BookEvent = {
    ...{ type: "incident_resolved", incident: id, verdict: "agrees_again", provenance: "venue" },
    reason,
  };
  return [resolved];
}

/** Said once, where the close that a person has asked for has ended and something is held. */
function notClosed(
  { id, next }: Incident,
  { net, symbol }: Book,
  claims: readonly Claim[],
): readonly BookEvent[] {
  if (next !== BEING_CLOSED || claims.some(({ intent }) => intent.effect === "close")) return [];
  const text = `no order is at work that closes the ${net} ${symbol} that are held`;
  return [{ type: "incident_evidence", incident: id, text, next: FLATTEN_AGAIN }];
}
