/**
 * The last gate before an outcome leaves the adapter. Whatever the broker or the network said is
 * told without the secret, on one line and at a bounded length, in this order: a secret that was
 * cut in half would no longer be recognized. Classification came before, so that a secret which
 * happens to be a common word misleads nobody.
 */
import type { SubmitOutcome } from "../../claim/evidence.ts";
import { withoutSecret } from "../../core/without-secret.ts";

const MAX_CHARACTERS = 240;

/** `text` as it may be told. */
export function tellable(text: string, secret: string): string {
  const line = withoutSecret(text, secret).replace(/\s+/g, " ").trim();
  return line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS)}…` : line;
}

export function tellableSubmit(outcome: SubmitOutcome, secret: string): SubmitOutcome {
  switch (outcome.kind) {
    case "accepted":
      return outcome;
    case "refused": {
      const message = tellable(outcome.refusal.message, secret);
      return { ...outcome, refusal: { ...outcome.refusal, message } };
    }
    case "id_taken":
    case "rate_limited":
      return { ...outcome, message: tellable(outcome.message, secret) };
    case "not_sent":
    case "ambiguous":
      return { ...outcome, reason: tellable(outcome.reason, secret) };
  }
}

/** Of a reading only the reason for not having one is a sentence. */
export function tellableReading<Outcome extends { readonly kind: string }>(
  outcome: Outcome,
  secret: string,
): Outcome {
  if (!("reason" in outcome) || typeof outcome.reason !== "string") return outcome;
  return { ...outcome, reason: tellable(outcome.reason, secret) };
}
