/** The statements about claims that are no orders: rows in, domain values out. No decisions. */
import type { Database } from "better-sqlite3";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import { InvariantError } from "../../core/errors.ts";
import type { ClaimKey } from "../../core/ids.ts";
import type { NumberedGuardClaim } from "../ledger.ts";
import type { GuardRows } from "../rows.ts";
import { PreparedStatements } from "./prepared-statements.ts";

const OF_KEY = "account = ? AND agent = ? AND request_id = ?";

interface BodyRow {
  readonly id: number;
  readonly body: string;
}

export class SqliteGuardRows implements GuardRows {
  readonly #statements: PreparedStatements;

  constructor(database: Database) {
    this.#statements = new PreparedStatements(database);
  }

  get({ account, agent, requestId }: ClaimKey): GuardClaim | undefined {
    const sql = `SELECT id, body FROM guard_claims WHERE ${OF_KEY}`;
    const row = this.#statements.of(sql).get(account, agent, requestId) as BodyRow | undefined;
    return row && (JSON.parse(row.body) as GuardClaim);
  }

  save(claim: GuardClaim, before: GuardClaim | undefined): void {
    const { account, agent, requestId } = claim.key;
    const settled = Number(claim.status === "SETTLED");
    const values = [settled, JSON.stringify(claim), account, agent, requestId];
    const sql =
      before === undefined
        ? `INSERT INTO guard_claims (settled, body, account, agent, request_id)
           VALUES (?, ?, ?, ?, ?)`
        : `UPDATE guard_claims SET settled = ?, body = ? WHERE ${OF_KEY}`;
    const { changes } = this.#statements.of(sql).run(...values);
    if (changes !== 1) throw new InvariantError(`the claim ${requestId} has no row`);
  }

  unsettled(after: number, limit: number): NumberedGuardClaim[] {
    const sql = `SELECT id, body FROM guard_claims WHERE settled = 0 AND id > ?
      ORDER BY id LIMIT ?`;
    return this.#claims(sql, after, limit);
  }

  /** At most `limit` that follow the one numbered `after`. */
  page(after: number, limit: number): NumberedGuardClaim[] {
    return this.#claims(
      "SELECT id, body FROM guard_claims WHERE id > ? ORDER BY id LIMIT ?",
      after,
      limit,
    );
  }

  count(): number {
    return this.#statements.of("SELECT count(*) FROM guard_claims").pluck().get() as number;
  }

  #claims(sql: string, ...parameters: readonly number[]): NumberedGuardClaim[] {
    const rows = this.#statements.of(sql).all(...parameters) as BodyRow[];
    return rows.map(({ id, body }) => ({ id, claim: JSON.parse(body) as GuardClaim }));
  }
}
