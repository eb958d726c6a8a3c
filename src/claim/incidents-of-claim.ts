/**
 * Which incidents a claim's events open and end by themselves. Verdicts on refused closes end
 * theirs where they are given; an operator may end any.
 */
import type { ClaimKey } from "../core/ids.ts";
import { orderInWords } from "../identity/order-in-words.ts";
import {
  type Incident,
  type IncidentEvent,
  type IncidentKind,
  type IncidentVerdict,
  subjectOfClaim,
} from "../incident/incident.ts";
import {
  type Claim,
  isAccepted,
  isAtWork,
  isLatched,
  type LatchedClaim,
  lacksSuccessor,
} from "./claim.ts";
import { isSought } from "./decide-absence.ts";

export interface ClaimChange {
  readonly before: Claim;
  readonly after: Claim;
  /** Whether it was looked at because nothing had become of it for long. */
  readonly isOverdue: boolean;
  /** And why: the broker says that it does not have the order that it has taken. */
  readonly isMissing: boolean;
  /** Or why that order cannot be read. */
  readonly unreadBecause?: string | undefined;
  /** Whether anything is held in its symbol. */
  readonly isHeld: boolean;
  /** The open incident about the claim. */
  readonly open: Incident | undefined;
  /** Asked for where an incident begins: most changes begin none. */
  readonly nextIncident: () => number;
  /** The claims of its episode, the first one first, itself at the end. */
  readonly causes: () => readonly ClaimKey[];
}

export function incidentsOfClaim(change: ClaimChange): readonly IncidentEvent[] {
  const { open } = change;
  if (open === undefined) return lateEvidence(change) ?? begun(change);
  // One incident about a claim at a time: the end of one may be the beginning of another.
  const ended = endOf(open, change);
  return ended.length === 0 ? [] : [...ended, ...begun(change)];
}

/**
 * Whether a person may say how the claim behind such an incident has ended. Where the broker has
 * taken the order, it is while that is not shown; of one that was replaced another order tells.
 */
export function waitsForWord(claim: Claim, kind: IncidentKind): boolean {
  if (claim.status !== "IN_RECONCILIATION") return false;
  return !isAccepted(claim) || (kind === "unknown_outcome" && !lacksSuccessor(claim));
}

function begun(change: ClaimChange): readonly IncidentEvent[] {
  const told = beginning(change);
  return told === undefined ? [] : [opened(change, ...told)];
}

function beginning(change: ClaimChange) {
  const { before, after, isOverdue, isMissing, unreadBecause, isHeld } = change;
  if (isLatched(after) && !isLatched(before)) return refusedExit(after);
  if (isHeld && isLost(after) && !isLost(before)) return lostExit(before);
  if (!isOverdue) return undefined;
  if (isSought(after)) return unknownOutcome(after);
  if (lacksSuccessor(after)) return unknownSuccessor(after);
  if (isMissing && isAtWork(after)) return missingOrder(after);
  if (unreadBecause !== undefined && isAtWork(after)) return unreadOrder(after, unreadBecause);
  return after.status === "FINAL" ? missingFills(after) : undefined;
}

type Beginning = readonly [kind: IncidentKind, summary: string, next: string];

function refusedExit(claim: LatchedClaim): Beginning {
  const { refusal } = claim;
  return [
    "refused_exit",
    `the broker refused to ${orderText(claim)}: ${refusal.httpStatus} ${refusal.message}`,
    "the broker's records are read; until they show why, this exit is not sent again",
  ];
}

/** Nothing of it is left to wait for: without another try what is held stays held. */
function isLost({ intent, outcome }: Claim): boolean {
  return intent.effect === "close" && outcome === "absent";
}

function lostExit(claim: Claim): Beginning {
  return [
    "lost_exit",
    `the order to ${orderText(claim)} is not at the broker: ${claim.unknownBecause}`,
    "the bot's next try is sent; where none comes, or the broker takes none, close it by hand",
  ];
}

function unknownOutcome(claim: Claim): Beginning {
  return [
    "unknown_outcome",
    `nobody knows what became of the order to ${orderText(claim)}: ${claim.unknownBecause}`,
    `it is looked for under ${claim.clientOrderId} until it is found or proved absent`,
  ];
}

