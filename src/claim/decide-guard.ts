/**
 * What is decided of a guard's claim: `decide(state, command) → events`. Pure.
 *
 * 1. Of all callers one is told to proceed, and the next one only after a release (I1, I3).
 * 2. A lease that is over puts the claim in question; time alone neither settles nor reopens (I4).
 * 3. While an attempt runs, only its own token releases it; a verifier's "absent" has to wait.
 * 4. Who held an attempt that was released may have acted after all: its word is refused, also that
 *    it does not know, and the claim is in question again: at once, or as soon as another attempt
 *    that is not over ends absent.
 * 5. The first word about an attempt stays; one of its owner that says otherwise is put on record.
 * 6. What was read of one attempt says nothing of a later one, however late it is put on record;
 *    that it was done is on record, and keeps a third one from beginning. Nor does an absence
 *    answer a late word that was, or may have been, found before it.
 */
import type { EpochMs } from "../core/clock.ts";
import type { OwnerId } from "../core/ids.ts";
import type {
  GuardAction,
  GuardDifference,
  GuardOutcome,
  GuardProvenance,
  JsonValue,
  LateWord,
  PayloadFingerprint,
} from "./guard-action.ts";
import type { GuardClaim } from "./guard-claim.ts";
import type { GuardEvent } from "./guard-event.ts";
import { guardDifference } from "./guard-terms.ts";

interface Timed {
  readonly now: EpochMs;
}

export interface GuardClaimCommand extends Timed, GuardAction {
  readonly type: "claim";
  readonly payload: PayloadFingerprint | null;
  readonly owner: OwnerId;
  readonly tokenHash: string;
  readonly leaseMs: number;
}

/** What a caller shows: the hash of its token, or null where it has shown none. */
interface Shown {
  readonly tokenHash: string | null;
  readonly isTokenRequired: boolean;
}

export interface GuardSettleCommand extends Timed, Shown {
  readonly type: "settle";
  readonly outcome: Exclude<GuardOutcome, "absent">;
  readonly result: JsonValue;
  /** Why what came of it cannot be kept; then the result is null. */
  readonly resultProblem?: string | undefined;
}

/** Which attempt something was read of; a claim that was opened again since is at another one. */
interface OfAttempt {
  /** Its fencing number; null where whoever says so did not: then the one that stands is meant. */
  readonly fencing: number | null;
  /** Whether a late word had put the claim in question by then; what does not say so had not. */
  readonly isOfLateWord?: boolean | undefined;
}

export interface GuardReleaseCommand extends Timed, Shown, OfAttempt {
  readonly type: "release";
  readonly evidence: string;
}

export interface GuardDoubtCommand extends Timed {
  readonly type: "doubt";
  readonly reason: string;
  readonly tokenHash: string;
}

/** What somebody who is not its owner has found out. */
export interface GuardEvidenceCommand extends Timed, OfAttempt {
  readonly type: "weigh";
  readonly provenance: Extract<GuardProvenance, "verifier" | "operator">;
  readonly outcome: GuardOutcome;
  readonly result: JsonValue;
  readonly resultProblem?: string | undefined;
  readonly evidence: string;
}

/** Time has passed. */
export interface GuardLapseCommand extends Timed {
  readonly type: "lapse";
}

export type GuardCommand =
  | GuardClaimCommand
  | GuardSettleCommand
  | GuardReleaseCommand
  | GuardDoubtCommand
  | GuardEvidenceCommand
  | GuardLapseCommand;

export type GuardAnswer =
  | { readonly kind: "proceed"; readonly isReopened: boolean }
  | { readonly kind: "pending" }
  | { readonly kind: "unresolved" }
  /** `isRepeat`: it was over before this call. */
  | { readonly kind: "settled"; readonly isRepeat: boolean }
  /** It was settled before, and not as this call says: an incident has both words. */
  | { readonly kind: "contradicted" }
  | { readonly kind: "mismatch"; readonly difference: GuardDifference }
  | { readonly kind: "not_owner"; readonly problem: "missing" | "wrong" }
  /** By this call or before it: the attempt counts as absent. */
  | { readonly kind: "released"; readonly isRepeat: boolean }
  /** Its owner's lease runs. */
  | { readonly kind: "live" }
  /** It was opened again since, and is not over: what was said is about an attempt before. */
  | { readonly kind: "other_attempt" }
  /** There is no such claim. */
  | { readonly kind: "unknown" };

