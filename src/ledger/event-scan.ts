/**
 * A look at a stretch of the event log that no index serves: every store looks at so many events at
 * once and no more, gives those that fit, and says how far it came. Whoever wants more asks on from
 * there; between two looks others have their turn.
 */
import type { EventScan, ScannedEvents, StoredEvent } from "./ledger.ts";

/** So many events are looked at between two turns: a few milliseconds. */
export const SCAN_ROWS = 2_000;

/** The numbers that one look has between, both left out. */
export interface Stretch {
  readonly above: number;
  readonly below: number;
}

/** What one look at the log looks at, where it has events up to `last`. */
export function stretchOf({ after, before, order }: EventScan, last: number): Stretch {
  const [above, below] = [after, Math.min(before, last + 1)];
  if (order === "newest_first") return { above: Math.max(above, below - 1 - SCAN_ROWS), below };
  return { above, below: Math.min(below, above + 1 + SCAN_ROWS) };
}

/** `found`: what the store gives; it may hold events of other types too. */
export function scanned(
  { after, before, order, types, limit }: EventScan,
  { above, below }: Stretch,
  last: number,
  found: readonly StoredEvent[],
): ScannedEvents {
  const [newest, oldest] = [below - 1, above + 1];
  const end = order === "newest_first" ? oldest : newest;
  const reached = found.length < limit ? end : (found.at(-1)?.sequence ?? end);
  const isOver =
    order === "newest_first" ? reached <= after + 1 : reached >= Math.min(before, last + 1) - 1;
  const events = found.filter(({ body }) => types?.includes(body.type) ?? true);
  return { events, reached, isOver };
}
