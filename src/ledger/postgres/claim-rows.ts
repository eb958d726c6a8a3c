/** The claims of many keys by one statement. */
import type { ClaimKey } from "../../core/ids.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { columnValue } from "./text-column.ts";

const BY_KEYS = `SELECT q.n, c.body
  FROM jsonb_to_recordset($1::text::jsonb) AS q (n integer, account text, agent text, id text)
  JOIN tradelatch.claims c
    ON c.account = q.account AND c.agent = q.agent AND c.request_id = q.id`;

/** `n`: the key's place among `keys`. */
export async function claimRows(
  pool: ConnectionPool,
  keys: readonly ClaimKey[],
): Promise<readonly { readonly n: number; readonly body: string }[]> {
  const asked = keys.map(({ account, agent, requestId }, n) => ({
    ...{ n, account: columnValue(account), agent: columnValue(agent) },
    id: columnValue(requestId),
  }));
  return pool.ask(BY_KEYS, [JSON.stringify(asked)]);
}