export interface GuardVerdict {
  readonly events: readonly GuardEvent[];
  readonly answer: GuardAnswer;
}

/**
 * What `command` does to `claim`; undefined: there is none yet. `isWordWeighed`: a person has ended
 * the incident of the late word that waits.
 */
export function decideGuard(
  claim: GuardClaim | undefined,
  command: GuardCommand,
  isWordWeighed = false,
): GuardVerdict {
  if (command.type === "claim") return decideClaim(claim, command);
  if (claim === undefined) return unchanged({ kind: "unknown" });
  switch (command.type) {
    case "settle":
      return decideSettle(claim, command);
    case "release":
      return decideRelease(claim, command, isWordWeighed);
    case "doubt":
      return decideDoubt(claim, command);
    case "weigh":
      return decideEvidence(claim, command, isWordWeighed);
    case "lapse":
      return lapsed(claim, command.now) ?? unchanged(standing(claim));
  }
}

function decideClaim(claim: GuardClaim | undefined, command: GuardClaimCommand): GuardVerdict {
  const { type: _, now, leaseMs, owner, tokenHash, ...said } = command;
  const attempt = { owner, tokenHash, leaseUntil: now + leaseMs };
  if (claim === undefined) {
    const event: GuardEvent = { type: "guard_claimed", ...said, ...attempt };
    return { events: [event], answer: { kind: "proceed", isReopened: false } };
  }
  const difference = guardDifference(claim, said);
  if (difference !== undefined) return unchanged({ kind: "mismatch", difference });
  if (claim.outcome === "absent") {
    const event: GuardEvent = { type: "guard_reopened", ...attempt };
    return { events: [event], answer: { kind: "proceed", isReopened: true } };
  }
  return lapsed(claim, now) ?? unchanged(standing(claim));
}

/** What a claim tells whoever changes nothing. */
function standing(claim: GuardClaim): GuardAnswer {
  if (claim.status === "SETTLED") return { kind: "settled", isRepeat: true };
  return { kind: claim.status === "OPEN" ? "pending" : "unresolved" };
}

/** Its owner has said nothing until its lease was over. */
function lapsed(claim: GuardClaim, now: EpochMs): GuardVerdict | undefined {
  if (!isLeaseOver(claim, now)) return undefined;
  const until = new Date(claim.leaseUntil).toISOString();
  const reason = `its owner has said nothing of it until its lease was over at ${until}`;
  return { events: [{ type: "guard_doubted", reason }], answer: { kind: "unresolved" } };
}

export function isLeaseOver({ status, leaseUntil }: GuardClaim, now: EpochMs): boolean {
  return status === "OPEN" && now >= leaseUntil;
}

function decideSettle(claim: GuardClaim, command: GuardSettleCommand): GuardVerdict {
  const problem = problemOf(claim, command);
  if (problem !== undefined) return unchanged({ kind: "not_owner", problem });
  if (isLate(claim, command.tokenHash)) return late(claim, command.outcome);
  const { outcome, result, resultProblem = null } = command;
  if (claim.outcome === outcome) return unchanged(standing(claim));
  if (claim.outcome !== null) {
    const refused = { type: "settlement_refused", outcome, onRecord: claim.outcome } as const;
    return { events: [refused], answer: { kind: "contradicted" } };
  }
  const said = { outcome, result, resultProblem, provenance: "owner", evidence: null } as const;
  return settledBy({ type: "guard_settled", ...said });
}

/**
 * Whether it comes after the attempt's release. What was found out since of the only attempt there
 * ever was is about that one: its owner's word is compared with it, and is of no second one.
 */
