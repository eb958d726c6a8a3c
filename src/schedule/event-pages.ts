/**
 * The part of the event log that belongs to a span of time, at a cost that does not grow with the
 * log: its beginning is found by halving. Times in the log are nearly in order, not quite: notes
 * are written up to a second late, and processes have clocks of their own. Hence the margin.
 */
import { lastBefore } from "../audit/event-time.ts";
import type { EpochMs } from "../core/clock.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";

const MARGIN_MS = 60_000;
const PAGE = 500;

/** The events from `from` up to before `until`, oldest first. */
export async function eventsBetween(
  ledger: Pick<Ledger, "events" | "lastSequence">,
  from: EpochMs,
  until: EpochMs,
): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = [];
  let after = await lastBefore(ledger, from - MARGIN_MS);
  for (;;) {
    const page = await ledger.events({ after, limit: PAGE });
    found.push(...page.filter(({ at }) => at >= from && at < until));
    const last = page.at(-1);
    if (last === undefined || last.at >= until + MARGIN_MS) return found;
    after = last.sequence;
  }
}
