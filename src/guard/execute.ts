/**
 * `execute`: runs an action at most once for each attempt at its claim, and gives what is on record
 * of it on every repeat.
 *
 * 1. It runs only what this call's own claim owns, before the lease is over or its caller gave up,
 *    and one attempt at an action at a time.
 * 2. Before any second attempt runs, `verify` reads the provider.
 * 3. What `run` throws proves nothing unless `confirm` says so: the claim is kept.
 * 4. Once it was begun, a store that fails is no word of its own: the answer is `unresolved`.
 */
import type { JsonValue } from "../claim/guard-action.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { ClaimKey } from "../core/ids.ts";
import { canonicalHash } from "../identity/canonical-json.ts";
import type {
  EvidenceAnswer,
  ExecuteAnswer,
  ExecuteInput,
  Guard,
  GuardClaimAnswer,
  GuardVerdict,
  GuardVerifier,
  SettleAnswer,
  SettleInput,
} from "./guard.ts";
import { evidenceOf, guardWait, readJson, requireFields, requireFunction } from "./guard-input.ts";
import { untilWritten } from "./until-written.ts";
import { isVerdict } from "./verifiers.ts";

export interface RunnerParts {
  readonly guard: Pick<Guard, "claim" | "settle" | "release" | "doubt" | "wait">;
  readonly clock: Pick<Clock, "now" | "sleep">;
  readonly ask: (verifier: GuardVerifier, claim: GuardClaim) => Promise<GuardVerdict>;
  /** Puts on record what was found out about the attempt that `claim` is at. */
  readonly weigh: (claim: GuardClaim, verdict: GuardVerdict) => Promise<EvidenceAnswer>;
  /** Settles what was done without a result. */
  readonly doneBefore: (input: SettleInput & { readonly problem: string }) => Promise<SettleAnswer>;
}

type Proceed = Extract<GuardClaimAnswer, { readonly kind: "proceed" }>;
/**
 * None yet: it was released, by what `verify` found or by its owner, was claimed again since, or
 * its owner vanished meanwhile.
 */
type Step<Result> = ExecuteAnswer<Result> | "verified_absent" | "moved";

/** So often a claim that is released again and again meanwhile is claimed by one call. */
const ROUNDS_MAX = 5;
const KEY_DIGITS = 32;

export class ActionRunner {
  readonly #parts: RunnerParts;
  readonly #running = new Set<GuardClaim>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /**
   * Whether an attempt at it is at work here, or what came of it is not yet on record: no reading
   * shows that it can no longer happen.
   */
  isRunning({ agent, requestId }: ClaimKey): boolean {
    return [...this.#running].some(({ key }) => key.agent === agent && key.requestId === requestId);
  }

  async execute<Result>(input: ExecuteInput<Result>): Promise<ExecuteAnswer<Result>> {
    requireCall(input);
    const { requestId, agent, action, agentId, scope, payload } = input;
    const terms = { requestId, agent, action, agentId, scope, payload };
    const waitUntil = this.#parts.clock.now() + guardWait(input.waitMs ?? 0);
    /** The attempt after which `verify` has found the action absent. */
    let foundAbsentAfter = 0;
    for (let round = 1; ; round += 1) {
      const answer = await this.#parts.guard.claim(terms);
      if (answer.kind === "mismatch") {
        return { status: "mismatch", claim: answer.claim, difference: answer.difference };
      }
      if (answer.kind === "settled") return this.#standing(answer.claim);
      if (answer.kind === "proceed") {
        const isVerified = answer.claim.fencing === foundAbsentAfter + 1;
        return this.#proceed(input, answer, isVerified);
      }
      const step =
        answer.kind === "pending"
          ? await this.#waited(input, answer.claim, waitUntil)
          : await this.#verified(input, answer.claim, answer.incident);
      if (step !== "verified_absent" && step !== "moved") return step;
      if (round === ROUNDS_MAX) return { status: "pending", claim: answer.claim };
      if (step === "verified_absent") foundAbsentAfter = answer.claim.fencing;
    }
  }

  async #waited<Result>(
    input: ExecuteInput<Result>,
    before: GuardClaim,
    waitUntil: number,
  ): Promise<Step<Result>> {
    const { requestId, agent, signal } = input;
    const waitMs = Math.max(0, waitUntil - this.#parts.clock.now());
    if (waitMs === 0) return { status: "pending", claim: before };
    const claim = (await this.#parts.guard.wait(requestId, { agent, waitMs, signal })) ?? before;
    if (claim.status === "OPEN") return { status: "pending", claim };
    const isOver = claim.status === "SETTLED" && claim.outcome !== "absent";
    return isOver ? this.#standing(claim) : "moved";
  }

  /** Nobody knows: what the provider shows decides, where it can be read. */
  async #verified<Result>(
    input: ExecuteInput<Result>,
    claim: GuardClaim,
    incident: number | null,
  ): Promise<Step<Result>> {
    const { verify } = input;
    if (verify === undefined) return { status: "unresolved", claim, incident };
    const verdict = await this.#parts.ask(verify, claim);
    const answer = await this.#parts.weigh(claim, verdict);
    if (answer.kind === "other_attempt") return "moved";
    if (answer.kind === "unknown" || answer.kind === "unresolved") {
      return { status: "unresolved", claim, incident };
    }
    if (answer.claim.outcome !== "absent") return this.#standing(answer.claim);
    return verdict.kind === "absent" ? "verified_absent" : "moved";
  }

  /** This call owns the action. */
  async #proceed<Result>(
    input: ExecuteInput<Result>,
    owned: Proceed,
    isVerified: boolean,
  ): Promise<ExecuteAnswer<Result>> {
    if (owned.isReopened && !isVerified && input.verify !== undefined) {
      const verdict = await this.#parts.ask(input.verify, owned.claim);
      const found = await this.#beforeSecondRun(input, owned, verdict);
      if (found !== undefined) return found;
    }
    if (this.#parts.clock.now() >= owned.claim.leaseUntil) {
      const reason = "its lease was over before it was begun";
      return this.#absent(input, owned, reason, new LatchError("guard_lease_over", reason));
    }
    if (input.signal?.aborted) {
      const reason = "its caller gave up before it was begun";
      return this.#absent(input, owned, reason, input.signal.reason);
    }
    // Whoever released that one could not see it; nobody here goes on as if it were over.
    if (this.isRunning(owned.claim.key)) {
      return this.#unresolved(input, owned, "an earlier attempt at it is still at work here");
    }
    return this.#run(input, owned);
  }

