/** One look at a stretch of the events, by their numbers: see ledger/event-scan.ts. */
import { MOVES } from "../../claim/claim-event.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { AccountId } from "../../core/ids.ts";
import type { EventRow } from "../event-row.ts";
import type { Stretch } from "../event-scan.ts";
import { type EventScan, LAST_EVENTS } from "../ledger.ts";
import type { PreparedStatements } from "./prepared-statements.ts";

export function scannedRows(
  statements: PreparedStatements,
  scan: EventScan,
  { above, below }: Stretch,
): readonly EventRow[] {
  const { account, agent, requestId, symbol, types, order, limit, withActions } = scan;
  const where = [
    "sequence > :above AND sequence < :below",
    withActions === true ? "(account = :account OR subject = 'guard')" : "account = :account",
    ...(agent === undefined ? [] : ["(agent = :agent OR agent IS NULL)"]),
    ...(requestId === undefined ? [] : ["request_id = :requestId"]),
    ...(symbol === undefined ? [] : ["symbol = :symbol"]),
    // The names are our own, and few: no parameter is needed for each.
    ...(types === undefined ? [] : [`json_extract(body, '$.type') IN (${types.map(quoted)})`]),
  ];
  const sql = `SELECT * FROM events WHERE ${where.join(" AND ")}
    ORDER BY sequence ${order === "newest_first" ? "DESC" : "ASC"} LIMIT :limit`;
  const parameters = { above, below, account, agent, requestId, symbol, limit };
  return statements.of(sql).all(parameters) as EventRow[];
}

const MOVE_BEHIND = `SELECT 1 FROM events WHERE sequence > ? AND account = ? AND symbol = ?
  AND json_extract(body, '$.type') IN (${[...MOVES].map(quoted)}) LIMIT 1`;

/** Whether any event behind the one numbered `after` has moved the book in `symbol`. */
export function hasMove(
  statements: PreparedStatements,
  account: AccountId,
  symbol: string,
  after: number,
): boolean {
  return statements.of(MOVE_BEHIND).get(after, account, symbol) !== undefined;
}

const LATEST = `SELECT max(at) FROM
  (SELECT at FROM events ORDER BY sequence DESC LIMIT ${LAST_EVENTS})`;

/** Of the last events; undefined where there are none. */
export function latestTime(statements: PreparedStatements): EpochMs | undefined {
  return (statements.of(LATEST).pluck().get() as EpochMs | null) ?? undefined;
}

function quoted(type: string): string {
  return `'${type}'`;
}
