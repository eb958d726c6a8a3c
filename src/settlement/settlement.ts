/**
 * An outcome that arrives as signals, and the payout that hangs on it, on the guard's claims alone:
 *
 * - Each source's first signal is a claim of its own. The same one again changes nothing, and
 *   another word of the same source is refused.
 * - What the signals agree on is sealed as a claim too: whichever process seals it first has
 *   decided for all. From then on it is FINAL; later signals are recorded and change nothing.
 * - The payout runs only from FINAL, at most once, by {@link Guard.execute}; then it is SETTLED.
 *
 * The state is not kept anywhere: it is what the claims come to, so it is the same after a crash.
 */
import type { GuardClaim } from "../claim/guard-claim.ts";
import { guardInWords } from "../claim/guard-in-words.ts";
import { guardDifference, payloadFingerprint } from "../claim/guard-terms.ts";
import type { ClaimStatus } from "../claim/transitions.ts";
import { compare, type DecimalText, parseDecimal, parseNumber } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import { isWellFormed } from "../core/json-shape.ts";
import type { ExecuteAnswer, ExecuteInput, Guard, RunContext } from "../guard/guard.ts";
import { EVIDENCE_MAX, guardName, kindOf, requireFunction } from "../guard/guard-input.ts";
import { agreementOf, type SettlementPolicy, type Signal } from "./policy.ts";

export interface SettlementOptions {
  /** The matter, such as `match-7`: the same in every process that takes part. */
  readonly id: string;
  /** The least confidence that counts, from 0 to 1: `"0.9"`. */
  readonly threshold: string | number;
  readonly policy: SettlementPolicy;
}

export interface SignalInput {
  readonly source: string;
  readonly outcome: string;
  /** From 0 to 1. */
  readonly confidence: string | number;
}

export type SignalAnswer =
  /** It is on record, now or by an earlier call; whether it counts is in `state`. */
  | { readonly kind: "recorded"; readonly isRepeat: boolean; readonly state: SettlementState }
  /**
   * The source has said something else before, and that stays; null while that is not on record,
   * and where a person has ended its claim without a word of the source's.
   */
  | { readonly kind: "contradicts_itself"; readonly first: Signal | null }
  /** It came after the matter was final: recorded, and nothing was changed. */
  | { readonly kind: "late"; readonly state: SettlementState };

export interface SettlementState {
  readonly status: ClaimStatus;
  /** What was agreed on; null before. */
  readonly outcome: string | null;
  /** Why it is held, in a sentence; null where it is not. */
  readonly heldBecause: string | null;
  /** Of the sources that the policy names, in its order. */
  readonly signals: readonly Signal[];
}

export interface Payout<Result>
  extends Pick<ExecuteInput<Result>, "verify" | "confirm" | "waitMs"> {
  /** Pays; gives what is to be kept of it. */
  readonly run: (outcome: string, context: RunContext) => Result | Promise<Result>;
}

export type PayoutAnswer<Result> =
  | ExecuteAnswer<Result>
  /** Nothing was paid: the outcome is not final. */
  | { readonly status: "not_final"; readonly state: SettlementState };

/** Who decided, where signals did not. */
export interface Decision {
  readonly outcome: string;
  readonly by: string;
  readonly reason: string;
}

interface Sealed {
  readonly outcome: string;
  /** Null where the signals agreed. */
  readonly by: string | null;
}

/** What a latch, and a guard by itself, have besides. */
export interface Settling {
  /** Throws LatchError `invalid_option`. */
  settlement(options: SettlementOptions): Settlement;
}

const SIGNAL = "settlement.signal";
const SOURCES_MAX = 100;
const NAME_MAX = 100;
const ONE = "1" as DecimalText;
const ZERO = "0" as DecimalText;

export class Settlement {
  readonly #guard: Guard;
  readonly #id: string;
  readonly #threshold: DecimalText;
  readonly #policy: SettlementPolicy;

  /** Throws LatchError `invalid_option`. */
  constructor(guard: Guard, { id, threshold, policy }: SettlementOptions) {
    this.#guard = guard;
    this.#id = named("id", id);
    this.#threshold = fraction("threshold", threshold);
    this.#policy = checkedPolicy(policy);
  }

