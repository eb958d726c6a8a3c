/**
 * Which stretch of time a list of orders has to cover, to have those of claims. A claim has the
 * times of the machine that made it, whose clock may be another than ours; all machines know the
 * broker's. Where the two readings of a moment differ, the stretch has both.
 */
import { aheadMs, type Claim } from "../claim/claim.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { type Broker, LIST_MARGIN_MS } from "./broker.ts";

export interface ListPorts {
  readonly broker: Pick<Broker, "brokerTime">;
  readonly clock: Clock;
}

type Moment = "claimedAt" | "openedAt";

/** Before any order of `claims` since then was submitted, by our clock. */
export function listStart(
  ports: ListPorts,
  claims: readonly Claim[],
  since: Moment = "openedAt",
): EpochMs {
  const starts = claims.map((claim) => claim[since] + Math.min(0, ahead(ports, claim)));
  return starts.reduce((first, start) => Math.min(first, start)) - LIST_MARGIN_MS;
}

/** Behind the moment `at`, which is by the clock that the claim was made by. */
export function listEnd(ports: ListPorts, claim: Claim, at: EpochMs): EpochMs {
  return at + Math.max(0, ahead(ports, claim)) + LIST_MARGIN_MS;
}

function ahead({ broker, clock }: ListPorts, claim: Claim): number {
  return aheadMs(claim, { now: clock.now(), brokerTime: broker.brokerTime() });
}
