/**
 * Decides what an operator's word does to a book that differs from the broker's position: the book
 * takes over what the broker holds. The numbers are those that the operator has confirmed, so that
 * nothing is taken over that nobody has looked at.
 */
import type { Book } from "../book/book.ts";
import { compare, type DecimalText } from "../core/decimal.ts";
import { type Incident, subjectOfPosition } from "../incident/incident.ts";
import { BEING_CLOSED } from "../incident/to-be-closed.ts";
import { type Claim, isUnanswered } from "./claim.ts";
import type { BookEvent } from "./claim-event.ts";

/** What the operator has seen and confirmed. */
export interface AdoptedPosition {
  /** What the broker holds, signed. */
  readonly net: DecimalText;
  readonly averagePrice: DecimalText;
  /** What the book held. */
  readonly bookNet: DecimalText;
  /** The incident stays open: what was adopted is yet to be closed. */
  readonly isToBeClosed: boolean;
}

export type AdoptionDecision =
  | { readonly kind: "adopted"; readonly events: readonly BookEvent[] }
  /** The incident is about a claim, or an order, and not about a position. */
  | { readonly kind: "not_a_position" }
  /** The book is not what was confirmed. */
  | { readonly kind: "position_moved" }
  /** The outcome of a claim in the symbol is to come, and moves the book by itself. */
  | { readonly kind: "claim_waits" };

/** `claims` are those in the symbol that are not settled; `word` is who says so, and why. */
export function decideAdoption(
  incident: Incident,
  book: Book,
  claims: readonly Claim[],
  position: AdoptedPosition,
  word: string,
): AdoptionDecision {
  if (incident.subject !== subjectOfPosition(incident.symbol)) return { kind: "not_a_position" };
  if (compare(book.net, position.bookNet) !== 0) return { kind: "position_moved" };
  if (claims.some(isUnanswered)) return { kind: "claim_waits" };
  const { net, averagePrice, isToBeClosed } = position;
  const { id, symbol } = incident;
  const adjusted: readonly BookEvent[] =
    compare(book.net, net) === 0
      ? []
      : [{ type: "position_adjusted", net, averagePrice, incident: id, cause: null }];
  const text = `${word}; the book now holds ${net} ${symbol}, as the broker does`;
  const end: BookEvent = isToBeClosed
    ? { type: "incident_evidence", incident: id, text, next: BEING_CLOSED }
    : {
        ...{ type: "incident_resolved", incident: id, verdict: "adopted" },
        ...{ provenance: "operator", reason: text },
      };
  return { kind: "adopted", events: [...adjusted, end] };
}
