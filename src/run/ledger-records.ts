/** Reads out of a latch's ledger whatever a day is judged by. */
import type { Book, Claim, Incident, Latch, StoredEvent } from "../index.ts";
import { allIncidents } from "../ledger/all-incidents.ts";

/** What the ledger holds at the end. */
export interface LedgerRecords {
  readonly books: readonly Book[];
  /** Oldest first. */
  readonly claims: readonly Claim[];
  readonly events: readonly StoredEvent[];
  readonly incidents: readonly Incident[];
}

const PAGE = 500;

export async function ledgerRecords(latch: Latch): Promise<LedgerRecords> {
  const events: StoredEvent[] = [];
  for (;;) {
    const page = await latch.events({ after: events.length, limit: PAGE });
    events.push(...page);
    if (page.length < PAGE) break;
  }
  const claims: Claim[] = [];
  let cursor: string | undefined;
  do {
    const page = await latch.claims({ cursor, limit: PAGE });
    claims.push(...page.claims);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  const [books, incidents] = await Promise.all([latch.books(), allIncidents(latch)]);
  return { books, claims: claims.reverse(), events, incidents };
}
