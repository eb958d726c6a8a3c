/**
 * Operations about the claims of a guard inside an open transaction: load, decide, apply. Decisions
 * are taken in claim/decide-guard.ts; this carries them out.
 */

import { NO_SYMBOL } from "../claim/claim-event.ts";
import {
  decideGuard,
  type GuardAnswer,
  type GuardCommand,
  isQuestionedByLateWord,
} from "../claim/decide-guard.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import type { GuardEvent } from "../claim/guard-event.ts";
import { incidentsOfGuard } from "../claim/incidents-of-guard.ts";
import type { ClaimKey } from "../core/ids.ts";
import { type Incident, subjectOfGuard, subjectOfLateSettlement } from "../incident/incident.ts";
import { applyToGuard, applyToSymbol } from "./apply-events.ts";
import type { GuardResult, OperatorCommand, OperatorResult } from "./ledger.ts";
import type { Rows } from "./rows.ts";

/** The answer to a command that changes nothing; undefined where it takes a transaction. */
export function standingGuard(
  rows: Rows,
  key: ClaimKey,
  command: GuardCommand,
): GuardResult | undefined {
  const claim = rows.guards.get(key);
  const { events, answer } = decideGuard(claim, command, isWordWeighed(rows, claim));
  return events.length > 0 ? undefined : resultOf(rows, key, claim, answer);
}

export function runGuard(rows: Rows, key: ClaimKey, command: GuardCommand): GuardResult {
  const before = rows.guards.get(key);
  const { events, answer } = decideGuard(before, command, isWordWeighed(rows, before));
  const claim = carryOut(rows, before, key, events, command);
  return resultOf(rows, key, claim, answer);
}

/** Whether a person has ended the incident of the late word that waits. */
function isWordWeighed(rows: Rows, claim: GuardClaim | undefined): boolean {
  if (claim?.waitingWord === undefined) return false;
  const { account } = claim.key;
  return rows.incidents.open(account, subjectOfLateSettlement(claim.key)) === undefined;
}

function resultOf(
  rows: Rows,
  key: ClaimKey,
  claim: GuardClaim | undefined,
  answer: GuardAnswer,
): GuardResult {
  // Looked up only where there can be one: a claim that proceeds costs no more than it must.
  const isRefused = answer.kind === "released" || answer.kind === "contradicted";
  const isInQuestion = claim?.status === "IN_RECONCILIATION" || isRefused;
  if (claim === undefined || !isInQuestion) return { answer, claim, incident: null };
  const isLate = isRefused || isQuestionedByLateWord(claim);
  const subject = isLate ? subjectOfLateSettlement(key) : subjectOfGuard(key);
  return { answer, claim, incident: rows.incidents.open(key.account, subject)?.id ?? null };
}

function carryOut(
  rows: Rows,
  before: GuardClaim | undefined,
  key: ClaimKey,
  events: readonly GuardEvent[],
  command: GuardCommand,
): GuardClaim | undefined {
  const at = command.now;
  let claim = before;
  for (const event of events) {
    const after = applyToGuard(rows, claim, key, [event], at);
    const incidents = incidentsOfGuard({
      ...{ after, event, command },
      open: (subject) => rows.incidents.open(key.account, subject),
      nextIncident: () => rows.incidents.next(),
    });
    applyToSymbol(rows, key.account, NO_SYMBOL, incidents, at);
    claim = after;
  }
  return claim;
}

/** An operator says how the action behind an incident ended, or that the incident is over. */
export function runGuardOperator(
  rows: Rows,
  incident: Incident,
  command: OperatorCommand,
): OperatorResult {
  const { by, reason, endClaimAs, position, now } = command;
  if (position !== undefined) return { kind: "not_a_position", incident };
  const [key] = incident.causes;
  const claim = key && rows.guards.get(key);
  // What is said of a late word does not end a later attempt, which has an incident of its own.
  const isWaiting =
    claim?.status === "IN_RECONCILIATION" &&
    (incident.kind !== "late_settlement" || isQuestionedByLateWord(claim));
  if (endClaimAs === null && isWaiting) return { kind: "claim_waits", incident };
  if (endClaimAs !== null && !isWaiting) return { kind: "no_claim", incident };
  const said = `${by}: ${reason}`;
  if (endClaimAs !== null && key !== undefined) {
    if (endClaimAs === "already_flat") return { kind: "other_end", incident };
    const found = { outcome: endClaimAs, result: null, evidence: said } as const;
    const word = { type: "weigh", provenance: "operator", ...found, now } as const;
    // It is said of the incident as it stands, a late word among the rest.
    const evidence = { ...word, fencing: claim?.fencing ?? null, isOfLateWord: true };
    // What is said of a late word is said of all that the incident has, a further one too.
    const isWeighed = incident.kind === "late_settlement" || isWordWeighed(rows, claim);
    const { events } = decideGuard(claim, evidence, isWeighed);
    carryOut(rows, claim, key, events, evidence);
  }
  // Its end may have resolved it; of a late word only the operator's own does.
  if (rows.incidents.get(incident.account, incident.id)?.resolution === null) {
    const verdict = { verdict: "by_operator", provenance: "operator", reason: said } as const;
    const resolved = { type: "incident_resolved", incident: incident.id, ...verdict } as const;
    applyToSymbol(rows, incident.account, incident.symbol, [resolved], now);
  }
  return {
    kind: "resolved",
    incident: rows.incidents.get(incident.account, incident.id) ?? incident,
  };
}