  /** Throws LatchError `invalid_option` for a signal that is none. */
  async signal({ source, outcome, confidence }: SignalInput): Promise<SignalAnswer> {
    const said: Signal = {
      source: named("source", source),
      outcome: named("outcome", outcome),
      confidence: fraction("confidence", confidence),
    };
    const decision = await this.#decision();
    const requestId = this.#name("signal", source);
    const action = SIGNAL;
    const claimed = await this.#guard.claim({ requestId, action, payload: said, scope: this.#id });
    const isRepeat = claimed.kind === "settled";
    const first = signalIn(claimed.claim, source);
    if (claimed.kind === "mismatch" || (isRepeat && first === null)) {
      return { kind: "contradicts_itself", first };
    }
    // Whoever died between the two left a claim that the same signal completes.
    if (!isRepeat) await this.#guard.settle({ requestId, result: said });
    const state = await this.state();
    // A repeat is what the signal was: it may come when all is over, and have been part of it.
    const isLate = isRepeat ? isAfter(claimed.claim, decision) : decision !== undefined;
    return isLate ? { kind: "late", state } : { kind: "recorded", isRepeat, state };
  }

  /** As it stands; what the signals agree on is sealed by looking. */
  async state(): Promise<SettlementState> {
    const signals = await this.#signals();
    const sealed = (await this.#sealed()) ?? (await this.#sealAgreement(signals));
    if (sealed !== undefined) {
      const paid = await this.#guard.get(this.#name("payout"));
      const status = paid?.status === "SETTLED" && paid.outcome === "done" ? "SETTLED" : "FINAL";
      return { status, outcome: sealed.outcome, heldBecause: null, signals };
    }
    const heldBecause = (await this.#endedBecause()) ?? this.#disagreement(signals);
    const status = heldBecause === null ? "OPEN" : "IN_RECONCILIATION";
    return { status, outcome: null, heldBecause, signals };
  }

  /**
   * A person decides what signals do not. The first decision stays, whoever made it: the answer
   * says what is final now.
   */
  async decide({ outcome, by, reason }: Decision): Promise<SettlementState> {
    const said = `${named("by", by)}: ${guardName("reason", reason, EVIDENCE_MAX)}`;
    await this.#seal({ outcome: named("outcome", outcome), by: said });
    return this.state();
  }

  /** Pays once, from FINAL only; every repeat gets what the first one gave. */
  async payout<Result>({ run, ...rest }: Payout<Result>): Promise<PayoutAnswer<Result>> {
    const state = await this.state();
    const { outcome } = state;
    if (outcome === null) return { status: "not_final", state };
    return this.#guard.execute<Result>({
      ...rest,
      requestId: this.#name("payout"),
      action: "settlement.payout",
      scope: this.#id,
      payload: { outcome },
      run: (context) => run(outcome, context),
    });
  }

  async #signals(): Promise<readonly Signal[]> {
    const signals = await Promise.all(
      this.#policy.sources.map(async (source) =>
        signalIn(await this.#guard.get(this.#name("signal", source)), source),
      ),
    );
    return signals.filter((signal) => signal !== null);
  }

  /** What was decided for good; undefined before. */
  async #sealed(): Promise<Sealed | undefined> {
    const decision = await this.#decision();
    return decision === undefined || isWithoutOutcome(decision)
      ? undefined
      : (decision.result as unknown as Sealed);
  }

  /** Null where it was not ended, or with an outcome. */
  async #endedBecause(): Promise<string | null> {
    const decision = await this.#decision();
    const isEnded = decision !== undefined && isWithoutOutcome(decision);
    return isEnded ? `no outcome was decided: ${guardInWords(decision)}` : null;
  }

  /** The claim that holds it; one that was released is made again. */
  async #decision(): Promise<GuardClaim | undefined> {
    const claim = await this.#guard.get(this.#name("decision"));
    return claim?.status === "SETTLED" && claim.outcome !== "absent" ? claim : undefined;
  }

  #disagreement(signals: readonly Signal[]): string | null {
    const agreement = agreementOf(this.#policy, this.#threshold, signals);
    return agreement.kind === "held" ? agreement.reason : null;
  }

  /** RESOLVED, and left at once: agreement is made FINAL by the first who sees it. */
  async #sealAgreement(signals: readonly Signal[]): Promise<Sealed | undefined> {
    const agreement = agreementOf(this.#policy, this.#threshold, signals);
    if (agreement.kind !== "agreed") return undefined;
    return this.#seal({ outcome: agreement.outcome, by: null });
  }

  /** The first one wins; what is given is what is sealed, undefined where nothing is. */
  async #seal(decided: Sealed): Promise<Sealed | undefined> {
    const requestId = this.#name("decision");
    const action = "settlement.decision";
    const { name, sources } = this.#policy;
    const payload = { threshold: this.#threshold, policy: name, sources: [...sources].sort() };
    const claimed = await this.#guard.claim({ requestId, action, payload, scope: this.#id });
    if (claimed.kind === "mismatch") {
      const { field } = claimed.difference;
      const message = `${this.#id} was decided under other terms: ${field} differs`;
      throw new LatchError("settlement_terms_differ", message);
    }
    if (claimed.kind !== "settled") await this.#guard.settle({ requestId, result: decided });
    return this.#sealed();
  }

  #name(part: "signal" | "decision" | "payout", source?: string): string {
    const names = source === undefined ? [this.#id, part] : [this.#id, part, source];
    return ["settlement", ...names.map(encodeURIComponent)].join("/");
  }
}

