/**
 * Operations about incidents inside an open transaction: load, decide, apply. Decisions are taken
 * in claim/; this carries them out.
 */
import { isFlat } from "../book/book.ts";
import type { Claim } from "../claim/claim.ts";
import type { BookEvent, ClaimEvent } from "../claim/claim-event.ts";
import { type AdoptedPosition, decideAdoption } from "../claim/decide-adoption.ts";
import { type DivergenceCommand, decideDivergence } from "../claim/decide-divergence.ts";
import { sealEvents } from "../claim/decide-order.ts";
import type { RecordCommand } from "../claim/decide-record.ts";
import {
  decideVerdict,
  holdsExit,
  type Verdict,
  type VerdictCommand,
  withoutExit,
} from "../claim/decide-verdict.ts";
import { foldClaim } from "../claim/evolve.ts";
import { incidentsOfClaim, waitsForWord } from "../claim/incidents-of-claim.ts";
import type { EpochMs } from "../core/clock.ts";
import { InvariantError } from "../core/errors.ts";
import { type AccountId, type ClaimKey, GUARD_ACCOUNT } from "../core/ids.ts";
import { mayMove, tradedSymbols } from "../identity/combo.ts";
import {
  type Incident,
  type IncidentEvidence,
  type Resolution,
  subjectOfClaim,
  subjectOfPosition,
} from "../incident/incident.ts";
import { CLOSED, isToBeClosed } from "../incident/to-be-closed.ts";
import { applyToClaim, applyToSymbol } from "./apply-events.ts";
import { tieFamilyOf } from "./family-transaction.ts";
import { runGuardOperator } from "./guard-transaction.ts";
import type {
  EvidenceNote,
  IncidentReport,
  Judgement,
  OperatorCommand,
  OperatorResult,
  OrderEnd,
} from "./ledger.ts";
import type { Rows } from "./rows.ts";

type Overdue = Extract<RecordCommand, { readonly type: "overdue" }>;

/** The incidents that a claim's change brings about, in the transaction of that change. */
export function applyIncidents(
  rows: Rows,
  before: Claim,
  after: Claim,
  overdue: Pick<Overdue, "isMissing" | "unreadBecause"> | undefined,
  at: EpochMs,
): void {
  const { account } = after.key;
  const { symbol } = after.intent;
  const events = incidentsOfClaim({
    before,
    after,
    isHeld: !isFlat(rows.book(account, symbol)),
    isOverdue: overdue !== undefined,
    isMissing: overdue?.isMissing === true,
    unreadBecause: overdue?.unreadBecause,
    open: rows.incidents.open(account, subjectOfClaim(after.key)),
    nextIncident: () => rows.incidents.next(),
    causes: () => causesOf(rows, after),
  });
  applyToSymbol(rows, account, symbol, events, at);
  // Of a combo one contract may have moved where no whole combo has.
  if (before.bookedQuantity === after.bookedQuantity && before.legs === after.legs) return;
  for (const traded of tradedSymbols(after.intent)) endOfHeld(rows, account, traded, at);
}

/** Events by which a book may come to hold nothing. */
function applyToBook(
  rows: Rows,
  account: AccountId,
  symbol: string,
  events: readonly BookEvent[],
  at: EpochMs,
): void {
  applyToSymbol(rows, account, symbol, events, at);
  if (events.some(({ type }) => type === "position_adjusted")) {
    endOfHeld(rows, account, symbol, at);
  }
}

/**
 * Once nothing is held there is nothing left to close, whatever has closed it: what is bought next
 * is another position. Whether the broker agrees, the comparison finds out.
 */
function endOfHeld(rows: Rows, account: AccountId, symbol: string, at: EpochMs): void {
  if (!isFlat(rows.book(account, symbol))) return;
  const text = `nothing of ${symbol} is held any more`;
  const end = { verdict: "already_flat", provenance: "venue", reason: text } as const;
  const events = rows.incidents.openIn(account, symbol).flatMap((open): readonly BookEvent[] => {
    const incident = open.id;
    if (open.kind === "lost_exit") return [{ type: "incident_resolved", incident, ...end }];
    if (!isToBeClosed(open)) return [];
    return [{ type: "incident_evidence", incident, text, next: CLOSED }];
  });
  applyToSymbol(rows, account, symbol, events, at);
}

