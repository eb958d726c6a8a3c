/** How an action that is no order stands, for a model: what not to do is said first. */
import type { GuardClaim } from "../claim/guard-claim.ts";
import { guardInWords } from "../claim/guard-in-words.ts";
import type { GuardClaimAnswer } from "../guard/guard.ts";
import { timeText } from "./order-view.ts";

const RESULT_SHOWN = 300;

/** What its owner is told, once. */
export function ownedText({
  claim,
  isReopened,
}: Extract<GuardClaimAnswer, { kind: "proceed" }>): string {
  const before = isReopened
    ? "It was begun before and released: read the provider once more first. "
    : "";
  const until = timeText(claim.leaseUntil);
  return (
    `You own it. ${before}Do it once, before ${until}, with the request_id as the provider's ` +
    "idempotency key, then call settle with the settlement_token. Nobody else is told to do it."
  );
}

/** What everybody else is told. */
export function actionText(claim: GuardClaim): string {
  const { action, claimedAt, settledAt, status, outcome, leaseUntil, result } = claim;
  const asked = `${action}, claimed at ${timeText(claimedAt)}`;
  if (outcome === "absent") {
    return `It did not happen: ${asked}; ${guardInWords(claim)}. Claim it to do it.`;
  }
  if (status === "SETTLED") {
    const kept = result === null ? "" : `, with the result ${shown(result)}`;
    const verb = outcome === "done" ? "This already happened" : "This was rejected";
    const since = settledAt === null ? "" : `, on record since ${timeText(settledAt)}`;
    return `${verb}${since}: ${asked}, ${guardInWords(claim)}${kept}. Do not do it again.`;
  }
  if (status === "OPEN") {
    const until = timeText(leaseUntil);
    return `Its owner is at it: ${asked}, until ${until}. Do not do it; ask again with get_claim.`;
  }
  return (
    `Unresolved: ${asked}; ${guardInWords(claim)}. Do not do it again, under this or any other ` +
    "request_id: the provider's records or a person have to say first what happened."
  );
}

function shown(result: GuardClaim["result"]): string {
  const text = JSON.stringify(result);
  return text.length > RESULT_SHOWN ? `${text.slice(0, RESULT_SHOWN)}…` : text;
}
