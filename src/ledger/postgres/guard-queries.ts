/** Claims that are no orders, as a server gives them outside of a transaction. */
import type { GuardClaim } from "../../claim/guard-claim.ts";
import type { ClaimKey } from "../../core/ids.ts";
import type { NumberedGuardClaim } from "../ledger.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { parsed } from "./json-column.ts";
import { isKey, ownAnswer } from "./own-answer.ts";
import { columnValue } from "./text-column.ts";

const BY_KEYS = `SELECT q.n, g.body
  FROM jsonb_to_recordset($1::text::jsonb) AS q (n integer, account text, agent text, id text)
  JOIN tradelatch.guard_claims g
    ON g.account = q.account AND g.agent = q.agent AND g.request_id = q.id`;
const UNSETTLED = `SELECT id, body FROM tradelatch.guard_claims
  WHERE NOT settled AND id > $1 ORDER BY id LIMIT $2`;
const COUNT = "SELECT count(*) AS count FROM tradelatch.guard_claims";

export async function guardClaimsOf(
  pool: ConnectionPool,
  keys: readonly ClaimKey[],
): Promise<readonly (GuardClaim | undefined)[]> {
  const asked = keys.map(({ account, agent, requestId }, n) => ({
    ...{ n, account: columnValue(account), agent: columnValue(agent) },
    id: columnValue(requestId),
  }));
  const rows = await pool.ask<{ n: number; body: string }>(BY_KEYS, [JSON.stringify(asked)]);
  const found = new Map(rows.map(({ n, body }) => [n, parsed<GuardClaim>(body)]));
  const isOf = (key: ClaimKey) => (claim: GuardClaim) => isKey(claim.key, key);
  return keys.map((key, n) => ownAnswer(found.get(n), isOf(key), pool.place));
}

export async function unsettledGuardClaims(
  pool: ConnectionPool,
  after: number,
  limit: number,
): Promise<readonly NumberedGuardClaim[]> {
  const rows = await pool.ask<{ id: number; body: string }>(UNSETTLED, [after, limit]);
  return rows.map(({ id, body }) => ({ id: Number(id), claim: parsed<GuardClaim>(body) }));
}

export async function countGuardClaims(pool: ConnectionPool): Promise<number> {
  const [row] = await pool.ask<{ count: number }>(COUNT, []);
  return Number(row?.count ?? 0);
}
