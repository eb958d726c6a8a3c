/** The event that records an answer which changed nothing, so that every refusal can be traced. */
import type { ClaimDecision } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import type { IntentDraft } from "../identity/intent.ts";
import type { Note } from "../ledger/ledger.ts";

export function noteOf(
  intent: IntentDraft,
  decision: Exclude<ClaimDecision, { kind: "proceed" }>,
): Note {
  if (decision.kind === "blocked") {
    const { code, cause } = decision.block;
    if (decision.claim !== null) return repeatNote(decision.claim, intent, "BLOCKED", code);
    const { account, symbol } = intent;
    return {
      subject: "book",
      account,
      symbol,
      body: { type: "intent_blocked", intent, code, cause },
    };
  }
  const answer = decision.kind === "skip" ? "SKIP" : "PENDING";
  return repeatNote(decision.claim, intent, answer, null);
}

function repeatNote(
  claim: Claim,
  intent: IntentDraft,
  answer: "PENDING" | "SKIP" | "BLOCKED",
  code: string | null,
): Note {
  const { decisionId } = intent;
  const body = { type: "repeat_answered", answer, code, decisionId } as const;
  return { subject: "claim", key: claim.key, symbol: intent.symbol, body };
}
