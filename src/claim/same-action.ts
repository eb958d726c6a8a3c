/** When an intent without an id of its own is an earlier action once more. */
import type { EpochMs } from "../core/clock.ts";
import { type Claim, neverWas, wasFilled } from "./claim.ts";
import type { ClaimPolicy } from "./policy.ts";
import { isLive } from "./transitions.ts";

/**
 * The claim that is repeated: of the equal ones in `episode` (the latest first) a live one, else
 * one that filled within the window, else the latest where it never came to be.
 */
export function repeatedBy(
  equals: readonly Claim[],
  episode: number,
  now: EpochMs,
  policy: ClaimPolicy,
): Claim | undefined {
  const candidates = equals.filter((claim) => claim.episode === episode);
  const live = candidates.find(({ status }) => isLive(status));
  const filled = candidates.find((claim) => filledLately(claim, now, policy));
  const [latest] = candidates;
  return live ?? filled ?? (latest && neverWas(latest) ? latest : undefined);
}

/** Whether the claim has fills and its window is not over yet. */
export function filledLately(claim: Claim, now: EpochMs, policy: ClaimPolicy): boolean {
  return wasFilled(claim) && now - windowStart(claim) < policy.dedupeWindowMs;
}

/** From when the window counts: the claim, or the certainty that its own caller was not given. */
function windowStart(claim: Claim): EpochMs {
  return claim.told === "certain" ? claim.openedAt : (claim.certainAt ?? claim.openedAt);
}
