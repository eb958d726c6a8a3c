/** Which of two orders was sent first, by their latest attempts; clocks may be apart. Pure. */
import type { EpochMs } from "../core/clock.ts";
import type { Claim } from "./claim.ts";

/** What two machines know of the broker's time, told in seconds, is so far apart at most. */
const BROKER_TOLERANCE_MS = 3_000;

/** One process has one clock; two of them know the broker's. */
export function isEarlier(claim: Claim, than: Claim): boolean {
  const ours = claim.openedAt - than.openedAt;
  const [at, before] = [openedByBroker(claim), openedByBroker(than)];
  if (claim.owner === than.owner || at === undefined || before === undefined) return ours < 0;
  const theirs = at - before;
  return (Math.abs(ours - theirs) <= BROKER_TOLERANCE_MS ? ours : theirs) < 0;
}

/** Whether it may have been: of one moment, or of two machines whose clocks tell no better. */
export function mayBeEarlier(claim: Claim, than: Claim): boolean {
  const margin = claim.owner === than.owner ? 0 : BROKER_TOLERANCE_MS;
  return !isEarlier(than, { ...claim, openedAt: claim.openedAt - margin });
}

function openedByBroker(claim: Claim): EpochMs | undefined {
  const { brokerClaimedAt, isBrokerTimeGuess, claimedAt, openedAt } = claim;
  if (isBrokerTimeGuess || typeof brokerClaimedAt !== "number") return undefined;
  return brokerClaimedAt + openedAt - claimedAt;
}