/** The claims of its episode, itself at the end. */
function causesOf(rows: Rows, { key, intent, episode }: Claim): readonly ClaimKey[] {
  const others = rows.incidents
    .causes(key.account, intent.symbol, episode)
    .filter(({ agent, requestId }) => agent !== key.agent || requestId !== key.requestId);
  return [...others, key];
}

export function runJudge(rows: Rows, key: ClaimKey, command: VerdictCommand): Judgement {
  const claim = rows.claim(key);
  if (claim === undefined) throw new InvariantError(`no claim ${key.requestId} to judge`);
  const { symbol } = claim.intent;
  const snapshot = {
    book: rows.book(key.account, symbol),
    claims: unsettledIn(rows, key.account, symbol),
    hasMoved: (after: number) => rows.hasMoved(key.account, symbol, after),
  };
  const verdict = decideVerdict(claim, snapshot, command);
  if (verdict === undefined) return { claim, verdict: null };
  const ended: ClaimEvent[] = [verdict.event];
  const sealed = sealEvents(foldClaim(claim, ended, command.now), null);
  const after = applyToClaim(rows, claim, key, symbol, [...ended, ...sealed], command.now);
  const open = rows.incidents.open(key.account, subjectOfClaim(key));
  applyToBook(rows, key.account, symbol, conclusion(open, key, verdict), command.now);
  return { claim: after, verdict };
}

function unsettledIn(rows: Rows, account: AccountId, symbol: string): readonly Claim[] {
  return rows.unsettledClaims(account).filter(({ intent }) => mayMove(intent, symbol));
}

function conclusion(
  open: Incident | undefined,
  cause: ClaimKey,
  { kind, adjustment, provenance, reason }: Verdict,
): readonly BookEvent[] {
  const incident = open?.id ?? 0;
  const adjusted: readonly BookEvent[] =
    adjustment === null ? [] : [{ type: "position_adjusted", ...adjustment, incident, cause }];
  if (open === undefined) return adjusted;
  return [...adjusted, { type: "incident_resolved", incident, verdict: kind, provenance, reason }];
}

export function runCompare(
  rows: Rows,
  account: AccountId,
  symbol: string,
  command: DivergenceCommand,
): Incident | undefined {
  const book = rows.book(account, symbol);
  const subject = subjectOfPosition(symbol);
  const open = rows.incidents.open(account, subject);
  const nextIncident = rows.incidents.next();
  const claims = unsettledIn(rows, account, symbol);
  const hasMoved = (after: number) => rows.hasMoved(account, symbol, after);
  const causes = rows.incidents.causes(account, symbol, book.episode);
  const snapshot = { book, claims, hasMoved, open, nextIncident, causes };
  const events = decideDivergence(snapshot, command);
  applyToBook(rows, account, symbol, events, command.now);
  return events.length === 0 ? undefined : rows.incidents.get(account, open?.id ?? nextIncident);
}

/** Adds evidence, unless it says what was said last. */
export function runEvidence(
  rows: Rows,
  account: AccountId,
  subject: string,
  { text, next }: EvidenceNote,
  at: EpochMs,
): void {
  const open = rows.incidents.open(account, subject);
  const last: IncidentEvidence | undefined = open?.evidence.at(-1);
  if (open === undefined || last?.text === text) return;
  const event = { type: "incident_evidence", incident: open.id, text, next } as const;
  applyToSymbol(rows, account, open.symbol, [event], at);
}

export function runBeginning(
  rows: Rows,
  account: AccountId,
  symbol: string,
  report: IncidentReport,
  at: EpochMs,
): void {
  if (rows.incidents.open(account, report.subject) !== undefined) return;
  const incident = rows.incidents.next();
  const event: BookEvent = { type: "incident_opened", incident, ...report, causes: [] };
  applyToSymbol(rows, account, symbol, [event], at);
}

