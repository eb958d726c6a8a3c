/** The statements about incidents on one connection: rows in, domain values out. No decisions. */
import type { Database } from "better-sqlite3";
import type { AccountId, ClaimKey } from "../../core/ids.ts";
import type { Incident } from "../../incident/incident.ts";
import { INCIDENTS_DEFAULT, type IncidentsQuery } from "../ledger.ts";
import { CAUSES_LOOKBACK, CAUSES_MAX, type IncidentRows } from "../rows.ts";
import { frozen } from "./frozen.ts";
import { PreparedStatements } from "./prepared-statements.ts";

export class SqliteIncidentRows implements IncidentRows {
  readonly #statements: PreparedStatements;
  readonly #catchUp: () => void;
  /** Those that are open, in the whole ledger; undefined where they are to be read. */
  #open: readonly Incident[] | undefined;

  /** `catchUp` brings the rows of claims up to what their events come to. */
  constructor(database: Database, catchUp: () => void) {
    this.#statements = new PreparedStatements(database);
    this.#catchUp = catchUp;
  }

  /** What is open is read anew: somebody else may have written, or a transaction was taken back. */
  forget(): void {
    this.#open = undefined;
  }

  next(): number {
    const row = this.#statements.of("SELECT max(id) AS last FROM incidents").get();
    return ((row as { last: number | null }).last ?? 0) + 1;
  }

  get(account: AccountId, id: number): Incident | undefined {
    const body = this.#statements
      .of("SELECT body FROM incidents WHERE account = ? AND id = ?")
      .pluck()
      .get(account, id) as string | undefined;
    return body === undefined ? undefined : (JSON.parse(body) as Incident);
  }

  open(account: AccountId, subject: string): Incident | undefined {
    return this.#allOpen().find((one) => one.account === account && one.subject === subject);
  }

  openIn(account: AccountId, symbol: string): Incident[] {
    return this.#allOpen().filter((one) => one.account === account && one.symbol === symbol);
  }

  /** They are few, and each order asks for its own. */
  #allOpen(): readonly Incident[] {
    if (this.#open === undefined) {
      const sql = "SELECT body FROM incidents WHERE is_open = 1 ORDER BY id";
      const rows = this.#statements.of(sql).all() as { body: string }[];
      this.#open = rows.map(({ body }) => frozen(JSON.parse(body) as Incident));
    }
    return this.#open;
  }

  /**
   * Each order's answer asks for the open ones, and they are few beside all: `+id` keeps SQLite
   * from walking every incident for the sake of their order, so that it takes a partial index.
   */
  list(account: AccountId, query: IncidentsQuery): Incident[] {
    const { symbol, isOpen, before, limit = INCIDENTS_DEFAULT } = query;
    // What every answer asks, by the shortest way.
    if (isOpen === true && symbol !== undefined && before === undefined) {
      return this.openIn(account, symbol).reverse().slice(0, limit);
    }
    const where = [
      "account = :account",
      ...(isOpen === undefined ? [] : [isOpen ? "is_open = 1" : "is_open = 0"]),
      ...(symbol === undefined ? [] : ["symbol = :symbol"]),
      ...(before === undefined ? [] : ["id < :before"]),
    ];
    const sql = `SELECT body FROM incidents WHERE ${where.join(" AND ")}
      ORDER BY ${isOpen ? "+id" : "id"} DESC LIMIT :limit`;
    const rows = this.#statements.of(sql).all({ account, symbol, before, limit });
    return (rows as { body: string }[]).map(({ body }) => JSON.parse(body) as Incident);
  }

  save(incident: Incident): void {
    this.forget();
    const { id, account, symbol, subject, resolution } = incident;
    this.#statements
      .of(
        `INSERT INTO incidents (id, account, symbol, subject, is_open, body)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET is_open = excluded.is_open, body = excluded.body`,
      )
      .run(id, account, symbol, subject, Number(resolution === null), JSON.stringify(incident));
  }

  causes(account: AccountId, symbol: string, episode: number): ClaimKey[] {
    this.#catchUp();
    const rows = this.#statements
      .of(
        `SELECT agent, request_id FROM
           (SELECT id, agent, request_id, symbol, episode, filled, settled FROM claims
             WHERE account = ? ORDER BY claimed_at DESC, id DESC LIMIT ${CAUSES_LOOKBACK})
         WHERE symbol = ? AND episode = ? AND (filled = 1 OR settled = 0)
         ORDER BY id DESC LIMIT ${CAUSES_MAX}`,
      )
      .all(account, symbol, episode) as { agent: string; request_id: string }[];
    const keys = rows.map(
      (row) => ({ account, agent: row.agent, requestId: row.request_id }) as ClaimKey,
    );
    return keys.reverse();
  }
}
