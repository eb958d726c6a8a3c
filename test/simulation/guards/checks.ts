/**
 * What must hold in every world of payments, judged by the provider's own list, by the store and by
 * what callers were told.
 */

import { evolveGuard } from "../../../src/claim/evolve-guard.ts";
import type { GuardClaim } from "../../../src/claim/guard-claim.ts";
import type { GuardEvent } from "../../../src/claim/guard-event.ts";
import { LatchError } from "../../../src/core/errors.ts";
import { subjectOfGuard, subjectOfLateSettlement } from "../../../src/incident/incident.ts";
import { chainedLog } from "../checkers/chained-log.ts";
import type { Violation } from "../checkers/violation.ts";
import { nameOf } from "../memory-rows.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import { NO_LATE_WORD } from "./caller.ts";
import type { GuardFacts, GuardWorldOutcome, SentFact, ToldFact } from "./facts.ts";
import type { Provider } from "./provider.ts";

/** After a commit: whatever nobody knows the end of has somebody to look at it. */
export function momentaryViolations({ rows }: SimulatedDisk): readonly Violation[] {
  return [...rows.guardsByName.values()]
    .filter((claim) => claim.status === "IN_RECONCILIATION" && !hasIncident(rows, claim))
    .map(({ key }) => ({ invariant: "liveness", what: `${key.requestId} has no incident` }));
}

function hasIncident({ incidents }: SimulatedDisk["rows"], { key }: GuardClaim): boolean {
  const subjects = [subjectOfGuard(key), subjectOfLateSettlement(key)];
  return subjects.some((subject) => incidents.open(key.account, subject) !== undefined);
}

/** What is told is so at that moment. */
export function toldViolations(
  { name, outcome, result, fencing, provenance }: ToldFact,
  { sent, wrongReleases }: GuardFacts,
  provider: Provider,
): readonly Violation[] {
  const standing = provider.standing(name);
  const wrong = (what: string): readonly Violation[] => [
    { invariant: "I4", what: `${name} was told ${outcome}, and ${what}` },
  ];
  // A person's word is taken, be it wrong.
  if (provenance === "operator") return [];
  if (outcome === "done") {
    if (standing.kind !== "done") return wrong("was not paid");
    const isReceipt = provider.payments.get(name)?.some(({ receipt }) => receipt === result);
    return isReceipt ? [] : wrong(`${result} is no receipt of it`);
  }
  // Of its own attempt that is so; another one's payment may be on its way.
  const isAnothers = sent.some((one) => one.name === name && one.fencing !== fencing);
  const isNot = standing.kind === "absent" || standing.kind === "rejected";
  const isBelieved = wrongReleases.some((one) => one.name === name && one.fencing === fencing);
  return isNot || isAnothers || isBelieved ? [] : wrong(`the provider says ${standing.kind}`);
}

export function checkGuardWorld(outcome: GuardWorldOutcome): readonly Violation[] {
  const checks = [
    ...[paidOnce, toldOfBoth, begunOnce, oneAtATime, lateWordsHeard, keptAsTold],
    ...[lateWordsAnswered, atRest, folded, onlyStoreErrors],
  ];
  const { disk, facts } = outcome;
  return [
    ...facts.momentary,
    ...checks.flatMap((check) => check(outcome)),
    ...chainedLog({ disk }),
  ];
}

/**
 * Twice only where somebody who could not know has released an attempt that acted all the same, or
 * where an owner that pays by hand has heard behind its lease that it may, and did not look at that.
 */
function paidOnce({ provider, facts }: GuardWorldOutcome): readonly Violation[] {
  return [...provider.payments]
    .filter(([name, payments]) => {
      const attempts = payments.map(({ fencing }) => fencing).sort((a, b) => a - b);
      const isTwice = new Set(attempts).size < attempts.length;
      return isTwice || attempts.slice(0, -1).some((fencing) => !isExcused(facts, name, fencing));
    })
    .map(([name, { length }]) => ({ invariant: "I1", what: `${name} was paid ${length} times` }));
}

function isExcused(
  { wrongReleases, attempts }: GuardFacts,
  name: string,
  fencing: number,
): boolean {
  const isOwn = (one: SentFact) => one.name === name && one.fencing === fencing;
  const isHeardLate = attempts.some((one) => isOwn(one) && one.isHeardLate);
  return isHeardLate || wrongReleases.some((one) => isOwn(one) && one.isExcused);
}

/** Where the ledger has heard of two attempts that they were done, somebody is told. */
function toldOfBoth({ provider, facts, disk }: GuardWorldOutcome): readonly Violation[] {
  return [...provider.payments]
    .filter(([name, payments]) => {
      const done = facts.saidDone.filter((one) => one.name === name);
      const isOfTwo = new Set(done.map(({ fencing }) => fencing)).size > 1;
      return payments.length > 1 && isOfTwo && !isToldOf(disk, name);
    })
    .map(([name]) => ({
      invariant: "I1",
      what: `${name} was paid twice, the ledger has heard of both, and nobody was told`,
    }));
}

function isToldOf({ rows }: SimulatedDisk, name: string): boolean {
  const claim = [...rows.guardsByName.values()].find(({ key }) => key.requestId === name);
  const subject = claim && subjectOfLateSettlement(claim.key);
  return [...rows.incidentsById.values()].some((incident) => incident.subject === subject);
}