  /** What was found before a second run; undefined where it may run. */
  async #beforeSecondRun<Result>(
    input: ExecuteInput<Result>,
    owned: Proceed,
    verdict: GuardVerdict,
  ): Promise<ExecuteAnswer<Result> | undefined> {
    const { claim } = owned;
    if (verdict.kind === "absent") return undefined;
    if (verdict.kind === "unknown") {
      return this.#unresolved(input, owned, "the provider could not be read before a second run");
    }
    const answer = await this.#parts.weigh(claim, verdict);
    return this.#standing("claim" in answer ? answer.claim : claim);
  }

  /** What this call owns is not begun, and nobody else begins it before it is known. */
  async #unresolved<Result>(
    { requestId, agent }: ExecuteInput<Result>,
    { claim, token }: Proceed,
    reason: string,
  ): Promise<ExecuteAnswer<Result>> {
    const doubted = await this.#parts.guard.doubt({ requestId, agent, token, reason });
    const incident = "incident" in doubted ? doubted.incident : null;
    const standing = "claim" in doubted ? doubted.claim : claim;
    return { status: "unresolved", claim: standing, incident };
  }

  async #run<Result>(input: ExecuteInput<Result>, owned: Proceed): Promise<ExecuteAnswer<Result>> {
    const { claim } = owned;
    const { agent, requestId } = claim.key;
    const idempotencyKey = `tl-${canonicalHash({ agent, requestId }).slice(0, KEY_DIGITS)}`;
    this.#running.add(claim);
    try {
      return await this.#begun(input, owned, idempotencyKey);
    } finally {
      this.#running.delete(claim);
    }
  }

  async #begun<Result>(
    input: ExecuteInput<Result>,
    owned: Proceed,
    idempotencyKey: string,
  ): Promise<ExecuteAnswer<Result>> {
    let value: unknown;
    try {
      value = await input.run({ claim: owned.claim, idempotencyKey });
    } catch (error) {
      return this.#afterError(input, owned, error);
    }
    return this.#settled(input, owned, "done", value);
  }

  async #afterError<Result>(
    input: ExecuteInput<Result>,
    owned: Proceed,
    error: unknown,
  ): Promise<ExecuteAnswer<Result>> {
    const { requestId, agent, confirm } = input;
    const verdict = confirm === undefined ? UNKNOWN : await confirmed(confirm, error);
    if (verdict.kind === "done" || verdict.kind === "rejected") {
      return this.#settled(input, owned, verdict.kind, verdict.result);
    }
    if (verdict.kind === "absent") {
      const evidence = evidenceOf(verdict.evidence, `${nameOf(error)} proves it`);
      return this.#absent(input, owned, evidence, error);
    }
    // The error's own words may hold what must not be on record.
    const reason = `the action ended with ${nameOf(error)}, which proves nothing`;
    const doubt = { requestId, agent, token: owned.token, reason };
    const doubted = await this.#written(() => this.#parts.guard.doubt(doubt));
    if (doubted.kind === "unwritten") return unwritten(owned.claim, error);
    if (doubted.kind === "settled") return this.#standing(doubted.claim);
    const incident = "incident" in doubted ? doubted.incident : null;
    const claim = "claim" in doubted ? doubted.claim : owned.claim;
    return { status: "unresolved", claim, incident, error };
  }

  async #settled<Result>(
    { requestId, agent }: ExecuteInput<Result>,
    { token, claim }: Proceed,
    outcome: "done" | "rejected",
    value: unknown,
  ): Promise<ExecuteAnswer<Result>> {
    const read = readJson(value);
    const said = { requestId, agent, token, outcome };
    const answer = await this.#written(() =>
      read.kind === "json"
        ? this.#parts.guard.settle({ ...said, result: read.value })
        : this.#parts.doneBefore({ ...said, problem: read.problem }),
    );
    if (answer.kind === "unwritten") return unwritten(claim, answer.error);
    if (answer.kind === "settled") {
      // What its owner has said before is an earlier try of this call: its answer got lost.
      const isAnothers = answer.isRepeat && answer.claim.provenance !== "owner";
      return this.#standing(answer.claim, isAnothers);
    }
    // Released, or on record as something else: others are not told what this call has seen.
    const incident = "incident" in answer ? answer.incident : null;
    return { status: "unresolved", claim: "claim" in answer ? answer.claim : claim, incident };
  }

  /** It certainly did not happen by this attempt. */
  async #absent<Result>(
    { requestId, agent }: ExecuteInput<Result>,
    { token, claim }: Proceed,
    evidence: string,
    error: unknown,
  ): Promise<ExecuteAnswer<Result>> {
    const release = { requestId, agent, token, evidence };
    const answer = await untilWritten(this.#parts.clock, () => this.#parts.guard.release(release));
    const now = answer.kind === "released" || answer.kind === "settled" ? answer.claim : undefined;
    // Also where whoever held an earlier attempt has spoken meanwhile.
    if (now !== undefined && now.outcome !== "absent") return this.#standing(now);
    return { status: "absent", claim: now ?? claim, error };
  }

  /** What was put on record of an action that was begun, where the store took it in time. */
  async #written<Answer>(write: () => Promise<Answer>): Promise<Answer | Unwritten> {
    try {
      return await untilWritten(this.#parts.clock, write);
    } catch (error) {
      if (!(error instanceof LatchError)) throw error;
      return { kind: "unwritten", error };
    }
  }

  /** What a claim that is settled gives. */
  #standing<Result>(claim: GuardClaim, isRepeat = true): ExecuteAnswer<Result> {
    const { outcome, result, resultProblem, key } = claim;
    if (resultProblem !== null) {
      const what = `${claim.action} ${key.requestId} is ${outcome}, and its result`;
      const cause = { outcome };
      throw new LatchError("guard_result_unusable", `${what} ${resultProblem}`, { cause });
    }
    if (outcome === "absent") return { status: "absent", claim, error: undefined };
    if (outcome === "rejected") return { status: "rejected", result, isRepeat, claim };
    if (outcome === null) return { status: "unresolved", claim, incident: null };
    return { status: "done", result: result as JsonValue as Result, isRepeat, claim };
  }
}

