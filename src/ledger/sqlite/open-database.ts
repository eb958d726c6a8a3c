/**
 * Opens the ledger's file, or refuses it with a reason and leaves it as it was.
 *
 * 1. The journal is a WAL. Whether a commit waits for the disk is said after that is on, by
 *    sync-mode.ts: better-sqlite3's own default is NORMAL.
 * 2. A file that exists is opened by SQLite and by nothing else. Closing any other descriptor of it
 *    would drop every lock that this process holds on it, those of an open ledger included.
 * 3. Any number of processes may open a fresh file at the same time.
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  realpathSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import type { Database } from "better-sqlite3";
import { LatchError } from "../../core/errors.ts";
import { folderFault } from "../../core/folder-fault.ts";
import { storeInUse, UPGRADED_FIRST } from "../store-refusals.ts";
import { openSqlite } from "./binding.ts";
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from "./migrations.ts";
import type { OnMigration } from "./on-migration.ts";
import { BUSY_TIMEOUT_MS, probed, soundVersion } from "./probe.ts";
import { requireSqlite } from "./require-sqlite.ts";
import { refuseNewer, schemaVersion } from "./schema-version.ts";
import { isBusy, oneLine, storeError } from "./store-errors.ts";

/** How often the switch to WAL is tried while others make it too; each try waits for a lock. */
const WAL_TRIES = 100;

export function openDatabase(path: string, onMigration?: OnMigration): Database {
  // An absolute path is never taken for ":memory:" or for a "file:" URI.
  const file = resolve(path);
  requireSqlite();
  createPrivately(file);
  refuseUnusable(file);
  try {
    refuseForeign(file);
    keepPrivate(file);
    return connect(file, onMigration);
  } catch (error) {
    throw storeError(error, file);
  }
}

/**
 * Brings a ledger of an older program to this one's schema, unless somebody has it open: that may
 * be the older program, which could take no more orders. Throws LatchError `store_*`.
 */
export function migrateUnused(path: string, onMigration?: OnMigration): void {
  const file = resolve(path);
  refuseMissing(file);
  refuseUnusable(file);
  try {
    if (probed(file, schemaVersion) >= SCHEMA_VERSION) return;
    const database = openAlone(file, onMigration, UPGRADED_FIRST);
    database.exec("COMMIT");
    database.close();
  } catch (error) {
    throw storeError(error, file);
  }
}

/** Throws LatchError `store_missing` or `store_not_a_database` for what is no ledger's file. */
export function refuseMissing(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new LatchError("store_missing", `there is no ledger ${JSON.stringify(file)}`);
  }
  if (found.isDirectory()) throw new LatchError("store_not_a_database", `${file} is a folder`);
  // A ledger would be made of it, which is not what reading means.
  if (found.size === 0) throw new LatchError("store_not_a_database", `${file} is empty`);
}

/**
 * Opens `file` where no other connection has it open, keeps everybody out, and begins a
 * transaction. A file of an older program is migrated in that, and so only if it is committed.
 */
export function openAlone(file: string, onMigration?: OnMigration, purpose?: string): Database {
  refuseForeign(file);
  const database = openSqlite(file, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma("locking_mode = EXCLUSIVE");
    syncThroughDrives(database);
    database.exec("BEGIN EXCLUSIVE");
    migrate(database, file, onMigration);
    return database;
  } catch (error) {
    database.close();
    throw isBusy(error) ? storeInUse(file, purpose, error) : error;
  }
}

/**
 * What an open ledger is kept in, each with the file that its path leads to: the ledger's own, and
 * beside it SQLite's log and what processes lock that by. Commits that are not in the file yet are
 * lost with the log; without the lock's file two processes write to one log at once.
 */
export function filesInUse(path: string): ReadonlyMap<string, string> {
  // SQLite keeps both where a link leads to.
  const beside = ["-wal", "-shm"].map((ending) => `${realpathSync(path)}${ending}`);
  return new Map([path, ...beside].map((used) => [used, fileIdentity(used)]));
}

/** Which file a path leads to: another one after it was moved, replaced or deleted. */
export function fileIdentity(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? "no file" : `${found.dev}:${found.ino}`;
}

/** A new file has mode 0600 before SQLite sees it; its WAL and index inherit the mode. */
function createPrivately(file: string): void {
  try {
    if (file !== file.trim()) throw new Error("its name begins or ends with a space");
    if (existsSync(file)) return;
    const fault = folderFault(dirname(file));
    if (fault !== undefined) throw new Error(fault);
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    // Another process was faster, and has made it the same way.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(file, error);
  }
}

function refuseUnusable(file: string): void {
  try {
    if (!statSync(file).isFile()) throw new Error("it is not a file");
    accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): LatchError {
  const reason = oneLine(error instanceof Error ? error.message : String(error));
  return new LatchError("store_unwritable", `the ledger ${file} cannot be written: ${reason}`, {
    cause: error,
  });
}

/** A file that was there before keeps its own mode until it is known to be ours. */
function keepPrivate(file: string): void {
  if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
}

/** So that a file that is not ours stays byte for byte as it was. */
function refuseForeign(file: string): void {
  probed(file, (probe) => soundVersion(probe, file));
}

function connect(file: string, onMigration: OnMigration | undefined): Database {
  const database = openSqlite(file, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    switchToWal(database);
    syncThroughDrives(database);
    // The ledger moves the WAL into the file itself: see wal.ts.
    database.pragma("wal_autocheckpoint = 0");
    database.pragma("foreign_keys = ON");
    const journal = database.pragma("journal_mode", { simple: true });
    if (journal !== "wal") {
      throw new LatchError("store_failed", `${file}: journal_mode is ${String(journal)}, not wal`);
    }
    migrate(database, file, onMigration);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * On macOS an fsync leaves what it has written in the drive's own cache; SQLite knows how to ask
 * for more (https://sqlite.org/pragma.html#pragma_fullfsync). It changes nothing anywhere else.
 */
function syncThroughDrives(database: Database): void {
  database.pragma("synchronous = FULL");
  database.pragma("fullfsync = ON");
  database.pragma("checkpoint_fullfsync = ON");
}

/**
 * Where several first openings meet in the switch, SQLite refuses all but one at once, without the
 * busy timeout: it could not wait there without a deadlock. So the others wait for a lock outside.
 */
function switchToWal(database: Database): void {
  for (let tries = 1; ; tries += 1) {
    try {
      database.pragma("journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || tries === WAL_TRIES) throw error;
      database.exec("BEGIN EXCLUSIVE; ROLLBACK");
    }
  }
}

function migrate(database: Database, file: string, onMigration: OnMigration | undefined): void {
  if (schemaVersion(database) === SCHEMA_VERSION) return;
  database
    .transaction(() => {
      refuseNewer(database, file);
      for (const step of MIGRATIONS.slice(schemaVersion(database))) {
        if (typeof step === "string") database.exec(step);
        else step(database, onMigration);
      }
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${SCHEMA_VERSION}`);
    })
    .immediate();
}
