/**
 * When signals agree enough. Pure.
 *
 * 1. A policy names its voters, and each has one vote: the first word of a source stays. A majority
 *    of whoever has spoken so far would change with the next voice.
 * 2. A signal under the threshold is no vote. It keeps the matter from being at rest, though: who
 *    is unsure has seen something.
 * 3. Once a policy has agreed, no further signal makes it agree on something else. That is what
 *    lets several processes decide at once.
 */
import { compare, type DecimalText } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import { kindOf } from "../guard/guard-input.ts";

/** What one source says the outcome is. */
export interface Signal {
  readonly source: string;
  readonly outcome: string;
  /** From 0 to 1. */
  readonly confidence: DecimalText;
}

export type Agreement =
  | { readonly kind: "agreed"; readonly outcome: string }
  /** Nothing speaks against it yet; more is needed. */
  | { readonly kind: "open" }
  /** Signals contradict one another, or one is unsure; a person may have to look. */
  | { readonly kind: "held"; readonly reason: string };

export interface SettlementPolicy {
  /** Such as `majority`; what was decided names it. */
  readonly name: string;
  /** Whose signals are votes; 1 to 100. */
  readonly sources: readonly string[];
  /** `votes`: one of each source at most, all at or above the threshold. */
  decide(votes: readonly Signal[]): Agreement;
}

/** More than half of `sources` say the same. */
export function majority(sources: readonly string[]): SettlementPolicy {
  return {
    name: "majority",
    sources,
    decide: (votes) => {
      const agreed = [...tally(votes)].find(([, count]) => count * 2 > sources.length);
      return agreed === undefined
        ? undecided(votes, sources)
        : { kind: "agreed", outcome: agreed[0] };
    },
  };
}

/** All of `sources` say the same. */
export function unanimous(sources: readonly string[]): SettlementPolicy {
  return {
    name: "unanimous",
    sources,
    decide: (votes) => {
      const [first] = votes;
      const isAgreed = votes.length === sources.length && tally(votes).size === 1;
      return first !== undefined && isAgreed
        ? { kind: "agreed", outcome: first.outcome }
        : undecided(votes, sources);
    },
  };
}

/** One source's word is enough. */
export function singleSource(source: string): SettlementPolicy {
  return {
    name: "single-source",
    sources: [source],
    decide: ([vote]) =>
      vote === undefined ? { kind: "open" } : { kind: "agreed", outcome: vote.outcome },
  };
}

/** What `signals`, the first of each source, come to. */
export function agreementOf(
  policy: SettlementPolicy,
  threshold: DecimalText,
  signals: readonly Signal[],
): Agreement {
  const voices = signals.filter(({ source }) => policy.sources.includes(source));
  const votes = voices.filter(({ confidence }) => compare(confidence, threshold) >= 0);
  const decided = decidedBy(policy, votes);
  if (decided.kind !== "open") return decided;
  const unsure = voices.find((voice) => !votes.includes(voice));
  if (unsure === undefined) return decided;
  const { source, outcome, confidence } = unsure;
  const said = `${source} says ${outcome} with ${confidence}`;
  return { kind: "held", reason: `${said}, under the threshold of ${threshold}` };
}

/** Throws LatchError `invalid_option`: what a policy of one's own gives is sealed, and paid. */
function decidedBy(policy: SettlementPolicy, votes: readonly Signal[]): Agreement {
  const decided: unknown = policy.decide(votes);
  const { kind, outcome, reason } = Object(decided) as Record<string, unknown>;
  const of = `the policy ${policy.name}`;
  if (kind === "open") return { kind };
  if (kind === "held") return { kind, reason: String(reason ?? `${of} says so`) };
  if (kind !== "agreed") {
    const wanted = "expected a kind of agreed, open or held";
    throw new LatchError("invalid_option", `${of} decided ${kindOf(decided)}: ${wanted}`);
  }
  if (typeof outcome === "string" && outcome !== "") return { kind, outcome };
  const message = `${of} agreed on ${kindOf(outcome)}: expected a text that is not empty`;
  throw new LatchError("invalid_option", message);
}

function undecided(votes: readonly Signal[], sources: readonly string[]): Agreement {
  const counts = tally(votes);
  if (counts.size < 2) return { kind: "open" };
  const told = [...counts].map(([outcome, count]) => `${count} for ${outcome}`).join(", ");
  return { kind: "held", reason: `${told}, of ${sources.length} sources` };
}

function tally(votes: readonly Signal[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { outcome } of votes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts;
}
