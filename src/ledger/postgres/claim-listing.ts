/**
 * Claims as people and monitors ask for them; bounded as those of the SQLite ledger are: what is
 * not settled is few, everything else is read along time, and each claim is counted once.
 */
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
import type { ConnectionPool } from "./connection-pool.ts";
import { columnValue } from "./text-column.ts";

interface ClaimRow extends Place {
  readonly body: string;
}

type Parameter = string | number | null;

const NEWEST_FIRST = "ORDER BY claimed_at DESC, id DESC";

/** Collects parameters as their places are written. */
class Condition {
  readonly parameters: Parameter[] = [];
  readonly #parts: string[] = [];

  where(write: (place: (value: Parameter) => string) => string): void {
    this.#parts.push(
      write((value) => {
        this.parameters.push(columnValue(value));
        return `$${this.parameters.length}`;
      }),
    );
  }

  get text(): string {
    return this.#parts.join(" AND ");
  }
}

export class ClaimListing {
  readonly #pool: ConnectionPool;
  readonly #counted = new Map<AccountId, { count: number; last: number }>();

  constructor(pool: ConnectionPool) {
    this.#pool = pool;
  }

  /** Rejects with LatchError `invalid_query` for a limit or a cursor that is none. */
  async page(
    query: ClaimsQuery,
  ): Promise<{ readonly bodies: readonly string[]; readonly next: string | null }> {
    const limit = limitOf(query);
    const below = startOf(query);
    if (query.statuses?.length === 0) return { bodies: [], next: null };
    const floor = await this.#floor(query, below);
    const rows = await this.#rows(query, below, floor, limit + 1);
    const bodies = rows.slice(0, limit).map(({ body }) => body);
    const last = rows.length > limit ? rows[limit - 1] : floor;
    return { bodies, next: last === undefined ? null : cursorOf(last) };
  }

  async countByStatus(account: AccountId): Promise<Record<string, number>> {
    const known = this.#counted.get(account) ?? { count: 0, last: 0 };
    // One statement, so that both counts are of one moment.
    const rows = await this.#pool.ask<{ status: string | null; count: number; last: number }>(
      `SELECT status, count(*) AS count, 0 AS last FROM tradelatch.claims
         WHERE account = $1 AND status <> 'SETTLED' GROUP BY status
       UNION ALL
       SELECT NULL, count(*), coalesce(max(id), 0) FROM tradelatch.claims
         WHERE account = $1 AND id > $2`,
      [columnValue(account), known.last],
    );
    const since = rows.find(({ status }) => status === null);
    const total = { count: known.count + (since?.count ?? 0), last: since?.last || known.last };
    this.#counted.set(account, total);
    const unsettled = rows.filter(({ status }) => status !== null);
    const settled = unsettled.reduce((rest, { count }) => rest - count, total.count);
    const counts = Object.fromEntries(unsettled.map(({ status, count }) => [status, count]));
    return settled === 0 ? counts : { ...counts, SETTLED: settled };
  }

  /** The last claim that this page may look at; undefined where that is all that are left. */
  async #floor(query: ClaimsQuery, below: Place): Promise<Place | undefined> {
    const { account, requestId, agent, symbol, statuses, from = 0, endedShortFrom } = query;
    const isFiltered = agent !== undefined || symbol !== undefined || statuses !== undefined;
    const isFew = requestId !== undefined || endedShortFrom !== undefined;
    if (!isFiltered || isFew || isUnsettledOnly(statuses)) return undefined;
    const rows = await this.#pool.ask<Place>(
      `SELECT claimed_at AS at, id FROM tradelatch.claims
       WHERE account = $1 AND (claimed_at, id) < ($2, $3) AND claimed_at >= $4
       ${NEWEST_FIRST} LIMIT 1 OFFSET ${SCAN_MAX - 1}`,
      [columnValue(account), below.at, below.id, from],
    );
    return rows[0];
  }

  #rows(
    query: ClaimsQuery,
    below: Place,
    floor: Place | undefined,
    limit: number,
  ): Promise<readonly ClaimRow[]> {
    const { account, requestId, agent, symbol, statuses, from, endedShortFrom } = query;
    const condition = new Condition();
    condition.where((place) => `account = ${place(account)}`);
    condition.where((place) => `(claimed_at, id) < (${place(below.at)}, ${place(below.id)})`);
    if (from !== undefined) condition.where((place) => `claimed_at >= ${place(from)}`);
    if (endedShortFrom !== undefined) {
      condition.where((place) => `ended_short_at >= ${place(endedShortFrom)}`);
    }
    if (floor !== undefined) {
      condition.where((place) => `(claimed_at, id) >= (${place(floor.at)}, ${place(floor.id)})`);
    }
    if (requestId !== undefined) condition.where((place) => `request_id = ${place(requestId)}`);
    if (agent !== undefined) condition.where((place) => `agent = ${place(agent)}`);
    if (symbol !== undefined) condition.where((place) => `symbol = ${place(symbol)}`);
    if (statuses !== undefined) {
      if (isUnsettledOnly(statuses)) condition.where(() => "status <> 'SETTLED'");
      condition.where((place) => `status IN (${statuses.map(place).join(", ")})`);
    }
    return this.#pool.ask<ClaimRow>(
      `SELECT claimed_at AS at, id, body FROM tradelatch.claims
       WHERE ${condition.text} ${NEWEST_FIRST} LIMIT ${limit}`,
      condition.parameters,
    );
  }
}