export function runEnd(
  rows: Rows,
  account: AccountId,
  subject: string,
  end: Omit<Resolution, "at">,
  at: EpochMs,
): void {
  const open = rows.incidents.open(account, subject);
  if (open === undefined) return;
  const event: BookEvent = { type: "incident_resolved", incident: open.id, ...end };
  applyToSymbol(rows, account, open.symbol, [event], at);
}

export function runOperator(
  rows: Rows,
  account: AccountId,
  id: number,
  command: OperatorCommand,
): OperatorResult {
  const incident = rows.incidents.get(account, id);
  if (incident === undefined) return { kind: "unknown" };
  if (incident.resolution !== null) return { kind: "over", incident };
  if (incident.version !== command.version) return { kind: "stale", incident };
  if (account === GUARD_ACCOUNT) return runGuardOperator(rows, incident, command);
  const { position } = command;
  if (position !== undefined) return adoptByOperator(rows, incident, position, command);
  const claim = claimBehind(rows, incident);
  const { endClaimAs } = command;
  // Of an order the broker says that it was done.
  if (endClaimAs === "done") return { kind: "other_end", incident };
  if (endClaimAs === null && claim !== undefined) return { kind: "claim_waits", incident };
  if (endClaimAs !== null && claim === undefined) return { kind: "no_claim", incident };
  // An entry takes no shares out of the book.
  if (endClaimAs === "already_flat" && claim?.intent.effect === "open") {
    return { kind: "other_end", incident };
  }
  if (endClaimAs !== null && claim !== undefined) {
    const net = command.brokerNet;
    const isFlat = endClaimAs === "already_flat" && net !== undefined;
    if (isFlat && holdsExit(claim, rows.book(account, incident.symbol), net)) {
      return { kind: "exit_still_held", incident, net };
    }
    endByOperator(rows, claim, { ...command, endClaimAs }, id);
  }
  const reason = `${command.by}: ${command.reason}`;
  const verdict = { verdict: "by_operator", provenance: "operator", reason } as const;
  const resolved: BookEvent = { type: "incident_resolved", incident: id, ...verdict };
  applyToSymbol(rows, account, incident.symbol, [resolved], command.now);
  return { kind: "resolved", incident: rows.incidents.get(account, id) ?? incident };
}

/** The book takes over what the broker holds, because a person said so. */
function adoptByOperator(
  rows: Rows,
  incident: Incident,
  position: AdoptedPosition,
  { by, reason, now }: OperatorCommand,
): OperatorResult {
  const { account, symbol, id } = incident;
  const claims = unsettledIn(rows, account, symbol);
  const book = rows.book(account, symbol);
  const decision = decideAdoption(incident, book, claims, position, `${by}: ${reason}`);
  if (decision.kind !== "adopted") return { kind: decision.kind, incident };
  applyToBook(rows, account, symbol, decision.events, now);
  return { kind: "resolved", incident: rows.incidents.get(account, id) ?? incident };
}

/** The claim's end as the operator found it; an exit whose shares are gone takes them with it. */
function endByOperator(
  rows: Rows,
  claim: Claim,
  { by, reason, endClaimAs, now }: OperatorCommand & { readonly endClaimAs: OrderEnd },
  incident: number,
): void {
  const { account } = claim.key;
  const { symbol } = claim.intent;
  const book = rows.book(account, symbol);
  const ended: ClaimEvent = { type: "operator_ended", outcome: endClaimAs, by, reason };
  // What of a missing order was filled is in the book; nobody will show more of it.
  const after = applyToClaim(rows, claim, claim.key, symbol, [ended, { type: "sealed" }], now);
  tieFamilyOf(rows, after, now);
  if (endClaimAs !== "already_flat") return;
  const { averagePrice } = book;
  const net = withoutExit(claim, book);
  const adjusted = { type: "position_adjusted", net, averagePrice, incident } as const;
  applyToBook(rows, account, symbol, [{ ...adjusted, cause: claim.key }], now);
}

/** The claim that the incident is about, while its end is open. */
function claimBehind(rows: Rows, { kind, subject, causes }: Incident): Claim | undefined {
  const key = causes.find((cause) => subjectOfClaim(cause) === subject);
  const claim = key && rows.claim(key);
  return claim && waitsForWord(claim, kind) ? claim : undefined;
}
