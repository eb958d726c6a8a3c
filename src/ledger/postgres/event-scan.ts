/** One look at a stretch of the events, by their numbers: see ledger/event-scan.ts. */
import type { EventRow } from "../event-row.ts";
import type { Stretch } from "../event-scan.ts";
import { type EventScan, type EventType, LAST_EVENTS } from "../ledger.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { columnValue } from "./text-column.ts";

/** Finds every event of `type`, and may find others that hold such a field further in. */
export function typeText(type: EventType): string {
  return `"type":"${type}"`;
}

/** When the latest of the last events was, as `at`; null where there are none. */
export const LATEST = `SELECT max(at) AS at FROM
  (SELECT at FROM tradelatch.events ORDER BY sequence DESC LIMIT ${LAST_EVENTS}) last`;

type Parameter = string | number | null;

export function scannedRows(
  pool: ConnectionPool,
  scan: EventScan,
  { above, below }: Stretch,
): Promise<readonly EventRow[]> {
  const { account, agent, requestId, symbol, types, order, limit, withActions } = scan;
  const parameters: Parameter[] = [];
  const place = (value: Parameter) => `$${parameters.push(columnValue(value))}`;
  const isOfType = (type: EventType) => `strpos(body, ${place(typeText(type))}) > 0`;
  const ofAccount = `account = ${place(account)}`;
  const where = [
    `sequence > ${place(above)} AND sequence < ${place(below)}`,
    withActions === true ? `(${ofAccount} OR subject = 'guard')` : ofAccount,
    ...(agent === undefined ? [] : [`(agent = ${place(agent)} OR agent IS NULL)`]),
    ...(requestId === undefined ? [] : [`request_id = ${place(requestId)}`]),
    ...(symbol === undefined ? [] : [`symbol = ${place(symbol)}`]),
    // The server cannot read every JSON text that we keep: one with an escaped U+0000 it refuses.
    ...(types === undefined ? [] : [`(${types.map(isOfType).join(" OR ")})`]),
  ];
  return pool.ask<EventRow>(
    `SELECT sequence, at, subject, account, agent, request_id, symbol, body, previous_hash, hash
     FROM tradelatch.events WHERE ${where.join(" AND ")}
     ORDER BY sequence ${order === "newest_first" ? "DESC" : "ASC"} LIMIT ${place(limit)}`,
    parameters,
  );
}
