/**
 * The bare minimum of many claims at once: a row for each in one commit that is synced, and their
 * updates in one that is not. With `events` also what an audited ledger cannot leave out, the five
 * events of an order that fills at once, each with the hash of the one before it in its own.
 * Nothing is decided, folded or looked up, and the only index is the primary key.
 */
import { createHash } from "node:crypto";
import type Sqlite from "better-sqlite3";
import { Database } from "../test/sqlite-database.ts";
import { CLAIM_SIZED_BODY, SETTLED_SIZED_BODY } from "./bare-store.ts";

const OF_CLAIM = ["claimed"] as const;
const OF_SETTLEMENT = ["accepted", "fill_booked", "order_ended", "sealed"] as const;
const NO_HASH = "0".repeat(64);

export class BareGroup {
  readonly #database: Sqlite.Database;
  readonly #hasEvents: boolean;
  readonly #insert: Sqlite.Statement;
  readonly #update: Sqlite.Statement;
  readonly #append: Sqlite.Statement;
  #sequence = 0;
  #hash = NO_HASH;

  constructor(file: string, { events }: { readonly events: boolean }) {
    this.#database = new Database(file);
    this.#database.pragma("journal_mode = WAL");
    this.#database.pragma("wal_autocheckpoint = 4000");
    this.#database.exec(`
      CREATE TABLE claims (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
      CREATE TABLE events (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL)
        STRICT`);
    this.#hasEvents = events;
    this.#insert = this.#database.prepare("INSERT INTO claims VALUES (?, ?)");
    this.#update = this.#database.prepare("UPDATE claims SET body = ? WHERE id = ?");
    this.#append = this.#database.prepare("INSERT INTO events VALUES (?, ?, ?)");
  }

  /** Claims and settles all of them. */
  pairs(ids: readonly string[]): void {
    this.#commit("FULL", () => {
      for (const id of ids) {
        this.#insert.run(id, CLAIM_SIZED_BODY);
        this.#appendAll(id, OF_CLAIM);
      }
    });
    this.#commit("NORMAL", () => {
      for (const id of ids) {
        this.#appendAll(id, OF_SETTLEMENT);
        this.#update.run(SETTLED_SIZED_BODY, id);
      }
    });
  }

  #commit(synchronous: "FULL" | "NORMAL", write: () => void): void {
    this.#database.pragma(`synchronous = ${synchronous}`);
    this.#database.transaction(write).immediate();
  }

  #appendAll(id: string, types: readonly string[]): void {
    if (!this.#hasEvents) return;
    for (const type of types) {
      this.#sequence += 1;
      const body = JSON.stringify({ agent: "bench", id, quantity: "6", type });
      this.#hash = createHash("sha256").update(this.#hash).update(body).digest("hex");
      this.#append.run(this.#sequence, body, this.#hash);
    }
  }

  close(): void {
    this.#database.close();
  }
}
