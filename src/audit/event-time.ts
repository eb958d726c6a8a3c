/** Where a moment is in the event log, found by halving: the log has no index over times. */
import type { EpochMs } from "../core/clock.ts";
import type { Ledger } from "../ledger/ledger.ts";

/**
 * The number of an event before `at` that is followed by one at or after it; 0: there is none. Of
 * times that are out of order by so much, those later by as much are all behind it.
 */
export async function lastBefore(
  ledger: Pick<Ledger, "events" | "lastSequence">,
  at: EpochMs,
): Promise<number> {
  let below = 0;
  let above = (await ledger.lastSequence()) + 1;
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    const [event] = await ledger.events({ after: middle - 1, limit: 1 });
    if (event !== undefined && event.at < at) below = middle;
    else above = middle;
  }
  return below;
}
