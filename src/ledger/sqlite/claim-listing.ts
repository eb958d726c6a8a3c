/**
 * Claims as people and monitors ask for them: by filters, by request id alone, and counted. Every
 * look is bounded, however long the history is, and none of them costs the claim path more than
 * one index, whose columns never change once a claim is written.
 *
 * - What is not settled is few, and has an index of its own; so has what ended short of shares.
 * - Everything else is read along time, at most {@link SCAN_MAX} claims for one page.
 * - Claims are never deleted and their row ids only grow, so each is counted once by a process.
 */
import type { Database } from "better-sqlite3";
import type { ClaimStatus } from "../../claim/transitions.ts";
import type { AccountId } from "../../core/ids.ts";
import {
  type ClaimsQuery,
  cursorOf,
  isUnsettledOnly,
  limitOf,
  type Place,
  SCAN_MAX,
  startOf,
} from "../claims-query.ts";

interface ClaimRow extends Place {
  readonly body: string;
}

interface Counted {
  readonly count: number;
  readonly last: number | null;
}

const BY_TIME = "INDEXED BY claims_by_time";
const NEWEST_FIRST = "ORDER BY claimed_at DESC, id DESC";

/** Agents are few, so each is stepped to in the index instead of reading every claim. */
const OF_REQUEST_ID = `id IN (
  WITH RECURSIVE agents (agent) AS (
    SELECT min(agent) FROM claims WHERE account = ?
    UNION ALL
    SELECT (SELECT min(agent) FROM claims WHERE account = ? AND agent > agents.agent)
    FROM agents WHERE agents.agent IS NOT NULL
  )
  SELECT claims.id FROM agents CROSS JOIN claims
  WHERE claims.account = ? AND claims.agent = agents.agent AND request_id = ?
)`;

export class ClaimListing {
  readonly #database: Database;
  readonly #scanMax: number;
  readonly #counted = new Map<AccountId, { count: number; last: number }>();

  constructor(database: Database, scanMax = SCAN_MAX) {
    this.#database = database;
    this.#scanMax = scanMax;
  }

  /** Throws LatchError `invalid_query` for a limit or a cursor that is none. */
  page(query: ClaimsQuery): { readonly bodies: readonly string[]; readonly next: string | null } {
    const limit = limitOf(query);
    const below = startOf(query);
    if (query.statuses?.length === 0) return { bodies: [], next: null };
    return this.#database.transaction(() => {
      const floor = this.#floor(query, below);
      const rows = this.#rows(query, below, floor, limit + 1);
      const bodies = rows.slice(0, limit).map(({ body }) => body);
      const last = rows.length > limit ? rows[limit - 1] : floor;
      return { bodies, next: last === undefined ? null : cursorOf(last) };
    })();
  }

  countByStatus(account: AccountId): Record<string, number> {
    return this.#database.transaction(() => {
      const unsettled = this.#database
        .prepare(
          `SELECT status, count(*) AS count FROM claims INDEXED BY claims_unsettled
           WHERE account = ? AND settled = 0 GROUP BY status`,
        )
        .all(account) as { status: string; count: number }[];
      const settled = unsettled.reduce((rest, { count }) => rest - count, this.#total(account));
      const counts = Object.fromEntries(unsettled.map(({ status, count }) => [status, count]));
      return settled === 0 ? counts : { ...counts, SETTLED: settled };
    })();
  }

  /** Only what came since the last count is read. */
  #total(account: AccountId): number {
    const { count, last } = this.#counted.get(account) ?? { count: 0, last: 0 };
    // The whole is counted in an index, which holds less; what came since by the row ids alone.
    const by = last === 0 ? BY_TIME : "NOT INDEXED";
    const more = this.#database
      .prepare(`SELECT count(*) AS count, max(id) AS last FROM claims ${by}
                WHERE account = ? AND id > ?`)
      .get(account, last) as Counted;
    this.#counted.set(account, { count: count + more.count, last: more.last ?? last });
    return count + more.count;
  }

  /** The last claim that this page may look at; undefined where that is all that are left. */
  #floor(query: ClaimsQuery, below: Place): Place | undefined {
    const { account, agent, symbol, statuses, from } = query;
    const isFiltered = agent !== undefined || symbol !== undefined || statuses !== undefined;
    if (!isFiltered || indexOf(query) !== BY_TIME) return undefined;
    return this.#database
      .prepare(
        `SELECT claimed_at AS at, id FROM claims ${BY_TIME}
         WHERE account = ? AND (claimed_at, id) < (?, ?) AND claimed_at >= ?
         ${NEWEST_FIRST} LIMIT 1 OFFSET ${this.#scanMax - 1}`,
      )
      .get(account, below.at, below.id, from ?? 0) as Place | undefined;
  }

  #rows(
    query: ClaimsQuery,
    below: Place,
    floor: Place | undefined,
    limit: number,
  ): readonly ClaimRow[] {
    const { account, requestId, agent, symbol, statuses, from, endedShortFrom } = query;
    const conditions = [
      { sql: "account = ?", values: [account] },
      { sql: "(claimed_at, id) < (?, ?)", values: [below.at, below.id] },
      from === undefined ? undefined : { sql: "claimed_at >= ?", values: [from] },
      endedShortFrom === undefined
        ? undefined
        : { sql: "ended_short_at >= ?", values: [endedShortFrom] },
      floor === undefined
        ? undefined
        : { sql: "(claimed_at, id) >= (?, ?)", values: [floor.at, floor.id] },
      requestId === undefined
        ? undefined
        : { sql: OF_REQUEST_ID, values: [account, account, account, requestId] },
      agent === undefined ? undefined : { sql: "agent = ?", values: [agent] },
      symbol === undefined ? undefined : { sql: "symbol = ?", values: [symbol] },
      statuses === undefined ? undefined : statusCondition(statuses),
    ].filter((condition) => condition !== undefined);
    const values = conditions.flatMap((condition): readonly unknown[] => condition.values);
    return this.#database
      .prepare(
        `SELECT claimed_at AS at, id, body FROM claims ${indexOf(query)}
         WHERE ${conditions.map(({ sql }) => sql).join(" AND ")} ${NEWEST_FIRST} LIMIT ?`,
      )
      .all(...values, limit) as ClaimRow[];
  }
}

/** What is few is found by itself; everything else along time. */
function indexOf({ requestId, statuses, endedShortFrom }: ClaimsQuery): string {
  if (requestId !== undefined) return "NOT INDEXED";
  if (endedShortFrom !== undefined) return "INDEXED BY claims_ended_short";
  return isUnsettledOnly(statuses) ? "INDEXED BY claims_unsettled" : BY_TIME;
}

/** With the words of the partial index, where that is to serve. */
function statusCondition(statuses: readonly ClaimStatus[]) {
  const marks = statuses.map(() => "?").join(", ");
  const partial = isUnsettledOnly(statuses) ? "settled = 0 AND " : "";
  return { sql: `${partial}status IN (${marks})`, values: statuses };
}
