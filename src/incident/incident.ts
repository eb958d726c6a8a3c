/**
 * A divergence or a stuck exit, with its evidence, from opening to resolution. Pure.
 *
 * 1. One open incident at most for one subject: what is said of it again is added to it.
 * 2. It is resolved by evidence or by an operator, never by time; how and by whom is part of it.
 * 3. Its causes are claims, the first one first: where the trouble came from.
 */
import type { EpochMs } from "../core/clock.ts";
import { InvariantError } from "../core/errors.ts";
import type { AccountId, ClaimKey } from "../core/ids.ts";

export const INCIDENT_KINDS = [
  /** The broker refused a close; the claim is latched until a verdict. */
  "refused_exit",
  /** Nobody knows for long what became of an order. */
  "unknown_outcome",
  /** An order has ended, and shares that it filled are missing from the book. */
  "missing_fills",
  /** The broker showed a fill, or an order, of a claim that had ended without it. */
  "late_evidence",
  /** A close is proved not to be at the broker, and what it was to close is still held. */
  "lost_exit",
  /** Our book holds what the broker does not. */
  "phantom",
  /** The broker holds what our book does not. */
  "orphan",
  /** Both hold the symbol, in different quantities. */
  "quantity",
  /** One is long, the other short. */
  "side",
  /** An order at work at the broker that no claim accounts for. */
  "unknown_order",
  /** Nobody knows whether an action that is no order happened. */
  "unknown_action",
  /** An owner's word about such an action that contradicts its release, or how it was settled. */
  "late_settlement",
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** How an incident ended. */
export type IncidentVerdict =
  | "landed"
  | "malformed"
  | "still_held"
  | "already_flat"
  | "changed_elsewhere"
  | "outcome_known"
  | "fills_booked"
  | "adopted"
  | "agrees_again"
  | "order_gone"
  | "by_operator";

/** Who proved it. */
export type IncidentProvenance = "venue" | "inferred" | "operator";

export interface IncidentEvidence {
  readonly at: EpochMs;
  /** In a sentence, with the numbers. */
  readonly text: string;
}

export interface Resolution {
  readonly at: EpochMs;
  readonly verdict: IncidentVerdict;
  readonly provenance: IncidentProvenance;
  /** What was done about it, in a sentence; an operator's own reason. */
  readonly reason: string;
}

export interface Incident {
  /** Counts from 1 within the ledger. */
  readonly id: number;
  readonly account: AccountId;
  readonly symbol: string;
  readonly kind: IncidentKind;
  /** What it is about: a claim, or the position in a symbol; unique among open incidents. */
  readonly subject: string;
  readonly openedAt: EpochMs;
  /** Grows with every event; who resolves it must know the last one. */
  readonly version: number;
  /** What is wrong, in a sentence. */
  readonly summary: string;
  /** What happens next, or what a person is to do. */
  readonly next: string;
  /** The claims that led to it, the first one first. */
  readonly causes: readonly ClaimKey[];
  /** The latest of it; the event log has all. */
  readonly evidence: readonly IncidentEvidence[];
  readonly resolution: Resolution | null;
}

export type IncidentEvent =
  | {
      readonly type: "incident_opened";
      readonly incident: number;
      readonly kind: IncidentKind;
      readonly subject: string;
      readonly summary: string;
      readonly next: string;
      readonly causes: readonly ClaimKey[];
    }
  | {
      readonly type: "incident_evidence";
      readonly incident: number;
      readonly text: string;
      /** What happens next from now on; null leaves it. */
      readonly next: string | null;
    }
  | {
      readonly type: "incident_resolved";
      readonly incident: number;
      readonly verdict: IncidentVerdict;
      readonly provenance: IncidentProvenance;
      readonly reason: string;
    };

/** So much evidence is kept with the incident itself. */
const EVIDENCE_KEPT = 20;

/** The incident after `event`; throws for one that does not fit. */
export function evolveIncident(
  incident: Incident | undefined,
  about: { readonly account: AccountId; readonly symbol: string },
  event: IncidentEvent,
  at: EpochMs,
): Incident {
  if (event.type === "incident_opened") {
    if (incident !== undefined) throw new InvariantError(`incident ${incident.id} opened twice`);
    const { incident: id, type: _, ...opened } = event;
    return { id, ...about, ...opened, openedAt: at, version: 1, evidence: [], resolution: null };
  }
  if (incident === undefined || incident.resolution !== null) {
    throw new InvariantError(`${event.type} for incident ${event.incident}, which is not open`);
  }
  const version = incident.version + 1;
  if (event.type === "incident_resolved") {
    const { verdict, provenance, reason } = event;
    return { ...incident, version, resolution: { at, verdict, provenance, reason } };
  }
  const evidence = [...incident.evidence, { at, text: event.text }].slice(-EVIDENCE_KEPT);
  return { ...incident, version, evidence, next: event.next ?? incident.next };
}

/** What an incident about a claim is about. */
export function subjectOfClaim(key: Omit<ClaimKey, "account">): string {
  return `claim ${nameOf(key)}`;
}

/** What an incident about an action that is no order is about. */
export function subjectOfGuard(key: Omit<ClaimKey, "account">): string {
  return `action ${nameOf(key)}`;
}

/** What an incident about a word that came after its attempt was released is about. */
export function subjectOfLateSettlement(key: Omit<ClaimKey, "account">): string {
  return `late ${subjectOfGuard(key)}`;
}

/** The request of a close, the first or a later one, that an incident about a position makes. */
export function closeRequestOf({ id }: Pick<Incident, "id">, tries: number): string {
  return tries === 1 ? `flatten-${id}` : `flatten-${id}-${tries}`;
}

/** Whether it may be such a request; incidents are numbered anew in every ledger. */
export function isCloseRequest(requestId: string): boolean {
  return CLOSE_REQUEST.test(requestId);
}

const CLOSE_REQUEST = /^flatten-\d+(?:-\d+)?$/;

/** What an incident about the position in `symbol` is about. */
export function subjectOfPosition(symbol: string): string {
  return `position ${symbol}`;
}

/**
 * Of one claim only: the first slash ends the agent. One that has a slash itself comes behind a
 * slash, where no other's name begins, and without any; others are known by what they always were.
 */
function nameOf({ agent, requestId }: Omit<ClaimKey, "account">): string {
  if (!agent.includes("/")) return `${agent}/${requestId}`;
  return `/${agent.replaceAll("%", "%25").replaceAll("/", "%2F")}/${requestId}`;
}