/** A guard runs one attempt at an action at a time, whoever has released the one before. */
function oneAtATime({ facts: { beside } }: GuardWorldOutcome): readonly Violation[] {
  return beside.map(({ name, fencing }) => ({
    invariant: "I3",
    what: `${name}: attempt ${fencing} began in a process where another one was at work`,
  }));
}

/** Of each attempt one at most is told to proceed. */
function begunOnce({ facts: { sent } }: GuardWorldOutcome): readonly Violation[] {
  const isSecond = ({ name, fencing }: (typeof sent)[number], index: number) =>
    sent.findIndex((one) => one.name === name && one.fencing === fencing) < index;
  return sent
    .filter(isSecond)
    .map(({ name, fencing }) => ({ invariant: "I3", what: `${name}: attempt ${fencing} twice` }));
}

/** Whoever held an attempt has spoken late: nobody goes on before that was looked into. */
function lateWordsHeard({ disk }: GuardWorldOutcome): readonly Violation[] {
  const waiting = new Set<string>();
  const ignored: string[] = [];
  const questions = new Map<number, string>();
  for (const event of disk.rows.events) {
    const { body } = event;
    if (body.type === "incident_opened" && body.kind === "late_settlement") {
      for (const { requestId } of body.causes) questions.set(body.incident, requestId);
    }
    // A person has looked into it.
    if (body.type === "incident_resolved") waiting.delete(questions.get(body.incident) ?? "");
    if (event.subject !== "guard") continue;
    const { requestId } = event.key;
    const { type } = event.body;
    if (type === "settlement_refused") waiting.add(requestId);
    if (type === "settlement_surfaced" || type === "guard_settled") waiting.delete(requestId);
    if (type === "guard_reopened" && waiting.has(requestId)) ignored.push(requestId);
  }
  return ignored.map((name) => ({
    invariant: "I4",
    what: `${name} was begun again although the owner of an earlier attempt had spoken`,
  }));
}

/**
 * What a late word has put in question is answered neither by whoever knows the last attempt alone
 * nor by whoever has looked before it.
 */
function lateWordsAnswered({ disk }: GuardWorldOutcome): readonly Violation[] {
  const attempts = new Map<string, number>();
  const inQuestion = new Set<string>();
  return disk.rows.events.flatMap((event): readonly Violation[] => {
    if (event.subject !== "guard") return [];
    const { body, key } = event;
    const { requestId: name } = key;
    if ("tokenHash" in body) attempts.set(name, (attempts.get(name) ?? 0) + 1);
    if (body.type === "settlement_surfaced") inQuestion.add(name);
    if (body.type !== "guard_released" && body.type !== "guard_settled") return [];
    const isQuestioned = inQuestion.delete(name);
    if (!isQuestioned || body.type !== "guard_released") return [];
    const isOfLast = body.provenance === "owner" && (attempts.get(name) ?? 0) > 1;
    if (!isOfLast && !body.evidence.endsWith(NO_LATE_WORD)) return [];
    const what = `${name} was free again by ${body.provenance}, over a late word: ${body.evidence}`;
    return [{ invariant: "I4", what }];
  });
}

/** What somebody was told is on record in the end, whatever was lost in between. */
function keptAsTold({ facts, disk }: GuardWorldOutcome): readonly Violation[] {
  const outcomes = new Map(
    claimsOf(disk).map(({ key, outcome }) => [key.requestId as string, outcome]),
  );
  return facts.told
    .filter(({ name, outcome }) => outcome !== "absent" && outcomes.get(name) !== outcome)
    .map(({ name, outcome }) => ({
      invariant: "I2",
      what: `${name} was told ${outcome}, and is on record as ${outcomes.get(name)}`,
    }));
}

/** With a verifier everything is found out; without one nobody is at it any more. */
export function restless({ plan, disk, waiting }: GuardWorldOutcome): readonly string[] {
  const unsettled = claimsOf(disk).filter(({ status }) =>
    plan.hasVerifier ? status !== "SETTLED" : status === "OPEN",
  );
  return [
    ...unsettled.map(({ key, status }) => `${key.requestId} is ${status}`),
    ...waiting.map((call) => `${call} has not ended`),
  ];
}

function atRest(outcome: GuardWorldOutcome): readonly Violation[] {
  return restless(outcome).map((what) => ({ invariant: "liveness", what }));
}

/** The rows are what their events come to. */
function folded({ disk }: GuardWorldOutcome): readonly Violation[] {
  const claims = new Map<string, GuardClaim>();
  for (const { subject, body, at, ...event } of disk.rows.events) {
    if (subject !== "guard" || !("key" in event)) continue;
    const name = nameOf(event.key);
    claims.set(name, evolveGuard(claims.get(name), event.key, body as GuardEvent, at));
  }
  return claimsOf(disk)
    .filter((claim) => JSON.stringify(claim) !== JSON.stringify(claims.get(nameOf(claim.key))))
    .map(({ key }) => ({ invariant: "I10", what: `${key.requestId} is not what its events say` }));
}

function onlyStoreErrors({ facts }: GuardWorldOutcome): readonly Violation[] {
  return facts.failures
    .filter((error) => !(error instanceof LatchError && error.code.startsWith("store_")))
    .map((error) => ({
      invariant: "errors",
      what: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }));
}

function claimsOf({ rows }: SimulatedDisk): readonly GuardClaim[] {
  return [...rows.guardsByName.values()];
}