function isLate(claim: GuardClaim, tokenHash: string | null): boolean {
  const isEnded = claim.outcome !== null && claim.outcome !== "absent";
  return isReleased(claim, tokenHash) && !(claim.fencing === 1 && isEnded);
}

/** The word of whoever held an attempt that was released. */
function late(claim: GuardClaim, outcome: LateWord): GuardVerdict {
  const isQuestioned = isQuestionedByLateWord(claim);
  // Another word of the same kind says nothing new.
  const isKnown = isQuestioned && (outcome === "unknown" || claim.isLateWordUnknown !== true);
  const isNobodyAtIt = claim.outcome === "absent" || isQuestioned;
  const answer: GuardAnswer = { kind: "released", isRepeat: isKnown };
  if (isKnown) return unchanged(answer);
  if (isNobodyAtIt) return { events: [{ type: "settlement_surfaced", outcome }], answer };
  const waits = claim.outcome === null && ({ waits: true } as const);
  return { events: [{ type: "settlement_refused", outcome, ...waits }], answer };
}

/** In question by a late word, and not by its own attempt's end. */
export function isQuestionedByLateWord(claim: GuardClaim): boolean {
  return claim.status === "IN_RECONCILIATION" && isReleased(claim, claim.tokenHash);
}

/** The token is asked for while its owner may be at it: one that vanished has taken it along. */
function decideRelease(
  claim: GuardClaim,
  command: GuardReleaseCommand,
  isWordWeighed: boolean,
): GuardVerdict {
  const { evidence, tokenHash, now } = command;
  const isRunning = claim.status === "OPEN" && !isLeaseOver(claim, now);
  const isTokenRequired = command.isTokenRequired && isRunning;
  const problem = problemOf(claim, { tokenHash, isTokenRequired });
  if (problem !== undefined) return unchanged({ kind: "not_owner", problem });
  if (claim.outcome === "absent") return unchanged({ kind: "released", isRepeat: true });
  if (claim.status === "SETTLED") return unchanged(standing(claim));
  if (!isAbout(claim, command)) return unchanged({ kind: "other_attempt" });
  const isOwner = tokenHash === claim.tokenHash;
  if (!isOwner && tokenHash !== null) return unchanged({ kind: "not_owner", problem: "wrong" });
  if (isRunning && !isOwner) return unchanged({ kind: "live" });
  if (isBeforeLateWord(claim, command)) {
    // The owner's once more, whose answer was lost: that says nothing of what another attempt did.
    if (!isOwner) return unchanged(standing(claim));
    if (claim.fencing > 1) return unchanged({ kind: "released", isRepeat: true });
  }
  return released(claim, { provenance: isOwner ? "owner" : "caller", evidence }, isWordWeighed);
}

/** The attempt that stands ends absent; of an earlier one somebody may have spoken meanwhile. */
function released(
  { waitingWord }: GuardClaim,
  said: Pick<GuardReleased, "provenance" | "evidence">,
  isWordWeighed: boolean,
): GuardVerdict {
  const event: GuardEvent = { type: "guard_released", ...said };
  const word: readonly GuardEvent[] =
    waitingWord === undefined || isWordWeighed
      ? []
      : [{ type: "settlement_surfaced", outcome: waitingWord }];
  return { events: [event, ...word], answer: { kind: "released", isRepeat: false } };
}

type GuardReleased = Extract<GuardEvent, { type: "guard_released" }>;

function decideDoubt(claim: GuardClaim, { tokenHash, reason }: GuardDoubtCommand): GuardVerdict {
  if (isLate(claim, tokenHash)) return late(claim, "unknown");
  if (tokenHash !== claim.tokenHash) return unchanged({ kind: "not_owner", problem: "wrong" });
  if (claim.status !== "OPEN") return unchanged(standing(claim));
  return { events: [{ type: "guard_doubted", reason }], answer: { kind: "unresolved" } };
}

