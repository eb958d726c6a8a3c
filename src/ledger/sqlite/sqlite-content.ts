/**
 * The whole content of a SQLite ledger, to be copied.
 *
 * 1. A file is read only while no other connection has it open, and none can open it meanwhile.
 * 2. A file is written under another name, in one transaction, and gets its own once that is on
 *    disk; a file that is there already is never touched, and no log of one is taken for its own.
 */
import { closeSync, existsSync, linkSync, openSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { Database } from "better-sqlite3";
import { LatchError } from "../../core/errors.ts";
import { folderFault } from "../../core/folder-fault.ts";
import type { AccountId } from "../../core/ids.ts";
import type {
  AdoptedAccount,
  ContentBatch,
  ContentCounts,
  ContentReader,
  ContentWriter,
  KnownLogin,
} from "../ledger-content.ts";
import { syncDirectory } from "./backup.ts";
import type { OnMigration } from "./on-migration.ts";
import { openAlone, refuseMissing } from "./open-database.ts";
import { SqliteRows } from "./rows.ts";
import { storeError } from "./store-errors.ts";

const COUNTS = `SELECT
  (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM logins) AS logins,
  (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM claims) AS claims,
  (SELECT count(*) FROM guard_claims) AS guardClaims,
  (SELECT count(*) FROM books) AS books, (SELECT count(*) FROM incidents) AS incidents,
  (SELECT count(*) FROM checkpoints) AS checkpoints`;

/**
 * What a process that was killed has left beside a file that is gone: SQLite would read it into
 * whatever other file has that name next.
 */
const LOGS = ["-wal", "-journal"];

interface ClaimRow {
  readonly id: number;
  readonly account: string;
  readonly agent: string;
  readonly request_id: string;
}

/** Throws LatchError `store_missing`, `store_in_use` or another `store_*`; nothing is changed. */
export async function readSqliteContent<Value>(
  path: string,
  work: (source: ContentReader) => Promise<Value>,
  onMigration?: OnMigration,
): Promise<Value> {
  const file = resolve(path);
  try {
    refuseMissing(file);
    const database = openAlone(file, onMigration);
    try {
      return await work(new SqliteContent(database, file));
    } finally {
      database.close();
    }
  } catch (error) {
    throw storeError(error, file);
  }
}

/** Throws LatchError `store_not_empty` where there is a file or a log of one, or `store_*`. */
export async function writeSqliteContent<Value>(
  path: string,
  work: (target: ContentWriter) => Promise<Value>,
): Promise<Value> {
  const file = resolve(path);
  if (existsSync(file)) throw isThere(file);
  const log = LOGS.map((ending) => `${file}${ending}`).find((path) => existsSync(path));
  if (log !== undefined) {
    const message = `${log} is of a ledger that is gone from there; move it to where that is`;
    throw new LatchError("store_not_empty", message);
  }
  const part = join(dirname(file), `.${basename(file)}.part`);
  createAnew(part, file);
  try {
    const value = await written(part, file, work);
    linkSync(part, file);
    syncDirectory(dirname(file));
    return value;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw isThere(file);
    throw storeError(error, file);
  } finally {
    for (const ending of ["", "-journal"]) rmSync(`${part}${ending}`, { force: true });
  }
}

async function written<Value>(
  part: string,
  file: string,
  work: (target: ContentWriter) => Promise<Value>,
): Promise<Value> {
  const database = openAlone(part);
  try {
    const value = await work(new SqliteContent(database, file));
    database.exec("COMMIT");
    return value;
  } finally {
    database.close();
  }
}

function isThere(file: string): LatchError {
  return new LatchError("store_not_empty", `${file} is there already; a copy makes its own file`);
}

/** Two copies to one place at once must not write into one another's file. */
function createAnew(part: string, file: string): void {
  const fault = folderFault(dirname(part));
  if (fault !== undefined) {
    throw new LatchError("store_unwritable", `${file} cannot be written: ${fault}`);
  }
  try {
    closeSync(openSync(part, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      const message = `${part} is of another copy to ${file}; delete it if none is under way`;
      throw new LatchError("store_not_empty", message, { cause: error });
    }
    const message = `${file} cannot be written`;
    throw new LatchError("store_unwritable", message, { cause: error });
  }
}

class SqliteContent implements ContentWriter {
  readonly place: string;
  readonly #database: Database;
  readonly #rows: SqliteRows;

  constructor(database: Database, place: string) {
    this.#database = database;
    this.#rows = new SqliteRows(database);
    this.#rows.refresh();
    this.#rows.catchUp();
    this.place = place;
  }

  counts(): Promise<ContentCounts> {
    return this.#inTurn(() => this.#database.prepare(COUNTS).get() as ContentCounts);
  }

  events(after: number, limit: number) {
    return this.#inTurn(() => this.#rows.events(after, Number.MAX_SAFE_INTEGER, limit));
  }

  claims(after: number, limit: number) {
    const sql = `SELECT id, account, agent, request_id FROM claims
      WHERE id > ? ORDER BY id LIMIT ?`;
    return this.#inTurn(() =>
      this.#all<ClaimRow>(sql, after, limit).map(({ id, account, agent, request_id }) => {
        const key = { account, agent, requestId: request_id } as never;
        return { id, claim: this.#found(this.#rows.claim(key), `claim ${id}`) };
      }),
    );
  }

  guardClaims(after: number, limit: number) {
    return this.#inTurn(() => this.#rows.guards.page(after, limit));
  }

  incidents(after: number, limit: number) {
    const sql = "SELECT id, account FROM incidents WHERE id > ? ORDER BY id LIMIT ?";
    return this.#inTurn(() =>
      this.#all<{ id: number; account: AccountId }>(sql, after, limit).map(({ id, account }) =>
        this.#found(this.#rows.incidents.get(account, id), `incident ${id}`),
      ),
    );
  }

  checkpoints(after: number, limit: number) {
    return this.#inTurn(() => this.#rows.checkpoints(after, limit));
  }

  books() {
    const sql = "SELECT account, symbol FROM books";
    return this.#inTurn(() =>
      this.#all<{ account: AccountId; symbol: string }>(sql).map(({ account, symbol }) =>
        this.#rows.book(account, symbol),
      ),
    );
  }

  accounts() {
    const sql = "SELECT account, adopted_at AS at FROM accounts";
    return this.#inTurn(() => this.#all<AdoptedAccount>(sql));
  }

  logins() {
    return this.#inTurn(() => this.#all<KnownLogin>("SELECT login, account FROM logins"));
  }

  write(batch: ContentBatch): Promise<void> {
    return this.#inTurn(() => {
      this.#save(batch);
      this.#rows.catchUpAtEnd();
      this.#rows.finish();
    });
  }

  /** A copy has two files at work: what fails says which of them it was. */
  async #inTurn<Value>(work: () => Value): Promise<Value> {
    await turnOfTheLoop();
    try {
      return work();
    } catch (error) {
      throw storeError(error, this.place);
    }
  }

  #save(batch: ContentBatch): void {
    switch (batch.kind) {
      case "accounts":
        for (const { account, at } of batch.values) this.#rows.markAdopted(account, at);
        return;
      case "logins":
        for (const { login, account } of batch.values) this.#rows.saveLogin(login, account);
        return;
      case "events":
        for (const event of batch.values) this.#rows.appendStored(event);
        return;
      case "claims":
        for (const claim of batch.values) this.#rows.saveClaim(claim, undefined);
        return;
      case "guardClaims":
        for (const claim of batch.values) this.#rows.guards.save(claim, undefined);
        return;
      case "books":
        for (const book of batch.values) this.#rows.saveBook(book);
        return;
      case "incidents":
        for (const incident of batch.values) this.#rows.incidents.save(incident);
        return;
      case "checkpoints":
        for (const checkpoint of batch.values) this.#rows.keepCheckpoint(checkpoint);
        return;
    }
  }

  #found<Value>(value: Value | undefined, what: string): Value {
    if (value !== undefined) return value;
    const message = `the ledger ${this.place} is damaged: ${what} cannot be found by its key`;
    throw new LatchError("store_corrupt", message);
  }

  #all<Row>(sql: string, ...parameters: readonly (string | number)[]): Row[] {
    return this.#database.prepare(sql).all(...parameters) as Row[];
  }
}
