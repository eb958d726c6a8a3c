/**
 * When what a claim has on record was by our clock. It has the times of the machine that made it,
 * whose clock may be another than ours; how far apart the two are the broker's clock tells, which
 * all machines know. Others may have noted a moment too, so that it has two readings: each of these
 * functions takes the one that is on the safe side.
 */
import type { Claim } from "../claim/claim.ts";
import { CLOCK_TOLERANCE_MS } from "../claim/policy.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { type Broker, LIST_MARGIN_MS } from "./broker.ts";

export interface ClaimTimePorts {
  readonly broker: Pick<Broker, "brokerTime" | "isTimeGuess">;
  readonly clock: Clock;
}

type Opening = "claimedAt" | "openedAt";

/** From when on a list of orders has those of `claims` that were sent since then. */
export function listStart(
  ports: ClaimTimePorts,
  claims: readonly Claim[],
  since: Opening = "openedAt",
): EpochMs {
  const starts = claims.map((claim) => claim[since] + Math.min(0, aheadMs(ports, claim)));
  return starts.reduce((first, start) => Math.min(first, start)) - LIST_MARGIN_MS;
}

/** Up to when a list has the order of `claim`, which was sent by `at`. */
export function listEnd(ports: ClaimTimePorts, claim: Claim, at: EpochMs): EpochMs {
  return at + Math.max(0, aheadMs(ports, claim)) + LIST_MARGIN_MS;
}

/** When `at` was, at the latest; clocks that are hardly apart are one. */
export function atLatest(ports: ClaimTimePorts, claim: Claim, at: EpochMs): EpochMs {
  const ahead = ports.broker.isTimeGuess() ? 0 : aheadMs(ports, claim);
  return ahead > CLOCK_TOLERANCE_MS ? at + ahead : at;
}

/** By how much our clock is ahead of the one that the claim was made by; 0 where nobody knows. */
function aheadMs({ broker, clock }: ClaimTimePorts, { claimedAt, brokerClaimedAt }: Claim): number {
  const brokerTime = broker.brokerTime();
  if (brokerTime === null || brokerClaimedAt === null || brokerClaimedAt === undefined) return 0;
  return brokerClaimedAt - claimedAt - (brokerTime - clock.now());
}
