/**
 * The incidents that a change of a guard's claim brings about: pure. One is open exactly while
 * nobody knows whether the action happened; a late word of whoever held an attempt that was
 * released has its own, which only an operator ends while somebody else is at it.
 */
import {
  type Incident,
  type IncidentEvent,
  type IncidentProvenance,
  subjectOfGuard,
  subjectOfLateSettlement,
} from "../incident/incident.ts";
import type { GuardProvenance } from "./guard-action.ts";
import type { GuardClaim } from "./guard-claim.ts";
import type { GuardEvent } from "./guard-event.ts";

export interface GuardChange {
  readonly after: GuardClaim;
  readonly event: GuardEvent;
  /** The open incident about a subject. */
  readonly open: (subject: string) => Incident | undefined;
  readonly nextIncident: () => number;
}

export function incidentsOfGuard(change: GuardChange): readonly IncidentEvent[] {
  const { after, event, open } = change;
  const unknown = subjectOfGuard(after.key);
  switch (event.type) {
    case "guard_doubted":
      return opened(change, "unknown_action", unknown, `${nameOf(after)}: ${event.reason}`);
    case "settlement_surfaced":
    case "settlement_refused":
      return opened(
        change,
        "late_settlement",
        subjectOfLateSettlement(after.key),
        late(after, event),
      );
    case "guard_settled":
    case "guard_released":
      return [open(unknown)].flatMap((one) => (one === undefined ? [] : [resolved(one, event)]));
    default:
      return [];
  }
}

function opened(
  { after, event, open, nextIncident }: GuardChange,
  kind: Incident["kind"],
  subject: string,
  summary: string,
): readonly IncidentEvent[] {
  const next = event.type === "settlement_refused" ? LOOK_FOR_BOTH : FIND_OUT;
  const known = open(subject);
  if (known !== undefined) {
    return [{ type: "incident_evidence", incident: known.id, text: summary, next }];
  }
  const incident = nextIncident();
  const causes = [after.key];
  return [{ type: "incident_opened", incident, kind, subject, summary, next, causes }];
}

const FIND_OUT =
  "Look at the provider; then settle or release the claim by what it shows, or resolve this.";
const LOOK_FOR_BOTH =
  "Look at the provider: both attempts may have acted. Undo one of them, then resolve this.";

function late(claim: GuardClaim, { outcome }: { readonly outcome: string }): string {
  return `${nameOf(claim)}: an attempt that was released is reported as ${outcome} by its owner`;
}

function nameOf({ action, key }: GuardClaim): string {
  return `${action} ${key.requestId}`;
}

function resolved({ id }: Incident, end: Ended): IncidentEvent {
  const { provenance, evidence } = end;
  const outcome = end.type === "guard_released" ? "absent" : end.outcome;
  const reason = evidence === null ? `${outcome}, by its ${provenance}` : `${outcome}: ${evidence}`;
  return {
    ...{ type: "incident_resolved", incident: id, reason },
    ...{ verdict: "outcome_known", provenance: WITNESS[provenance] },
  };
}

type Ended = Extract<GuardEvent, { type: "guard_settled" | "guard_released" }>;

const WITNESS: Readonly<Record<GuardProvenance, IncidentProvenance>> = {
  owner: "inferred",
  caller: "inferred",
  verifier: "venue",
  operator: "operator",
};
