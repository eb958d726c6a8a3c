/** A claim as a line of the table, and what the table is filtered by. Pure. */
import type { ClaimView } from "../sidecar-answers.ts";
import { priceText, quantityText } from "./amount-text.ts";
import type { Tone } from "./health.ts";

export interface ClaimLine {
  /** Unique among all claims of the account. */
  readonly name: string;
  /** `buy 6 TQQQ` */
  readonly what: string;
  readonly effect: "entry" | "exit";
  readonly state: string;
  readonly tone: Tone;
  /** What became of it, or what it waits for. */
  readonly outcome: string;
  readonly filled: string;
}

export interface ClaimFilter {
  readonly status: string;
  readonly symbol: string;
  readonly agent: string;
  readonly text: string;
}

export const NO_FILTER: ClaimFilter = { status: "", symbol: "", agent: "", text: "" };

export const STATE_WORDS: Readonly<Record<ClaimView["status"], string>> = {
  OPEN: "open",
  RESOLVED: "resolved",
  IN_RECONCILIATION: "in reconciliation",
  FINAL: "final",
  SETTLED: "settled",
};

/** Of one claim only, and what an incident about it says that it is about. */
export function nameOf({ agent, requestId }: { agent: string; requestId: string }): string {
  if (!agent.includes("/")) return `${agent}/${requestId}`;
  return `/${agent.replaceAll("%", "%25").replaceAll("/", "%2F")}/${requestId}`;
}

export function whatOf({ intent }: Pick<ClaimView, "intent">): string {
  const { side, quantity, notional, portion, symbol, extension } = intent;
  const legs = legsOf(extension);
  if (legs.length > 0) return legs.map((leg) => legText(leg, quantity)).join(", ");
  if (quantity !== null) return `${side} ${quantity} ${symbol}`;
  return notional === null
    ? `${side} ${portion ?? ""} ${symbol}`
    : `${side} $${notional} ${symbol}`;
}

/** One contract of a multi-leg order, in the broker's words. */
interface Leg {
  readonly symbol: string;
  readonly side?: string;
  readonly position_intent?: string;
  readonly ratio_qty: string;
}

function legsOf(extension: ClaimView["intent"]["extension"]): readonly Leg[] {
  if (extension?.order_class !== "mleg" || !Array.isArray(extension.legs)) return [];
  return extension.legs as readonly Leg[];
}

function legText(
  { symbol, side, position_intent: does, ratio_qty: ratio }: Leg,
  of: string | null,
) {
  return `${side ?? does?.split("_", 1).join()} ${Number(of ?? "1") * Number(ratio)} ${symbol}`;
}

export function claimLine(claim: ClaimView): ClaimLine {
  const { bookedQuantity, averagePrice, status } = claim;
  const filled =
    averagePrice === null ? "–" : `${quantityText(bookedQuantity)} @ ${priceText(averagePrice)}`;
  return {
    name: nameOf(claim),
    what: whatOf(claim),
    effect: claim.intent.effect === "open" ? "entry" : "exit",
    state: STATE_WORDS[status],
    tone: toneOf(claim),
    outcome: outcomeOf(claim),
    filled,
  };
}

const PROOFS: Readonly<Record<NonNullable<ClaimView["provenance"]>, string>> = {
  venue: "",
  inferred: ", inferred",
  operator: ", says the operator",
};

/** In a few words: how it ended, or what it waits for and why. */
export function outcomeOf(claim: ClaimView): string {
  const { outcome, provenance, refusal, unknownBecause, orderStatus } = claim;
  if (outcome !== null) {
    const proof = provenance === null ? "" : PROOFS[provenance];
    const why = refusal === null ? "" : ` (${refusal.httpStatus})`;
    return `${outcome.replaceAll("_", " ")}${why}${proof}`;
  }
  if (refusal !== null) return `refused with ${refusal.httpStatus}, waits for a verdict`;
  if (unknownBecause !== null) return "unknown: it is looked for";
  return orderStatus === null ? "on its way" : `at the broker: ${orderStatus.replaceAll("_", " ")}`;
}

function toneOf({ status, outcome, refusal, unknownBecause }: ClaimView): Tone {
  if (outcome === "rejected" || outcome === "absent") return "busy";
  if (outcome !== null) return outcome === "filled" ? "good" : "quiet";
  if (refusal !== null || unknownBecause !== null) return "bad";
  return status === "SETTLED" ? "quiet" : "busy";
}
