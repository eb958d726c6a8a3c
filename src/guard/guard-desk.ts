/**
 * The guard over a ledger: every operation is one of the ledger's, and every answer one of the
 * port's. What it adds are tokens, callers that wait, and verifiers that are asked by themselves.
 */
import { setMaxListeners } from "node:events";
import type { Logger } from "pino";
import { NO_SYMBOL } from "../claim/claim-event.ts";
import {
  type GuardCommand,
  type GuardEvidenceCommand,
  isLeaseOver,
  isQuestionedByLateWord,
} from "../claim/decide-guard.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import { payloadFingerprint } from "../claim/guard-terms.ts";
import type { Clock } from "../core/clock.ts";
import { InvariantError, LatchError } from "../core/errors.ts";
import {
  type AgentId,
  type ClaimKey,
  GUARD_ACCOUNT,
  type OwnerId,
  type RequestId,
} from "../core/ids.ts";
import type { RandomSource } from "../core/random.ts";
import { sha256Hex } from "../identity/canonical-json.ts";
import type { GuardResult, Ledger } from "../ledger/ledger.ts";
import { ClaimList, type ListLedger } from "./claim-list.ts";
import { ActionRunner } from "./execute.ts";
import type {
  DoubtAnswer,
  DoubtInput,
  EvidenceAnswer,
  EvidenceInput,
  ExecuteAnswer,
  ExecuteInput,
  Guard,
  GuardClaimAnswer,
  GuardClaimInput,
  GuardClaimsPage,
  GuardClaimsQuery,
  GuardRecovery,
  GuardVerdict,
  GuardVerifier,
  ReleaseAnswer,
  ReleaseInput,
  SettleAnswer,
  SettleInput,
  WaitOptions,
} from "./guard.ts";
import {
  CLOSE_WAIT_MS,
  comparedJson,
  EVIDENCE_MAX,
  evidenceOf,
  guardJson,
  guardName,
  guardWait,
  kindOf,
  optionalBoolean,
  optionalFencing,
  optionalName,
  readJson,
  requireFields,
} from "./guard-input.ts";
import { tracedGuard } from "./traced-guard.ts";
import { UnderWay } from "./under-way.ts";
import { untilWritten } from "./until-written.ts";
import { isLate, isVerdict, Verifiers } from "./verifiers.ts";
import { Waiting } from "./waiting.ts";

export interface GuardParts {
  readonly ledger: Pick<Ledger, "guard" | "guardClaimsOf" | "note" | "unsettledGuardClaims"> &
    ListLedger;
  readonly clock: Clock;
  readonly random: Pick<RandomSource, "uuid">;
  readonly log: Logger;
  readonly owner: OwnerId;
  /** Whose claims are meant where a call does not say. */
  readonly agent: AgentId;
  /** After so long an owner that has said nothing counts as vanished. */
  readonly leaseMs: number;
  readonly verifiers?: Readonly<Record<string, GuardVerifier>> | undefined;
}

const KEY = { requestId: true, agent: true };
const SHOWN = { token: true, isTokenRequired: true };
const TERMS = { action: true, agentId: true, scope: true, payload: true };
const SETTLED = { ...KEY, ...SHOWN, outcome: true, result: true };
const OF_ATTEMPT = { fencing: true, isOfLateWord: true };
const RELEASED = { ...KEY, ...SHOWN, ...OF_ATTEMPT, evidence: true };
const DEFAULT_WAIT_MS = 8_000;
/** Of the actions that a close has left. */
const LEFT_SHOWN = 20;
/** So many claims are looked at between two turns. */
const PAGE = 200;

export class GuardDesk implements Guard {
  readonly #parts: GuardParts;
  /** A close was asked for: who waits is answered, and nothing new begins. */
  readonly #ending = new AbortController();
  /** What was under way then has ended, or took too long. */
  readonly #closing = new AbortController();
  readonly #underWay = new UnderWay();
  readonly #waiting: Waiting;
  readonly #verifiers: Verifiers;
  readonly #list: ClaimList;
  readonly #runner: ActionRunner;

