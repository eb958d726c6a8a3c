/** An event as a row of either store, and back. */
import { type LedgerEvent, NO_SYMBOL } from "../claim/claim-event.ts";
import type { AccountId, AgentId, RequestId } from "../core/ids.ts";
import type { StoredEvent } from "./ledger.ts";

export interface EventRow {
  readonly sequence: number;
  readonly at: number;
  readonly subject: "claim" | "book" | "guard";
  readonly account: string;
  readonly agent: string | null;
  readonly request_id: string | null;
  readonly symbol: string;
  readonly body: string;
  readonly previous_hash: string;
  readonly hash: string;
}

/** `body`: the row's, parsed. */
export function storedEvent(row: EventRow, body: unknown): StoredEvent {
  const account = row.account as AccountId;
  const about = {
    symbol: row.symbol,
    body: body as never,
    sequence: row.sequence,
    at: row.at,
    previousHash: row.previous_hash,
    hash: row.hash,
  };
  if (row.subject === "book") return { ...about, subject: "book", account };
  const key = { account, agent: row.agent as AgentId, requestId: row.request_id as RequestId };
  if (row.subject === "guard") return { ...about, symbol: NO_SYMBOL, subject: "guard", key };
  return { ...about, subject: "claim", key } satisfies LedgerEvent & StoredEvent;
}
