/** The event that records an answer which changed nothing, so that every refusal can be traced. */
import type { ClaimDecision } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import type { IntentDraft } from "../identity/intent.ts";
import type { Note } from "../ledger/ledger.ts";
import type { ReplaceAnswer } from "./replace-order.ts";

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
  return claimNote(claim, { type: "repeat_answered", answer, code, decisionId });
}

/** What came of a cancel that went to the broker. */
export interface CancelAnswer {
  readonly outcome: string;
  /** Null where the broker did not answer. */
  readonly httpStatus: number | null;
}

type ClaimNote = Extract<Note, { readonly subject: "claim" }>;

export function claimNote({ key, intent }: Claim, body: ClaimNote["body"]): ClaimNote {
  return { subject: "claim", key, symbol: intent.symbol, body };
}

/** Of a request to replace an order; undefined where it made one, or nobody knows yet. */
export function replaceNoteOf(answer: ReplaceAnswer): ClaimNote["body"] | undefined {
  const type = "replace_answered";
  switch (answer.kind) {
    case "replaced":
      return answer.isReplay ? { type, answer: "SKIP", code: null } : undefined;
    case "blocked":
      return { type, answer: "BLOCKED", code: answer.block.code };
    case "refused":
    case "id_taken":
      return { type, answer: "BLOCKED", code: "refused_by_broker" };
    default:
      return undefined;
  }
}