  constructor(parts: GuardParts) {
    const { clock, ledger, verifiers = {} } = parts;
    this.#parts = parts;
    // As many sleep on them as wait for an owner, and as claims had their answer lost.
    setMaxListeners(0, this.#ending.signal, this.#closing.signal);
    this.#waiting = new Waiting(clock);
    this.#verifiers = new Verifiers(clock);
    this.#list = new ClaimList(ledger);
    this.#runner = new ActionRunner({
      ...{ guard: this, clock, doneBefore: (input) => this.#doneBefore(input) },
      ask: (verifier, claim) => this.#ask(verifier, claim, this.#closing.signal),
      weigh: (claim, verdict) => this.#weigh(claim.key, askedOf(claim), verdict),
    });
    for (const [action, verifier] of Object.entries(verifiers)) {
      this.#verifiers.register(action, verifier);
    }
  }

  async claim(input: GuardClaimInput): Promise<GuardClaimAnswer> {
    this.#underWay.requireOpen();
    requireFields(input, { ...KEY, ...TERMS });
    const { random, owner, leaseMs } = this.#parts;
    const key = this.#keyOf(input);
    const { payload } = input;
    const said = {
      action: guardName("action", input.action),
      agentId: optionalName("agentId", input.agentId),
      scope: optionalName("scope", input.scope),
      payload:
        payload === undefined
          ? null
          : payloadFingerprint(key.requestId, comparedJson("payload", payload)),
    };
    const token = random.uuid();
    const attempt = { owner, tokenHash: sha256Hex(token), leaseMs };
    const command = { type: "claim", ...said, ...attempt, now: this.#now() } as const;
    const result = await this.#guard(key, command).catch((error: unknown) => {
      if (isAnswerLost(error)) this.#takeBack(key, attempt.tokenHash);
      throw error;
    });
    const { answer, incident } = result;
    const claim = known(result);
    switch (answer.kind) {
      case "proceed":
        return { kind: "proceed", claim, token, isReopened: answer.isReopened };
      case "mismatch":
        this.#note(key, "BLOCKED", "fingerprint_mismatch");
        return { kind: "mismatch", claim, difference: answer.difference };
      case "unresolved":
        this.#note(key, "PENDING", null);
        return { kind: "unresolved", claim, incident };
      case "pending":
        this.#note(key, "PENDING", null);
        return { kind: "pending", claim };
      case "settled":
        this.#note(key, "SKIP", null);
        return { kind: "settled", claim };
      default:
        throw new InvariantError(`a claim was answered ${answer.kind}`);
    }
  }

  /**
   * A claim whose answer was lost may be on record, and nobody has its token: the action was not
   * begun, and the attempt would keep everybody away from it until a person ends it.
   */
  #takeBack(key: ClaimKey, tokenHash: string): void {
    const { clock, log } = this.#parts;
    const evidence = "the ledger's answer to the claim was lost, and nobody was told to proceed";
    const shown = { tokenHash, isTokenRequired: true, fencing: null } as const;
    const untilClosed = {
      now: () => clock.now(),
      sleep: (durationMs: number) => clock.sleep(durationMs, this.#closing.signal),
    };
    const release = () =>
      this.#guard(key, { type: "release", ...shown, evidence, now: this.#now() });
    untilWritten(untilClosed, release).catch((error: unknown) => {
      const { requestId, agent } = key;
      log.warn({ requestId, agent, err: error }, "a claim without an answer was not released");
    });
  }

  async settle(input: SettleInput): Promise<SettleAnswer> {
    requireFields(input, SETTLED);
    requireOutcome(input.outcome);
    return this.#settle(input, guardJson("result", input.result), undefined);
  }

  /** What was done has no result that can be kept; that it was done is kept all the same. */
  #doneBefore(input: SettleInput & { readonly problem: string }): Promise<SettleAnswer> {
    return this.#settle(input, null, input.problem);
  }

  async #settle(
    input: SettleInput,
    result: GuardClaim["result"],
    resultProblem: string | undefined,
  ): Promise<SettleAnswer> {
    const { outcome = "done" } = input;
    const said = { ...this.#shown(input), outcome, result, resultProblem };
    const settled = await this.#guard(this.#keyOf(input), { type: "settle", ...said });
    const { answer, incident } = settled;
    switch (answer.kind) {
      case "settled":
        return { kind: "settled", claim: known(settled), isRepeat: answer.isRepeat };
      case "contradicted":
      case "released":
        return { kind: answer.kind, claim: known(settled), incident };
      case "not_owner":
      case "unknown":
        return answer;
      default:
        throw new InvariantError(`a settlement was answered ${answer.kind}`);
    }
  }

  async release(input: ReleaseInput): Promise<ReleaseAnswer> {
    requireFields(input, RELEASED);
    const evidence = guardName("evidence", input.evidence, EVIDENCE_MAX);
    const said = { ...this.#shown(input), evidence, ...ofAttempt(input) };
    const released = await this.#guard(this.#keyOf(input), { type: "release", ...said });
    const { answer, incident } = released;
    switch (answer.kind) {
      case "released":
        return { kind: "released", claim: known(released), isRepeat: answer.isRepeat };
      case "settled":
      case "live":
      case "other_attempt":
        return { kind: answer.kind, claim: known(released) };
      case "unresolved":
        return { kind: "unresolved", claim: known(released), incident };
      case "not_owner":
      case "unknown":
        return answer;
      default:
        throw new InvariantError(`a release was answered ${answer.kind}`);
    }
  }

  async doubt(input: DoubtInput): Promise<DoubtAnswer> {
    requireFields(input, { ...KEY, token: true, reason: true });
    const reason = guardName("reason", input.reason, EVIDENCE_MAX);
    const tokenHash = sha256Hex(guardName("token", input.token));
    const said = { type: "doubt", reason, tokenHash, now: this.#now() } as const;
    const doubted = await this.#guard(this.#keyOf(input), said);
    const { answer, incident } = doubted;
    switch (answer.kind) {
      case "unresolved":
      case "released":
        return { kind: answer.kind, claim: known(doubted), incident };
      case "settled":
        return { kind: "settled", claim: known(doubted) };
      case "not_owner":
      case "unknown":
        return answer;
      default:
        throw new InvariantError(`a doubt was answered ${answer.kind}`);
    }
  }

  async resolve(input: EvidenceInput): Promise<EvidenceAnswer> {
    requireFields(input, { ...KEY, ...OF_ATTEMPT, verdict: true });
    const { verdict } = input;
    const key = this.#keyOf(input);
    if (!isVerdict(verdict)) {
      const message = `verdict is ${kindOf(verdict)}: expected done, rejected, absent or unknown`;
      throw new LatchError("invalid_guard_call", message);
    }
    return this.#weigh(key, ofAttempt(input), verdict);
  }

  /** What was found out about the attempt that was `asked` of, by now perhaps one of several. */
  async #weigh(key: ClaimKey, asked: Asked, verdict: GuardVerdict): Promise<EvidenceAnswer> {
    // A lease that is over says nothing of an owner that is seen to be at it.
    const isTooEarly = verdict.kind === "absent" && this.#runner.isRunning(key);
    if (verdict.kind === "unknown" || isTooEarly) {
      const [claim] = await this.#parts.ledger.guardClaimsOf([key]);
      return claim === undefined ? { kind: "unknown" } : { kind: "unresolved", claim };
    }
    const read = readJson(verdict.kind === "absent" ? null : verdict.result);
    const weighed = await this.#guard(key, {
      ...{ type: "weigh", provenance: "verifier", outcome: verdict.kind, now: this.#now() },
      ...asked,
      evidence: evidenceOf(verdict.evidence, `the verifier says: ${verdict.kind}`),
      ...(read.kind === "json"
        ? { result: read.value }
        : { result: null, resultProblem: read.problem }),
    });
    const { answer } = weighed;
    if (answer.kind === "unknown") return { kind: "unknown" };
    const claim = known(weighed);
    const isOpen = answer.kind === "live" || answer.kind === "unresolved";
    if (isOpen) return { kind: "unresolved", claim };
    if (answer.kind === "other_attempt") return { kind: "other_attempt", claim };
    const isOver = answer.kind === "settled" && answer.isRepeat;
    return { kind: isOver ? "over" : "resolved", claim };
  }

  async get(requestId: string, agent?: AgentId): Promise<GuardClaim | undefined> {
    const key = this.#keyOf({ requestId, agent });
    const [claim] = await this.#parts.ledger.guardClaimsOf([key]);
    return claim;
  }

  list(query: GuardClaimsQuery = {}): Promise<GuardClaimsPage> {
    return this.#list.page(query);
  }

  async wait(requestId: string, options: WaitOptions = {}): Promise<GuardClaim | undefined> {
    requireFields(options, { agent: true, waitMs: true, signal: true });
    const { agent, waitMs = DEFAULT_WAIT_MS, signal } = options;
    const key = this.#keyOf({ requestId, agent });
    const stops = [this.#ending.signal, ...(signal === undefined ? [] : [signal])];
    let last: GuardClaim | undefined;
    await this.#waiting.until(nameOf(key), guardWait(waitMs), stops, async () => {
      last = await this.#standing(key);
      return last?.status === "OPEN" ? undefined : true;
    });
    return last;
  }

  async execute<Result>(input: ExecuteInput<Result>): Promise<ExecuteAnswer<Result>> {
    this.#underWay.requireOpen();
    return this.#underWay.run(input.requestId, () => this.#runner.execute(input));
  }

  registerVerifier(action: string, verifier: GuardVerifier): void {
    this.#verifiers.register(guardName("action", action), verifier);
  }

  async recover(): Promise<GuardRecovery> {
    const resolved: GuardClaim[] = [];
    const unresolved: GuardClaim[] = [];
    /** Actions whose verifier takes too long: a start waits for it once, not for each claim. */
    const silent = new Set<string>();
    for (let after = 0; !this.#ending.signal.aborted; ) {
      const page = await this.#parts.ledger.unsettledGuardClaims(after, PAGE);
      for (const { claim } of page) {
        const now = await this.#lookAfter(claim, silent);
        if (now.status === "SETTLED") resolved.push(now);
        else if (now.status !== "OPEN") unresolved.push(now);
      }
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.id;
    }
    this.#verifiers.keepOnly(new Set(unresolved.map(({ key }) => nameOf(key))));
    return { resolved, unresolved };
  }

  /**
   * Answers those who wait, and resolves once what is under way has ended, or `waitMs` are over.
   */
  async close(waitMs = CLOSE_WAIT_MS): Promise<void> {
    this.#ending.abort();
    const left = await this.#underWay.close(this.#parts.clock, waitMs);
    this.#closing.abort();
    if (left.length === 0) return;
    const told = { actions: left.length, requestIds: left.slice(0, LEFT_SHOWN) };
    this.#parts.log.warn(told, "the guard was closed while actions were under way");
  }

  /** Put in question where its owner vanished, and asked of its verifier. */
  async #lookAfter(claim: GuardClaim, silent: Set<string>): Promise<GuardClaim> {
    const { key } = claim;
    const now = isLeaseOver(claim, this.#now()) ? ((await this.#standing(key)) ?? claim) : claim;
    if (now.status !== "IN_RECONCILIATION" || silent.has(now.action)) return now;
    const verifier = this.#verifiers.due(nameOf(key), now);
    if (verifier === undefined) return now;
    const verdict = await this.#ask(verifier, now, this.#ending.signal);
    if (verdict.kind === "unknown") this.#sayUnknown(now, verdict);
    if (isLate(verdict)) silent.add(now.action);
    const answer = await this.#weigh(key, askedOf(now), verdict);
    return answer.kind === "unknown" ? now : answer.claim;
  }

  /** What was not there while it was done here may have come right behind the look. */
  async #ask(
    verifier: GuardVerifier,
    claim: GuardClaim,
    closing: AbortSignal,
  ): Promise<GuardVerdict> {
    const isBegun = this.#runner.isRunning(claim.key);
    const verdict = await this.#verifiers.ask(verifier, claim, closing);
    const isTooEarly = verdict.kind === "absent" && isBegun;
    return isTooEarly ? { kind: "unknown", reason: "it was read while it was done here" } : verdict;
  }

  #sayUnknown(claim: GuardClaim, { reason }: GuardVerdict & { kind: "unknown" }): void {
    const { requestId, agent } = claim.key;
    const fields = { requestId, agent, action: claim.action, reason };
    this.#parts.log.warn(fields, "a verifier could not say what became of an action");
  }

  /** As it stands; whose lease is over is put in question by the look. */
  async #standing(key: ClaimKey): Promise<GuardClaim | undefined> {
    const [claim] = await this.#parts.ledger.guardClaimsOf([key]);
    const now = this.#now();
    if (claim === undefined || !isLeaseOver(claim, now)) return claim;
    return (await this.#guard(key, { type: "lapse", now })).claim;
  }

  async #guard(key: ClaimKey, command: GuardCommand): Promise<GuardResult> {
    const result = await tracedGuard(key, command, async () => {
      const answered = await this.#parts.ledger.guard(key, command);
      const { requestId, agent } = key;
      const fields = { requestId, agent, command: command.type, incident: answered.incident };
      // Within the span, so that the line has its trace.
      this.#parts.log.info({ ...fields, answer: answered.answer.kind }, "action answered");
      return answered;
    });
    if (result.claim?.status !== "OPEN") this.#waiting.wake(nameOf(key));
    return result;
  }

  #shown({ token, isTokenRequired = false }: Pick<SettleInput, "token" | "isTokenRequired">) {
    const tokenHash = token === undefined ? null : sha256Hex(guardName("token", token));
    return { tokenHash, isTokenRequired, now: this.#now() };
  }

  #note(key: ClaimKey, answer: "PENDING" | "SKIP" | "BLOCKED", code: string | null): void {
    const body = { type: "guard_answered", answer, code } as const;
    this.#parts.ledger.note({ subject: "guard", key, symbol: NO_SYMBOL, body }, this.#now());
  }

  #keyOf(input: { readonly requestId: string; readonly agent?: AgentId | undefined }): ClaimKey {
    const requestId = guardName("requestId", input.requestId) as RequestId;
    const { agent = this.#parts.agent } = input;
    return { account: GUARD_ACCOUNT, agent: guardName("agent", agent) as AgentId, requestId };
  }

  #now(): number {
    return this.#parts.clock.now();
  }
}

