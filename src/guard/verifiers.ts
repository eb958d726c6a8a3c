/**
 * Who reads the provider for actions whose end nobody knows. A verifier that fails, gives nothing
 * usable or takes too long has said nothing: `unknown`. Asked by itself, it is asked again after
 * growing pauses.
 */
import type { GuardClaim } from "../claim/guard-claim.ts";
import { withAnyOf } from "../core/any-of.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { GuardVerdict, GuardVerifier } from "./guard.ts";
import { requireFunction } from "./guard-input.ts";

const VERIFIER_DEADLINE_MS = 30_000;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 60 * 60_000;
const KINDS: readonly string[] = ["done", "rejected", "absent", "unknown"];

/** What one that takes too long has said. */
const LATE: GuardVerdict = { kind: "unknown", reason: "the verifier did not answer in time" };

export function isLate(verdict: GuardVerdict): boolean {
  return verdict === LATE;
}

interface Next {
  readonly at: EpochMs;
  readonly pauseMs: number;
}

export class Verifiers {
  readonly #clock: Clock;
  readonly #byAction = new Map<string, GuardVerifier>();
  /** When a claim's verifier is asked again, by the claim's name. */
  readonly #next = new Map<string, Next>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws LatchError `invalid_option` for what is no function. */
  register(action: string, verifier: GuardVerifier): void {
    requireVerifiers({ [action]: verifier });
    this.#byAction.set(action, verifier);
    this.#next.clear();
  }

  /** The one of `claim`'s action, where it is its time; `undefined` where it is not. */
  due(name: string, { action }: GuardClaim): GuardVerifier | undefined {
    const verifier = this.#byAction.get(action);
    if (verifier === undefined) return undefined;
    const now = this.#clock.now();
    const { at, pauseMs } = this.#next.get(name) ?? { at: now, pauseMs: FIRST_PAUSE_MS };
    if (at > now) return undefined;
    this.#next.set(name, { at: now + pauseMs, pauseMs: Math.min(2 * pauseMs, LONGEST_PAUSE_MS) });
    return verifier;
  }

  /** Only those of claims that are still unknown are remembered. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#next.keys()) if (!names.has(name)) this.#next.delete(name);
  }

  /** `closing` ends the reading. */
  ask(verifier: GuardVerifier, claim: GuardClaim, closing: AbortSignal): Promise<GuardVerdict> {
    const over = new AbortController();
    return withAnyOf([over.signal, closing], async (signal) => {
      const late = this.#clock.sleep(VERIFIER_DEADLINE_MS, signal).then(
        () => LATE,
        (): GuardVerdict => ({ kind: "unknown", reason: "the guard was closed meanwhile" }),
      );
      try {
        return await Promise.race([asked(verifier, claim, signal), late]);
      } finally {
        over.abort();
      }
    });
  }
}

/** Throws LatchError `invalid_option` for the first that is no function. */
export function requireVerifiers(verifiers: Readonly<Record<string, GuardVerifier>>): void {
  for (const [action, verifier] of Object.entries(verifiers)) {
    requireFunction("invalid_option", `the verifier of ${action}`, verifier);
  }
}

async function asked(
  verifier: GuardVerifier,
  claim: GuardClaim,
  signal: AbortSignal,
): Promise<GuardVerdict> {
  try {
    const verdict: unknown = await verifier(claim, signal);
    return isVerdict(verdict)
      ? verdict
      : { kind: "unknown", reason: "the verifier gave no verdict" };
  } catch (error) {
    return { kind: "unknown", reason: `the verifier failed: ${messageOf(error)}` };
  }
}

export function isVerdict(value: unknown): value is GuardVerdict {
  if (typeof value !== "object" || value === null) return false;
  const { kind } = value as { readonly kind?: unknown };
  // A list of one word reads as that word, and is compared as none.
  return typeof kind === "string" && KINDS.includes(kind);
}
