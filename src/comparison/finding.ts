/** What a comparison finds: one finding for each claim and for each order. */
import type { RecordedClaim, RecordedOrder } from "./recorded.ts";

export const FINDING_KINDS = [
  "confirmed",
  "duplicate_blocked",
  "refused",
  "missing_at_broker",
  "unknown_to_us",
  "uncertain",
  "contradiction",
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Kinds in which both sides agree; all others want somebody to look. */
const AGREEING: ReadonlySet<FindingKind> = new Set(["confirmed", "duplicate_blocked", "refused"]);

export function isToBeLookedAt({ kind }: Pick<Finding, "kind">): boolean {
  return !AGREEING.has(kind);
}

/** How sure it is that the orders are the claim's. */
export type Match = "exact" | "partial" | "heuristic" | "none";

/** Why a finding is what it is. docs/RECONCILE.md equals it; a test says so. */
export const REASONS = {
  identifiers_agree: "the order has the claim's own id",
  partial_identifier: "a part of an id, and the terms, point at this one order",
  terms_not_stated: "the claim does not say what was ordered; the id alone was compared",
  fills_not_stated: "the claim does not say how much was filled",
  still_working: "the order is at work, and its claim says so",
  ended_without_fill: "the order ended without a fill, and its claim says so",
  no_order_as_recorded: "the claim says that there is no order, and there is none",
  replaced: "the order was replaced; the chain counts as one order",
  other_attempt: "another attempt of the claim is at the broker, without a fill",
  answered_without_order: "the request was answered as a duplicate, and has no order",
  refusal_agrees: "the claim says refused, and the broker has no order that did anything",
  no_such_order: "the claim has an order, and the broker's records do not show it",
  outside_the_orders: "the claim is older or newer than every order that was given",
  no_such_claim: "no claim accounts for the order",
  looks_like_a_duplicate: "an order with the same terms, at most a minute apart, has a claim",
  outcome_open: "the claim does not say how it ended",
  open_but_at_broker: "the claim does not say how it ended, and the order is at the broker",
  word_not_known: "the claim's word for its state is not known",
  ended_but_working: "the claim says that the order has ended, and it is at work",
  working_but_ended: "the claim says that the order is at work, and it has ended",
  success_not_shown: "the claim says done, and the order ended without a fill",
  fills_behind: "the order has filled more than a claim at work has seen",
  chain_may_count: "whether the last order counts what the ones before filled, it does not say",
  heuristic_match: "the terms and the time are the same, and no id says so",
  ambiguous_match: "several claims and orders would fit each other",
  skip_taken_for_success: "the answer was SKIP, and the claim says that the action succeeded",
  order_despite_block: "the request was answered as a duplicate, and an order has its id",
  order_despite_refusal: "the claim says refused, and the order is at work or has filled",
  order_despite_absence: "the claim says that there is no order, and there is one",
  identifier_conflict: "the claim's ids belong to different orders",
  claimed_twice: "several claims have the order's id",
  two_attempts: "two attempts of one claim are at work or have filled",
  request_twice: "another order of the same request is at work or has filled, too",
  success_but_refused: "the claim says done, and the broker rejected the order",
  symbol_differs: "claim and order are in different symbols",
  side_differs: "one buys and the other sells",
  quantity_differs: "claim and order ask for different quantities",
  notional_differs: "claim and order ask for different amounts of money",
  fills_differ: "claim and order have filled different quantities",
  price_differs: "claim and order have filled at different average prices",
} as const;
export type Reason = keyof typeof REASONS;

export interface Finding {
  readonly kind: FindingKind;
  readonly reasons: readonly Reason[];
  readonly match: Match;
  /** Null where the finding is about orders alone. */
  readonly claim: RecordedClaim | null;
  /** One order, its chain of replacements, its legs; none for a claim alone. */
  readonly orders: readonly RecordedOrder[];
  /** Others that might be meant; each has a finding of its own. */
  readonly candidates: readonly string[];
}
