/**
 * The guard's port: any irreversible action, claimed before it is done and settled by what is known
 * of it. Operations resolve only once what they say is on disk.
 *
 * 1. One caller at most is told to proceed; every other one waits or gets what is on record.
 * 2. What the latch proves is its own record. What happened outside is proved by the provider:
 *    by its own idempotency, or by reading it back. Until then the answer is `unresolved`.
 * 3. Nothing is reopened by time: only a release, which says on what evidence.
 *
 * Expected outcomes are returned; a call that cannot be understood throws LatchError
 * `invalid_guard_call`, and a store that fails `store_*`.
 */
import type { GuardDifference, GuardOutcome, JsonValue } from "../claim/guard-action.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import type { ClaimStatus } from "../claim/transitions.ts";
import type { EpochMs } from "../core/clock.ts";
import type { AgentId } from "../core/ids.ts";

/** Whose claims are meant; an id belongs to its agent group. Default: the latch's own. */
interface OfAgent {
  readonly agent?: AgentId | undefined;
}

export interface GuardClaimInput extends OfAgent {
  /** The same on every try of one action: 1 to 512 characters. */
  readonly requestId: string;
  /** Such as `payment.send`: 1 to 512 characters. */
  readonly action: string;
  /** What the caller calls itself; it is on record, and no part of the identity. */
  readonly agentId?: string | null | undefined;
  /** What it may act on; the same. */
  readonly scope?: string | null | undefined;
  /** What must be the same on every try; hashes of its fields are kept, not the values. */
  readonly payload?: unknown;
}

export type GuardClaimAnswer =
  /** The caller owns the action and is to do it, once, before `leaseUntil`. */
  | {
      readonly kind: "proceed";
      readonly claim: GuardClaim;
      /** Shown once, here: who settles with it is the owner. */
      readonly token: string;
      /** It was released before: read the provider once more before doing it. */
      readonly isReopened: boolean;
    }
  /** Somebody is at it. */
  | { readonly kind: "pending"; readonly claim: GuardClaim }
  /** Nobody knows whether it happened; `incident` has what is known. */
  | { readonly kind: "unresolved"; readonly claim: GuardClaim; readonly incident: number | null }
  /** It is over: `claim.outcome` and `claim.result` say how. */
  | { readonly kind: "settled"; readonly claim: GuardClaim }
  /** The id came before with other terms; nothing was changed. */
  | {
      readonly kind: "mismatch";
      readonly claim: GuardClaim;
      readonly difference: GuardDifference;
    };

export interface SettleInput extends OfAgent {
  readonly requestId: string;
  /** Default `done`. For what may be tried again see {@link Guard.release}. */
  readonly outcome?: Exclude<GuardOutcome, "absent"> | undefined;
  /** At most 256 KiB as JSON. */
  readonly result?: unknown;
  /** What {@link GuardClaimAnswer} `proceed` gave. */
  readonly token?: string | undefined;
  /** Whether a call without a token is refused. Default: not. */
  readonly isTokenRequired?: boolean | undefined;
}

/** Why a token does not do. */
export type TokenProblem = "missing" | "wrong";

export type SettleAnswer =
  | {
      readonly kind: "settled";
      /** With the first result, where it was settled before. */
      readonly claim: GuardClaim;
      /** It was settled before: this call changed nothing. */
      readonly isRepeat: boolean;
    }
  | { readonly kind: "not_owner"; readonly problem: TokenProblem }
  /** It was settled before, and not as this call says; that stays, and an incident has both. */
  | { readonly kind: "contradicted"; readonly claim: GuardClaim; readonly incident: number | null }
  /** The attempt was released before its owner settled it; an incident tells of it. */
  | { readonly kind: "released"; readonly claim: GuardClaim; readonly incident: number | null }
  | { readonly kind: "unknown" };

/** Of which attempt something was read. */
interface OfAttempt {
  /**
   * `claim.fencing` of the claim that it was read for. Where the claim was opened again since, the
   * answer is `other_attempt` and nothing is changed. Left out, it is taken to be about whatever
   * attempt stands when it arrives: say it wherever reading takes time.
   */
  readonly fencing?: number | undefined;
  /**
   * Whether it was {@link isQuestionedByLateWord} when that was read. Where it is so by now and
   * this does not say it, an absence changes nothing, and the answer is `unresolved`.
   */
  readonly isOfLateWord?: boolean | undefined;
}

export interface ReleaseInput extends OfAgent, OfAttempt {
  readonly requestId: string;
  /** What shows that it did not happen, in a sentence: 1 to 2,000 characters. */
  readonly evidence: string;
  /** The owner's; only with it is a claim released while its lease runs. */
  readonly token?: string | undefined;
  readonly isTokenRequired?: boolean | undefined;
}

