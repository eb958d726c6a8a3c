/**
 * When a fill last moved a book, by the event log: a book that has come back to the quantity that
 * it had looks as if it had not moved.
 */
import type { EpochMs } from "../core/clock.ts";
import type { AccountId } from "../core/ids.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface LastFillPorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
}

const FILLS = ["fill_booked", "late_fill_booked", "leg_booked"] as const;
/** So many looks go back over more events than the busiest half a minute has. */
const LOOKS_MAX = 50;

/** Null where no fill in `symbol` is among the latest events. */
export async function lastFillAt(
  { account, ledger }: LastFillPorts,
  symbol: string,
): Promise<EpochMs | null> {
  let before = (await ledger.lastSequence()) + 1;
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const { events, reached, isOver } = await ledger.scan({
      ...{ account, symbol, types: FILLS, after: 0, before },
      ...{ order: "newest_first", limit: 1 },
    });
    const [last] = events;
    if (last !== undefined) return last.at;
    if (isOver) return null;
    before = reached;
  }
  return null;
}
