/**
 * The bare minimum of a claim in PostgreSQL: one table, one insert that does nothing where the key
 * is there, each in a commit of its own. The driver is the product's, with the number of
 * connections that it takes by itself.
 */
import postgres from "postgres";

export class BarePostgres {
  readonly #sql: postgres.Sql;

  private constructor(sql: postgres.Sql) {
    this.#sql = sql;
  }

  static async open(url: string): Promise<BarePostgres> {
    const sql = postgres(url, { onnotice: () => undefined });
    await sql`CREATE TABLE bare (
      account text NOT NULL, agent text NOT NULL, id text NOT NULL, body text NOT NULL,
      PRIMARY KEY (account, agent, id))`;
    return new BarePostgres(sql);
  }

  /** Whether the row is this caller's; it is on disk when it resolves. */
  async claim(id: string, body: string): Promise<boolean> {
    const rows = await this.#sql`
      INSERT INTO bare VALUES ('account', 'agent', ${id}, ${body})
      ON CONFLICT DO NOTHING RETURNING id`;
    return rows.length === 1;
  }

  close(): Promise<void> {
    return this.#sql.end();
  }
}
