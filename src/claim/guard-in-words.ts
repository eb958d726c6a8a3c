/** What became of a guard's claim so far, in a sentence for people. Pure. */
import type { GuardClaim } from "./guard-claim.ts";

export function guardInWords(claim: GuardClaim): string {
  const { outcome, provenance, evidence, status, unknownBecause, leaseUntil } = claim;
  if (outcome !== null) {
    const because = evidence === null ? "" : `: ${evidence}`;
    return `${outcome}, says its ${provenance}${because}`;
  }
  if (status === "OPEN") return `its owner is at it until ${new Date(leaseUntil).toISOString()}`;
  return `nobody knows: ${unknownBecause}`;
}
