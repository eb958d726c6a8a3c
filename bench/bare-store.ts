/**
 * The bare minimum of a durable store: one table in one SQLite file, WAL, synchronous=FULL, rows
 * as large as a claim's. Nothing of the product is in it but its choice of driver.
 */
import type Sqlite from "better-sqlite3";
import { Database } from "../test/sqlite-database.ts";

export class BareStore {
  readonly #database: Sqlite.Database;
  readonly #insert: Sqlite.Statement;
  readonly #update: Sqlite.Statement;
  readonly #read: Sqlite.Statement;

  constructor(file: string) {
    this.#database = new Database(file);
    this.#database.pragma("journal_mode = WAL");
    this.#database.pragma("synchronous = FULL");
    this.#database.exec(`CREATE TABLE IF NOT EXISTS bare (
      account TEXT NOT NULL, agent TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY (account, agent, id)) STRICT`);
    this.#insert = this.#database.prepare("INSERT INTO bare VALUES (?, ?, ?, ?)");
    const key = "account = ? AND agent = ? AND id = ?";
    this.#update = this.#database.prepare(`UPDATE bare SET body = ? WHERE ${key}`);
    this.#read = this.#database.prepare(`SELECT body FROM bare WHERE ${key}`);
  }

  /** Is on disk when it returns. */
  insert(id: string, body: string): void {
    this.#insert.run("account", "agent", id, body);
  }

  /** Is on disk when it returns; SQLite writes nothing where `body` is what the row has already. */
  update(id: string, body: string): void {
    this.#update.run(body, "account", "agent", id);
  }

  read(id: string): unknown {
    const row = this.#read.get("account", "agent", id) as { body: string };
    return JSON.parse(row.body);
  }

  close(): void {
    this.#database.close();
  }
}

/** A row's worth of text, as long as the claim of an order. */
export const CLAIM_SIZED_BODY = bodyWith("OPEN");
/** The same once it is settled. */
export const SETTLED_SIZED_BODY = bodyWith("DONE");

function bodyWith(status: string): string {
  return JSON.stringify({
    key: { account: "e6fe16f3-64a4-4921-8928-cadf02f92f98", agent: "bench", requestId: "bench-1" },
    intent: { symbol: "TQQQ", side: "buy", effect: "open", quantity: "6", type: "market" },
    rest: Array.from({ length: 24 }, (_, index) => ({ field: `name-${index}`, value: null })),
    status,
  });
}