interface Unwritten {
  readonly kind: "unwritten";
  readonly error: LatchError;
}

/** Of what was begun: that the store failed must not be taken for that nothing was done. */
function unwritten<Result>(claim: GuardClaim, error: unknown): ExecuteAnswer<Result> {
  return { status: "unresolved", claim, incident: null, error };
}

const FIELDS = {
  ...{ requestId: true, agent: true, action: true, agentId: true, scope: true, payload: true },
  ...{ run: true, verify: true, confirm: true, waitMs: true, signal: true },
};

/** Before anything is claimed: what cannot be run must not leave a claim that nobody knows of. */
function requireCall(input: ExecuteInput<unknown>): void {
  requireFields(input, FIELDS);
  const { run, verify, confirm } = input;
  requireFunction("invalid_guard_call", "run", run);
  for (const [name, given] of Object.entries({ verify, confirm })) {
    if (given !== undefined) requireFunction("invalid_guard_call", name, given);
  }
}

const UNKNOWN: GuardVerdict = { kind: "unknown" };

async function confirmed(
  confirm: (error: unknown) => GuardVerdict | Promise<GuardVerdict>,
  error: unknown,
): Promise<GuardVerdict> {
  try {
    const verdict: unknown = await confirm(error);
    return isVerdict(verdict) ? verdict : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

const NAME_SHOWN = 60;

/** Its kind, and a code such as ECONNRESET: what can be put on record, whatever it was given. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "a value that is no error";
  const { code } = error as NodeJS.ErrnoException;
  const given: unknown = error.name;
  const name = evidenceOf(typeof given === "string" ? given.slice(0, NAME_SHOWN) : given, "Error");
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? `${name} ${code}` : name;
}