/** A person has ended the claim itself, which says how the step ended and not who has won. */
function isWithoutOutcome({ outcome, result }: GuardClaim): boolean {
  const { outcome: decided } = Object(result) as { readonly outcome?: unknown };
  return outcome !== "done" || typeof decided !== "string" || decided === "";
}

function isAfter({ claimedAt }: GuardClaim, decision: GuardClaim | undefined): boolean {
  return claimedAt > (decision?.settledAt ?? Number.POSITIVE_INFINITY);
}

/**
 * Null before the source has spoken. Whoever knows the claim's id may have settled it: it counts as
 * what was claimed, or not at all.
 */
function signalIn(claim: GuardClaim | undefined, source: string): Signal | null {
  if (claim?.outcome !== "done") return null;
  const { key, action, payload, result } = claim;
  const kept = { action: SIGNAL, payload: payloadFingerprint(key.requestId, result) };
  if (guardDifference({ action, payload }, kept) !== undefined) return null;
  const signal = Object(result) as Signal;
  const { outcome, confidence } = signal;
  const isText = typeof outcome === "string" && typeof confidence === "string";
  const isSignal = isText && parseDecimal(confidence) === confidence;
  return isSignal && signal.source === source ? signal : null;
}

function checkedPolicy(policy: SettlementPolicy): SettlementPolicy {
  if (typeof policy !== "object" || policy === null) {
    const wanted = "expected majority, unanimous, singleSource or one of your own";
    throw new LatchError("invalid_option", `policy is ${kindOf(policy)}: ${wanted}`);
  }
  const { name, sources, decide } = policy;
  named("policy.name", name);
  requireFunction("invalid_option", "policy.decide", decide);
  if (!Array.isArray(sources)) {
    const message = `the policy ${name} names ${kindOf(sources)} as its sources: expected a list`;
    throw new LatchError("invalid_option", message);
  }
  for (const source of sources) named("source", source);
  const isUsable = sources.length > 0 && sources.length <= SOURCES_MAX;
  if (isUsable && new Set(sources).size === sources.length) return policy;
  const message = `the policy ${name} names ${sources.length} sources`;
  throw new LatchError("invalid_option", `${message}: expected 1 to ${SOURCES_MAX}, each once`);
}

function named(what: string, value: string): string {
  const isName = typeof value === "string" && value.length <= NAME_MAX && isWellFormed(value);
  if (isName && value !== "") return value;
  const received = JSON.stringify(value);
  const message = `${what} is ${received}: expected a text of 1 to ${NAME_MAX} characters`;
  throw new LatchError("invalid_option", message);
}

function fraction(what: string, value: string | number): DecimalText {
  const parsed = parseNumber(String(value));
  const isFraction =
    parsed !== undefined && compare(parsed, ZERO) >= 0 && compare(parsed, ONE) <= 0;
  if (isFraction) return parsed;
  const message = `${what} is ${JSON.stringify(value)}: expected a number from 0 to 1`;
  throw new LatchError("invalid_option", message);
}