/** Of what a reading is. */
type Asked = Pick<GuardEvidenceCommand, "fencing" | "isOfLateWord">;

/** As whoever has looked says. */
function ofAttempt({ fencing, isOfLateWord }: Pick<ReleaseInput, keyof Asked>): Asked {
  return {
    fencing: optionalFencing(fencing),
    isOfLateWord: optionalBoolean("isOfLateWord", isOfLateWord),
  };
}

/** As the claim stood when it was asked for. */
function askedOf(claim: GuardClaim): Asked {
  return { fencing: claim.fencing, isOfLateWord: isQuestionedByLateWord(claim) };
}

/** Whether what was said to the ledger may be on record all the same. */
function isAnswerLost(error: unknown): boolean {
  return error instanceof LatchError && error.code === "store_unreachable";
}

/** Only a release, which says on what evidence, opens an action again. */
function requireOutcome(outcome: unknown = "done"): void {
  if (outcome === "done" || outcome === "rejected") return;
  const received = typeof outcome === "string" ? JSON.stringify(outcome) : kindOf(outcome);
  const message = `outcome is ${received}: expected done or rejected`;
  throw new LatchError("invalid_guard_call", message);
}

function known({ claim, answer }: GuardResult): GuardClaim {
  if (claim === undefined) throw new InvariantError(`${answer.kind} of no claim`);
  return claim;
}

function nameOf({ agent, requestId }: ClaimKey): string {
  return JSON.stringify([agent, requestId]);
}