function decideEvidence(
  claim: GuardClaim,
  command: GuardEvidenceCommand,
  isWordWeighed: boolean,
): GuardVerdict {
  const { outcome, provenance, evidence, result, resultProblem = null, now } = command;
  const said = { result, resultProblem, provenance, evidence };
  if (claim.outcome === "absent" && outcome === "done") {
    // Of whichever attempt: nobody may proceed as if none of them had acted.
    const surfaced = { type: "settlement_surfaced", outcome, provenance } as const;
    return settledBy(surfaced, { type: "guard_settled", outcome, ...said });
  }
  if (claim.status === "SETTLED") return readOfSettled(claim, command);
  if (!isAbout(claim, command)) return readOfOther(claim, command);
  if (outcome !== "absent") return settledBy({ type: "guard_settled", outcome, ...said });
  if (claim.status === "OPEN" && !isLeaseOver(claim, now)) return unchanged({ kind: "live" });
  if (isBeforeLateWord(claim, command)) return unchanged(standing(claim));
  return released(claim, { provenance, evidence }, isWordWeighed);
}

/** What is on record stays; who reads another end, or of another attempt, has a person look. */
function readOfSettled(claim: GuardClaim, command: GuardEvidenceCommand): GuardVerdict {
  const { outcome } = command;
  const { outcome: onRecord } = claim;
  const isEnd = onRecord === "done" || onRecord === "rejected";
  if (isEnd && outcome === "done" && isBefore(claim, command)) {
    return { events: [{ type: "settlement_refused", outcome }], answer: standing(claim) };
  }
  const isOther = isEnd && outcome !== "absent" && outcome !== onRecord;
  if (!isOther || !isAbout(claim, command)) return unchanged(standing(claim));
  const events: readonly GuardEvent[] = [{ type: "settlement_refused", outcome, onRecord }];
  return { events, answer: standing(claim) };
}

/** That an attempt before was done counts as its owner's late word does: nobody may do it again. */
function readOfOther(claim: GuardClaim, command: GuardEvidenceCommand): GuardVerdict {
  const { outcome } = command;
  const isNews = isBefore(claim, command) && outcome === "done" && claim.waitingWord !== "done";
  const waiting = { type: "settlement_refused", outcome, waits: true } as const;
  return { events: isNews ? [waiting] : [], answer: { kind: "other_attempt" } };
}

/** Whether what is said may be older than the late word that has put the claim in question. */
function isBeforeLateWord(claim: GuardClaim, { isOfLateWord = false }: OfAttempt): boolean {
  return !isOfLateWord && isQuestionedByLateWord(claim);
}

/** Whether what is said is about the attempt that stands. */
function isAbout(claim: GuardClaim, { fencing }: OfAttempt): boolean {
  return fencing === null || fencing === claim.fencing;
}

/** Whether what is said is about an attempt before that one: all of those were released. */
function isBefore(claim: GuardClaim, { fencing }: OfAttempt): boolean {
  return fencing !== null && fencing < claim.fencing;
}

function settledBy(...events: readonly GuardEvent[]): GuardVerdict {
  return { events, answer: { kind: "settled", isRepeat: false } };
}

/** Why what was shown does not do; undefined where it does. */
function problemOf(
  claim: GuardClaim,
  { tokenHash, isTokenRequired }: Shown,
): "missing" | "wrong" | undefined {
  if (tokenHash === null) return isTokenRequired ? "missing" : undefined;
  return tokenHash === claim.tokenHash || isReleased(claim, tokenHash) ? undefined : "wrong";
}

/**
 * Whether the attempt of that token was released; without one, the attempt that ran last. Where
 * tokens were forgotten, one that nobody knows may be of those: its word is not to be lost.
 */
function isReleased(claim: GuardClaim, tokenHash: string | null): boolean {
  const { releasedTokens, tokenHash: last, fencing } = claim;
  const token = tokenHash ?? last;
  if (releasedTokens.includes(token)) return true;
  const areSomeForgotten = fencing - 1 > releasedTokens.filter((one) => one !== last).length;
  return token !== last && areSomeForgotten;
}

function unchanged(answer: GuardAnswer): GuardVerdict {
  return { events: [], answer };
}