export type ReleaseAnswer =
  /** It is absent now: the next claim under the id proceeds. */
  | { readonly kind: "released"; readonly claim: GuardClaim; readonly isRepeat: boolean }
  /** It happened, or was rejected, as is on record; nothing was changed. */
  | { readonly kind: "settled"; readonly claim: GuardClaim }
  /** Its owner may be at it: only that one's token releases it before the lease is over. */
  | { readonly kind: "live"; readonly claim: GuardClaim }
  /** It was opened again since, and is not over: the evidence is about an attempt before. */
  | { readonly kind: "other_attempt"; readonly claim: GuardClaim }
  /** A late word says that it may have happened, and this may have been found before that. */
  | { readonly kind: "unresolved"; readonly claim: GuardClaim; readonly incident: number | null }
  | { readonly kind: "not_owner"; readonly problem: TokenProblem }
  | { readonly kind: "unknown" };

export interface DoubtInput extends OfAgent {
  readonly requestId: string;
  /** Why nobody knows what became of it, in a sentence. */
  readonly reason: string;
  readonly token: string;
}

export type DoubtAnswer =
  /** It is IN_RECONCILIATION, with an incident; the same token may still settle it. */
  | { readonly kind: "unresolved"; readonly claim: GuardClaim; readonly incident: number | null }
  | { readonly kind: "settled"; readonly claim: GuardClaim }
  /** The attempt was released before: an incident tells of it, and nobody proceeds by that. */
  | { readonly kind: "released"; readonly claim: GuardClaim; readonly incident: number | null }
  | { readonly kind: "not_owner"; readonly problem: TokenProblem }
  | { readonly kind: "unknown" };

/** What reading the provider has shown. */
export type GuardVerdict =
  | { readonly kind: "done"; readonly result?: unknown; readonly evidence?: string | undefined }
  | { readonly kind: "rejected"; readonly result?: unknown; readonly evidence?: string | undefined }
  /** It did not happen, and what was begun under this id can no longer happen either. */
  | { readonly kind: "absent"; readonly evidence?: string | undefined }
  | { readonly kind: "unknown"; readonly reason?: string | undefined };

/** Reads the provider; what it throws is `unknown`. */
export type GuardVerifier = (
  claim: GuardClaim,
  signal: AbortSignal,
) => GuardVerdict | Promise<GuardVerdict>;

export interface EvidenceInput extends OfAgent, OfAttempt {
  readonly requestId: string;
  readonly verdict: GuardVerdict;
}

export type EvidenceAnswer =
  /** The evidence settled it, or released it; `done` does so after a release too. */
  | { readonly kind: "resolved"; readonly claim: GuardClaim }
  /** It was over before, and stays as it is; what contradicts that is an incident. */
  | { readonly kind: "over"; readonly claim: GuardClaim }
  /**
   * Still unknown; or absent, while its owner's lease runs, or it is at it in this process, or
   * where a late word may have come since that was read.
   */
  | { readonly kind: "unresolved"; readonly claim: GuardClaim }
  /**
   * It was opened again since, and is not over: the evidence is about an attempt before. That this
   * one was done is an incident, and nobody proceeds by the end of the one that stands.
   */
  | { readonly kind: "other_attempt"; readonly claim: GuardClaim }
  | { readonly kind: "unknown" };

export interface WaitOptions extends OfAgent {
  /** How long, 0 to 30,000. Default 8,000. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GuardClaimsQuery {
  /** Every agent group's where it is left out. */
  readonly agent?: AgentId | undefined;
  /** An agent group, or what a caller called itself. */
  readonly agentId?: string | undefined;
  readonly action?: string | undefined;
  readonly statuses?: readonly ClaimStatus[] | undefined;
  /** Claimed at or after. */
  readonly from?: EpochMs | undefined;
  /** Claimed before. */
  readonly until?: EpochMs | undefined;
  readonly offset?: number | undefined;
  /** 1 to 500; default 100. */
  readonly limit?: number | undefined;
}

export interface GuardClaimsPage {
  /** Newest first. */
  readonly claims: readonly GuardClaim[];
  /** How many there are in all; at least so many where `isTotalExact` is false. */
  readonly total: number;
  readonly isTotalExact: boolean;
}

/** What {@link Guard.execute} gives the action that it runs. */
export interface RunContext {
  readonly claim: GuardClaim;
  /** Give it to the provider as its idempotency key: it is the same on every try. */
  readonly idempotencyKey: string;
}

