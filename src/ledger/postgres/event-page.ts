/** A page of the event log, as statement and as values. */
import { type EventRow, storedEvent } from "../event-row.ts";
import type { StoredEvent } from "../ledger.ts";
import { parsed } from "./json-column.ts";
import { fromColumn } from "./text-column.ts";

/** After which one, up to which one, at most how many. */
export const EVENT_PAGE = `SELECT sequence, at, subject, account, agent, request_id, symbol, body,
    previous_hash, hash
  FROM tradelatch.events WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence LIMIT $3`;

/** Throws LatchError `store_corrupt` for a row that is not JSON. */
export function eventOf(row: EventRow): StoredEvent {
  const [account, symbol] = [fromColumn(row.account), fromColumn(row.symbol)];
  const [agent, request_id] = [fromColumn(row.agent ?? ""), fromColumn(row.request_id ?? "")];
  return storedEvent({ ...row, account, symbol, agent, request_id }, parsed(row.body));
}
