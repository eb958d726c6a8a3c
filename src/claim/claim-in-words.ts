/** What became of a claim so far, in a sentence for people. Pure. */
import { averagePriceOf, type Claim, isAccepted, isLatched } from "./claim.ts";

export function claimInWords(claim: Claim): string {
  const { outcome, provenance, refusal, orderStatus } = claim;
  const said = refusal === null ? "" : `, refused with ${refusal.httpStatus} ${refusal.message}`;
  if (outcome !== null) {
    const price = averagePriceOf(claim);
    const filled = price === null ? "" : ` ${claim.bookedQuantity} @ ${price}`;
    const proof = provenance === "venue" ? "" : ` (${provenance})`;
    return `${outcome}${filled}${proof}${said}`;
  }
  if (isLatched(claim)) return `not decided yet${said}`;
  if (isAccepted(claim)) return `at the broker, ${orderStatus}`;
  return `nobody knows yet: ${claim.unknownBecause ?? "it is on its way"}`;
}
