/** One look at a stretch of the events, by their numbers: see ledger/event-scan.ts. */
import type { EventRow } from "../event-row.ts";
import type { Stretch } from "../event-scan.ts";
import type { EventScan } from "../ledger.ts";
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

function quoted(type: string): string {
  return `'${type}'`;
}