function unknownSuccessor(claim: Claim): Beginning {
  return [
    "unknown_outcome",
    `the order to ${orderText(claim)} was replaced, and nobody knows the order in its place`,
    "that is looked for among the broker's orders; what the claim holds it keeps until it is found",
  ];
}

function missingOrder(claim: Claim): Beginning {
  const taken = `the broker took the order to ${orderText(claim)} as ${claim.brokerOrderId}`;
  return [
    "unknown_outcome",
    `${taken}, and says that it has none of that id`,
    "it is read again until it is shown, and the claim keeps what it holds; look for the order " +
      "in the broker's own records, and where it is over say how the claim has ended",
  ];
}

function unreadOrder(claim: Claim, because: string): Beginning {
  const taken = `the broker took the order to ${orderText(claim)} as ${claim.brokerOrderId}`;
  return [
    "unknown_outcome",
    `${taken}, and it cannot be read: ${because}`,
    "it is read again until it can be, and the claim keeps what it holds; look for the order in " +
      "the broker's own records, and where it is over say how the claim has ended",
  ];
}

function missingFills(claim: Claim): Beginning {
  return [
    "missing_fills",
    `the order to ${orderText(claim)} has ended, and the broker shows fills that do not add up`,
    "its order is read again until every share is in the book",
  ];
}

/** Something that nobody had expected any more: it is told, and it is over. */
function lateEvidence(change: ClaimChange): readonly IncidentEvent[] | undefined {
  const { before, after } = change;
  const wasOver = before.outcome !== null;
  const surfaced = wasOver && isAccepted(after) && !isAccepted(before);
  const filled = before.status === "SETTLED" && before.bookedQuantity !== after.bookedQuantity;
  if (!surfaced && !filled) return undefined;
  const what = surfaced ? `an order whose end was ${before.outcome}` : "a fill of an ended order";
  const summary = `the broker showed ${what}: ${orderText(after)}`;
  return [
    opened(change, "late_evidence", summary, "nothing: it is in the book"),
    resolved(
      change.nextIncident(),
      surfaced ? "landed" : "fills_booked",
      "the broker's order shows it",
    ),
  ];
}

function endOf(open: Incident, { before, after }: ClaimChange): readonly IncidentEvent[] {
  switch (open.kind) {
    case "refused_exit":
      return isAccepted(after) ? [landed(open, after)] : [];
    case "lost_exit":
      if (isAccepted(after)) return [landed(open, after)];
      return isLatched(after) ? [outcomeKnown(open, after)] : [];
    case "unknown_outcome":
      return isStillUnknown(before, after) ? [] : [outcomeKnown(open, after)];
    case "missing_fills":
      return after.status === "SETTLED"
        ? [resolved(open.id, "fills_booked", "every share that was filled is in the book")]
        : [];
    default:
      return [];
  }
}

/** An order that was found, and is replaced by one that is not, is another question. */
function isStillUnknown(before: Claim, after: Claim): boolean {
  if (isSought(after) || after.status === "OPEN") return true;
  if (isAtWork(before) && isAtWork(after)) return !isShownAnew(before, after);
  return lacksSuccessor(before) && lacksSuccessor(after);
}

/** Whether the change is one that only the order itself can have shown. */
function isShownAnew(before: Claim, after: Claim): boolean {
  return before.orderStatus !== after.orderStatus || before.bookedQuantity !== after.bookedQuantity;
}

function landed({ id }: Incident, after: Claim): IncidentEvent {
  return resolved(id, "landed", `the order is at the broker: ${after.orderStatus}`);
}

function outcomeKnown({ id }: Incident, after: Claim): IncidentEvent {
  const end = after.outcome ?? after.orderStatus ?? "refused";
  return resolved(id, "outcome_known", `the broker's records show it: ${end}`);
}

function opened(
  { after, nextIncident, causes }: ClaimChange,
  kind: IncidentKind,
  summary: string,
  next: string,
): IncidentEvent {
  return {
    ...{ type: "incident_opened", incident: nextIncident(), kind },
    ...{ subject: subjectOfClaim(after.key), summary, next, causes: causes() },
  };
}

function resolved(incident: number, verdict: IncidentVerdict, reason: string): IncidentEvent {
  return { type: "incident_resolved", incident, verdict, provenance: "venue", reason };
}

function orderText({ intent }: Claim): string {
  return orderInWords(intent);
}
