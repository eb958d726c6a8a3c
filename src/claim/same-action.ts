/** When an intent without an id of its own is an earlier action once more. */
import type { EpochMs } from "../core/clock.ts";
import { type Claim, neverWas, wasFilled } from "./claim.ts";
import { CLOCK_TOLERANCE_MS, type ClaimPolicy } from "./policy.ts";
import { isLive } from "./transitions.ts";

/** When an intent came. */
export interface AskedAt {
  readonly now: EpochMs;
  /** What the broker's clock showed then; null where nobody knows. */
  readonly brokerTime: EpochMs | null;
  /** That may be too early: no age is told by it. */
  readonly isTimeGuess?: boolean;
}

/**
 * The claim that is repeated: of the equal ones in `lives` (the latest first) a live one, or one
 * of which a leg works, else one that filled within the window, else the latest where it never came
 * to be. An open without a fill is of no episode yet: it was claimed in one that an exit has ended
 * since, perhaps, and its fill begins the next. One that never came to be is opened anew within the
 * window, under the id that its order has if it comes yet.
 */
export function repeatedBy(
  equals: readonly Claim[],
  lives: readonly number[],
  asked: AskedAt,
  policy: ClaimPolicy,
  worksByLeg: (claim: Claim) => boolean = () => false,
): Claim | undefined {
  const candidates = equals.filter(
    (claim) => lives.includes(claim.episode) || isOfNone(claim) || isLostOpen(claim, asked, policy),
  );
  const live = candidates.find((claim) => isLive(claim.status) || worksByLeg(claim));
  const filled = candidates.find((claim) => filledLately(claim, asked, policy));
  const [latest] = candidates;
  return live ?? filled ?? (latest && neverWas(latest) ? latest : undefined);
}

function isOfNone(claim: Claim): boolean {
  return claim.intent.effect === "open" && isLive(claim.status) && !wasFilled(claim);
}

/** Whether the claim is an open that was lost of late. */
export function isLostOpen(claim: Claim, asked: AskedAt, policy: ClaimPolicy): boolean {
  if (claim.intent.effect !== "open" || !neverWas(claim) || wasFilled(claim)) return false;
  return ageOf(claim, asked) < policy.dedupeWindowMs;
}

/** Whether the claim has fills and its window is not over yet. */
export function filledLately(claim: Claim, asked: AskedAt, policy: ClaimPolicy): boolean {
  return wasFilled(claim) && ageOf(claim, asked) < policy.dedupeWindowMs;
}

/**
 * How long the window has been open. Machines that share a ledger have a clock each, and all of
 * them know the broker's: where that says otherwise, it is right about the claim. Which machine has
 * noted a later start nobody knows; but the window is no older than the claim, and not to come.
 */
function ageOf(claim: Claim, { now, brokerTime, isTimeGuess = false }: AskedAt): number {
  const { claimedAt, brokerClaimedAt, isBrokerTimeGuess } = claim;
  const start = windowStart(claim);
  const age = now - start;
  if (isTimeGuess || brokerTime === null) return age;
  if (brokerClaimedAt === null || brokerClaimedAt === undefined) return age;
  const sinceClaim = brokerTime - brokerClaimedAt;
  const byBroker = sinceClaim - (start - claimedAt);
  const isPossible = (one: number) =>
    one >= -CLOCK_TOLERANCE_MS && one <= sinceClaim + CLOCK_TOLERANCE_MS;
  const isOneClock = Math.abs(age - byBroker) <= CLOCK_TOLERANCE_MS;
  // A third machine may have noted a later start: then both are wrong.
  if (isOneClock && isPossible(age)) return age;
  if (start === claimedAt && !isBrokerTimeGuess) return byBroker;
  return Math.min(sinceClaim, ...[age, byBroker].filter(isPossible));
}

/** From when the window counts: the claim, or the certainty that its own caller was not given. */
function windowStart(claim: Claim): EpochMs {
  return claim.told === "certain" ? claim.openedAt : (claim.certainAt ?? claim.openedAt);
}