export interface ExecuteInput<Result> extends GuardClaimInput {
  /** The action. It runs at most once for each attempt; what it gives must be JSON. */
  readonly run: (context: RunContext) => Result | Promise<Result>;
  /** Reads the provider: before any second run, and where the outcome is unknown. */
  readonly verify?: GuardVerifier | undefined;
  /** What an error of `run` proves; without it, or where it throws, an error proves nothing. */
  readonly confirm?: ((error: unknown) => GuardVerdict | Promise<GuardVerdict>) | undefined;
  /** How long to wait for a live owner's result, 0 to 30,000. Default 0. */
  readonly waitMs?: number | undefined;
  /** Its caller gives up: it is not begun any more. What was begun goes on to its end. */
  readonly signal?: AbortSignal | undefined;
}

export type ExecuteAnswer<Result> =
  | {
      readonly status: "done";
      /** As JSON holds it, on the first call too. */
      readonly result: Result;
      /** It was done by an earlier call: this one ran nothing. */
      readonly isRepeat: boolean;
      readonly claim: GuardClaim;
    }
  /** It certainly did not happen, and is not tried again under this id. */
  | {
      readonly status: "rejected";
      readonly result: JsonValue;
      readonly isRepeat: boolean;
      readonly claim: GuardClaim;
    }
  /** It certainly did not happen; the same call may be made again. */
  | { readonly status: "absent"; readonly claim: GuardClaim; readonly error: unknown }
  /** A live owner is at it. */
  | { readonly status: "pending"; readonly claim: GuardClaim }
  /**
   * Nobody knows whether it happened; it is not run again before evidence says. Or what this call
   * saw of it contradicts what is on record in `claim`.
   */
  | {
      readonly status: "unresolved";
      readonly claim: GuardClaim;
      readonly incident: number | null;
      /** What `run` threw, where it was this call; or why what it gave is not on record. */
      readonly error?: unknown;
    }
  | {
      readonly status: "mismatch";
      readonly claim: GuardClaim;
      readonly difference: GuardDifference;
    };

/** What a start, or a round of looking after, made of the claims that nobody knew the end of. */
export interface GuardRecovery {
  readonly resolved: readonly GuardClaim[];
  readonly unresolved: readonly GuardClaim[];
}

/**
 * @example
 * ```ts
 * const answer = await guard.execute({
 *   requestId: "invoice-1042", action: "payment.send", payload: { amount: "50.00" },
 *   run: ({ idempotencyKey }) => provider.pay({ amount: "50.00", idempotencyKey }),
 *   verify: async ({ key }) => {
 *     const result = await provider.find(key.requestId);
 *     return result ? { kind: "done", result } : { kind: "unknown" };
 *   },
 * });
 * ```
 */
export interface Guard {
  /** Claims the action, or says what is on record of it. */
  claim(input: GuardClaimInput): Promise<GuardClaimAnswer>;
  /** Puts on record that it happened, or was rejected; the first word stays. */
  settle(input: SettleInput): Promise<SettleAnswer>;
  /** Puts on record that it did not happen, so that it may be tried again. */
  release(input: ReleaseInput): Promise<ReleaseAnswer>;
  /** Its owner does not know what became of it. */
  doubt(input: DoubtInput): Promise<DoubtAnswer>;
  /** What a verifier has read of the provider. */
  resolve(input: EvidenceInput): Promise<EvidenceAnswer>;
  /** Undefined where there is none. */
  get(requestId: string, agent?: AgentId): Promise<GuardClaim | undefined>;
  list(query?: GuardClaimsQuery): Promise<GuardClaimsPage>;
  /**
   * Waits while a live owner is at it; then, or when the wait is over, gives the claim as it
   * stands. Undefined where there is none.
   */
  wait(requestId: string, options?: WaitOptions): Promise<GuardClaim | undefined>;
  /** Runs an action at most once for its id, and gives its result on every repeat. */
  execute<Result>(input: ExecuteInput<Result>): Promise<ExecuteAnswer<Result>>;
  /** Who reads the provider for claims of `action` whose end nobody knows. */
  registerVerifier(action: string, verifier: GuardVerifier): void;
  /** Claims whose owner vanished are put in question, and each asked of its verifier. */
  recover(): Promise<GuardRecovery>;
}

/** What a latch has besides its orders. */
export interface Guarded {
  readonly guard: Guard;
  /** {@link Guard.execute}. */
  execute<Result>(input: ExecuteInput<Result>): Promise<ExecuteAnswer<Result>>;
}

export interface CloseOptions {
  /** How long to wait for actions that are under way, 0 to 3,600,000. Default 30,000. */
  readonly waitMs?: number | undefined;
}

/** A guard by itself, without a broker: what `openGuard` gives. */
export interface OpenedGuard extends Guard {
  /**
   * Waits until what {@link Guard.execute} runs is done and on record, and begins nothing behind
   * what is under way. What takes longer than `waitMs` is left to its lease; an action that waits
   * for the close itself takes as long.
   */
  close(options?: CloseOptions): Promise<void>;
}
