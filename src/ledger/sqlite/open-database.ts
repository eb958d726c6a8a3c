/**
 * Opens the ledger's file, or refuses it with a reason and leaves it as it was.
 *
 * Two connections: `durable` commits with an fsync (WAL, synchronous=FULL), `relaxed` without one
 * (synchronous=NORMAL) and is used only for what the broker can tell again. Both settings are made
 * after WAL is on: better-sqlite3's own default there is NORMAL.
 */
import { chmodSync, closeSync, openSync, statSync } from "node:fs";
import Database from "better-sqlite3";
import { LatchError } from "../../core/errors.ts";
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from "./migrations.ts";
import { storeError } from "./store-errors.ts";

/** How long a commit waits for another process; well under the send deadline. */
const BUSY_TIMEOUT_MS = 2_000;

/** Files up to this size are checked whole when they are opened. */
const CHECKED_BYTES = 16 * 1024 * 1024;

export interface Connections {
  readonly durable: Database.Database;
  readonly relaxed: Database.Database;
}

export function openConnections(file: string): Connections {
  createPrivately(file);
  try {
    const durable = connect(file, "FULL");
    try {
      return { durable, relaxed: connect(file, "NORMAL") };
    } catch (error) {
      durable.close();
      throw error;
    }
  } catch (error) {
    throw storeError(error, file);
  }
}

/** The file exists with mode 0600 before SQLite sees it; its WAL and index inherit the mode. */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LatchError("store_unwritable", `the ledger ${file} cannot be written: ${reason}`, {
      cause: error,
    });
  }
}

function connect(file: string, synchronous: "FULL" | "NORMAL"): Database.Database {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    refuseForeign(database, file);
    database.pragma("journal_mode = WAL");
    database.pragma(`synchronous = ${synchronous}`);
    database.pragma("foreign_keys = ON");
    assertPragma(database, "journal_mode", "wal", file);
    assertPragma(database, "synchronous", synchronous === "FULL" ? 2 : 1, file);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Reads only, so that a file that is not ours stays byte for byte as it was. */
function refuseForeign(database: Database.Database, file: string): void {
  const applicationId = pragmaNumber(database, "application_id");
  const version = pragmaNumber(database, "user_version");
  const objects = database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() as number;
  if (applicationId !== APPLICATION_ID && (objects > 0 || version !== 0)) {
    throw new LatchError("store_not_a_database", `${file} is a database of another program`);
  }
  if (version > SCHEMA_VERSION) {
    const message = `${file} has schema version ${version}; this program knows versions up to ${SCHEMA_VERSION}`;
    throw new LatchError("store_newer", message);
  }
  if (statSync(file).size > CHECKED_BYTES) return;
  const found = database.pragma("quick_check(1)", { simple: true });
  if (found !== "ok") throw new LatchError("store_corrupt", `${file} is damaged: ${String(found)}`);
}

function migrate(database: Database.Database): void {
  database
    .transaction(() => {
      const version = pragmaNumber(database, "user_version");
      for (const step of MIGRATIONS.slice(version)) database.exec(step);
      if (version === SCHEMA_VERSION) return;
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${SCHEMA_VERSION}`);
    })
    .immediate();
}

function pragmaNumber(database: Database.Database, name: string): number {
  return database.pragma(name, { simple: true }) as number;
}

function assertPragma(
  database: Database.Database,
  name: string,
  expected: string | number,
  file: string,
): void {
  const actual = database.pragma(name, { simple: true });
  if (actual === expected) return;
  throw new LatchError("store_failed", `${file}: ${name} is ${String(actual)}, not ${expected}`);
}
