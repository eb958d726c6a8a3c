/**
 * The incidents that a change of a guard's claim brings about: pure. One is open exactly while
 * nobody knows whether the action happened; a late word of whoever held an attempt that was
 * released has its own, which only an operator ends while somebody else is at it, and so has one
 * that contradicts what is on record.
 */
import {
  type Incident,
  type IncidentEvent,
  type IncidentProvenance,
  subjectOfGuard,
  subjectOfLateSettlement,
} from "../incident/incident.ts";
import type { GuardCommand } from "./decide-guard.ts";
import type { GuardProvenance } from "./guard-action.ts";
import type { GuardClaim } from "./guard-claim.ts";
import type { GuardEvent } from "./guard-event.ts";

export interface GuardChange {
  readonly after: GuardClaim;
  readonly event: GuardEvent;
  /** What brought it about. */
  readonly command: GuardCommand;
  /** The open incident about a subject. */
  readonly open: (subject: string) => Incident | undefined;
  readonly nextIncident: () => number;
}

export function incidentsOfGuard(change: GuardChange): readonly IncidentEvent[] {
  const { after, event, command, open } = change;
  const unknown = subjectOfGuard(after.key);
  switch (event.type) {
    case "guard_doubted": {
      const summary = `${nameOf(after)}: ${event.reason}`;
      return opened(change, { kind: "unknown_action", subject: unknown, summary, next: FIND_OUT });
    }
    case "settlement_surfaced":
    case "settlement_refused": {
      const subject = subjectOfLateSettlement(after.key);
      return opened(change, { kind: "late_settlement", subject, ...late(after, event, command) });
    }
    case "guard_settled":
    case "guard_released":
      return [open(unknown)].flatMap((one) => (one === undefined ? [] : [resolved(one, event)]));
    default:
      return [];
  }
}

function opened(
  { after, open, nextIncident }: GuardChange,
  told: Pick<Incident, "kind" | "subject" | "summary" | "next">,
): readonly IncidentEvent[] {
  const { subject, summary, next } = told;
  const known = open(subject);
  if (known !== undefined) {
    return [{ type: "incident_evidence", incident: known.id, text: summary, next }];
  }
  const incident = nextIncident();
  const causes = [after.key];
  return [{ type: "incident_opened", incident, ...told, causes }];
}

const FIND_OUT =
  "Look at the provider; then settle or release the claim by what it shows, or resolve this.";
const LOOK_FOR_BOTH =
  "Look at the provider: both attempts may have acted. Undo one of them, then resolve this.";
const LOOK_FOR_ONE =
  "The claim is settled by that. Look at the provider whether it was done once, then resolve this.";
const LOOK_FOR_RECORD =
  "Look at the provider: the record keeps its first word, be it wrong. Tell whom it concerns, " +
  "then resolve this.";

type Late = Extract<GuardEvent, { type: "settlement_surfaced" | "settlement_refused" }>;

function late(
  claim: GuardClaim,
  event: Late,
  command: GuardCommand,
): Pick<Incident, "summary" | "next"> {
  if (event.type === "settlement_refused" && event.onRecord !== undefined) {
    const onRecord = `it is on record as ${event.onRecord} by its ${claim.provenance}`;
    const said = `and is reported as ${event.outcome}`;
    return { summary: `${nameOf(claim)}: ${onRecord}, ${said}`, next: LOOK_FOR_RECORD };
  }
  const said = `an attempt that was released is reported as ${event.outcome}`;
  const summary = `${nameOf(claim)}: ${said}${byWhom(command)}`;
  if (event.type === "settlement_refused") return { summary, next: LOOK_FOR_BOTH };
  return { summary, next: event.provenance === undefined ? FIND_OUT : LOOK_FOR_ONE };
}

/** Nobody says so now where an earlier word is heard, since another attempt has ended absent. */
function byWhom(command: GuardCommand): string {
  if (command.type === "settle" || command.type === "doubt") return " by its owner";
  const isRead = command.type === "weigh" && command.outcome !== "absent";
  return isRead ? ` by its ${command.provenance}` : "";
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
