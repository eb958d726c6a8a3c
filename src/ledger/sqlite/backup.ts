/**
 * Copies the ledger's file while it is written, and keeps the last copies.
 *
 * 1. A copy is one moment of the ledger: it is taken inside a read transaction of a connection of
 *    its own, so that writers neither wait for it nor make it begin anew.
 * 2. It gets its name only once it was opened, checked whole and found to continue no further than
 *    the ledger does; what is cut off or wrong has another name and is taken away.
 * 3. Only copies of this ledger are ever deleted, by their names; nothing inside a ledger is.
 *
 * Restoring is putting a copy in the ledger's place; docs/OPERATING.md says how.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { BackupMetadata, Database } from "better-sqlite3";
import type { EpochMs } from "../../core/clock.ts";
import { LatchError, messageOf } from "../../core/errors.ts";
import { folderFault } from "../../core/folder-fault.ts";
import type { Backup, BackupRequest } from "../backup.ts";
import { EMPTY_LOG, followChain, GENESIS_HASH } from "../event-chain.ts";
import { openSqlite } from "./binding.ts";
import { APPLICATION_ID } from "./migrations.ts";
import { refuseMissing } from "./open-database.ts";
import { requireSqlite } from "./require-sqlite.ts";
import { SqliteRows } from "./rows.ts";
import { oneLine, storeError } from "./store-errors.ts";

/** So many pages are copied between two turns of the event loop; a page has 4 KiB. */
const PAGES_AT_ONCE = 256;
/** How much of the whole is over when the file is copied, and when its claims are read. */
const COPIED_PART = 0.3;
const CLAIMS_PART = 0.5;
/** So many rows are checked between two turns. */
const ROWS_AT_ONCE = 100;
/** Up to this size SQLite's integrity check takes less than a tenth of a second. */
const CHECKED_BYTES = 16 * 1_024 * 1_024;
const BUSY_TIMEOUT_MS = 2_000;
/** A copy that nobody has finished for so long is of a process that died. */
const ABANDONED_MS = 24 * 60 * 60 * 1_000;
const STAMP = /^\d{8}T\d{9}Z$/;

type CopiedThrough = Pick<Backup, "sequence" | "hash">;

/**
 * Rejects with LatchError `store_missing` or `store_not_a_database` where there is no ledger, and
 * otherwise with `backup_failed`; then the directory is as it was, unless the message says that the
 * copy was made.
 */
export async function backUpSqliteLedger(file: string, request: BackupRequest): Promise<Backup> {
  const source = resolve(file);
  refuseMissing(source);
  requireSqlite();
  const { directory, now } = request;
  const stem = basename(source, extname(source));
  const name = `${stem}-${stampOf(now)}.db`;
  const part = join(directory, `.${name}.part`);
  const path = join(directory, name);
  let made: CopiedThrough;
  try {
    const fault = folderFault(directory);
    if (fault !== undefined) throw new Error(fault);
    createPrivately(part);
    made = await copy(source, part, request);
    await verify(part, made, request);
    renameSync(part, path);
    syncDirectory(directory);
  } catch (error) {
    takeAway(part);
    const failure = storeError(error, source);
    throw isNoLedger(failure) ? failure : backupFailed(source, directory, error);
  }
  return { path, ...made, removed: removeOld(directory, stem, name, request) };
}

/** Nothing is wrong with where the copy goes: another file is to be named. */
function isNoLedger(error: unknown): boolean {
  return error instanceof LatchError && error.code === "store_not_a_database";
}

function takeAway(part: string): void {
  for (const left of [part, `${part}-journal`, `${part}-wal`, `${part}-shm`]) {
    try {
      rmSync(left, { force: true });
    } catch {
      // Where it cannot be deleted it could not be made either; why, the failure itself says.
    }
  }
}

function createPrivately(part: string): void {
  rmSync(part, { force: true });
  closeSync(openSync(part, "wx", 0o600));
}

/** Copies the ledger as it is at one moment, and gives the last event of that moment. */
async function copy(
  source: string,
  part: string,
  { signal, onProgress }: BackupRequest,
): Promise<CopiedThrough> {
  // Without a WAL nobody has it open: a connection that only reads would leave an empty one behind.
  const readonly = existsSync(`${source}-wal`);
  const options = { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS };
  const database = openSqlite(source, options);
  try {
    if (database.pragma("application_id", { simple: true }) !== APPLICATION_ID) {
      throw new LatchError("store_not_a_database", `${source} is not a ledger of TradeLatch`);
    }
    database.exec("BEGIN");
    const last = new SqliteRows(database).lastEvent();
    const progress = ({ totalPages, remainingPages }: BackupMetadata) => {
      signal?.throwIfAborted();
      onProgress?.(COPIED_PART * (1 - remainingPages / Math.max(1, totalPages)));
      return PAGES_AT_ONCE;
    };
    await database.backup(part, { progress });
    return { sequence: last?.sequence ?? 0, hash: last?.hash ?? GENESIS_HASH };
  } finally {
    database.close();
  }
}

async function verify(
  part: string,
  expected: CopiedThrough,
  request: BackupRequest,
): Promise<void> {
  const database = openSqlite(part, { fileMustExist: true });
  try {
    // A copy is one file: with a WAL beside it, only half of it would be carried away.
    database.pragma("journal_mode = DELETE");
    if (request.mayBlock === true || statSync(part).size <= CHECKED_BYTES) {
      const found = String(database.pragma("integrity_check(1)", { simple: true }));
      if (found !== "ok") throw new Error(`the copy is damaged: ${oneLine(found)}`);
    }
    await readClaims(database, request);
    await verifyChain(new SqliteRows(database), expected, request);
  } finally {
    database.close();
  }
}

/** Every claim can be read; the events are by {@link verifyChain}. */
async function readClaims(
  database: Database,
  { signal, onProgress }: BackupRequest,
): Promise<void> {
  const last = database.prepare("SELECT max(id) FROM claims").pluck().get() as number | null;
  const page = database.prepare(
    `SELECT id, json_valid(body) AS valid FROM claims WHERE id > ?
     ORDER BY id LIMIT ${ROWS_AT_ONCE}`,
  );
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const rows = page.all(after) as { id: number; valid: number }[];
    const damaged = rows.find(({ valid }) => valid !== 1);
    if (damaged !== undefined) throw new Error(`claim ${damaged.id} in the copy is not JSON`);
    const end = rows.at(-1);
    if (end === undefined) return;
    after = end.id;
    onProgress?.(COPIED_PART + (CLAIMS_PART - COPIED_PART) * (after / (last ?? after)));
    await turnOfTheLoop();
  }
}

async function verifyChain(
  rows: SqliteRows,
  expected: CopiedThrough,
  { signal, onProgress }: BackupRequest,
): Promise<void> {
  let end = EMPTY_LOG;
  while (end.sequence < expected.sequence) {
    signal?.throwIfAborted();
    const events = rows.events(end.sequence, expected.sequence, ROWS_AT_ONCE);
    const followed = followChain(end, events);
    if (followed.kind === "breaks") {
      throw new Error(`its chain breaks at event ${followed.sequence}`);
    }
    end = followed.end;
    onProgress?.(CLAIMS_PART + (1 - CLAIMS_PART) * (end.sequence / expected.sequence));
    if (events.length === 0) break;
    await turnOfTheLoop();
  }
  const last = rows.lastEvent() ?? { sequence: 0, hash: GENESIS_HASH };
  const ends = `it ends at event ${last.sequence}`;
  if (last.sequence !== expected.sequence || last.hash !== expected.hash) {
    throw new Error(`${ends}, not ${expected.sequence}`);
  }
  // What a checkpoint has counted was there: a copy without it must push out none that has it.
  const [cut] = rows.checkpoints(last.sequence, 1);
  if (cut !== undefined)
    throw new Error(`${ends}, and a checkpoint is about event ${cut.sequence}`);
}

/** The name of the file is on disk once its directory is. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Takes away what is more than `keep` copies of this ledger, and what dead processes left. The one
 * that was just `made` stays: copies from a clock that was ahead bear later times. Throws
 * LatchError `backup_failed` where one cannot be deleted, once all others are.
 */
function removeOld(
  directory: string,
  stem: string,
  made: string,
  { keep, now }: BackupRequest,
): string[] {
  const names = readdirSync(directory);
  const copies = names.filter((name) => isCopyOf(stem, name)).sort();
  const abandoned = names.filter((name) => isAbandoned(stem, name, now));
  const older = copies.slice(0, -keep).filter((name) => name !== made);
  const removed: string[] = [];
  let left: LatchError | undefined;
  for (const name of [...older, ...abandoned]) {
    try {
      rmSync(join(directory, name), { force: true });
      removed.push(name);
    } catch (error) {
      left ??= notDeleted(join(directory, made), join(directory, name), error);
    }
  }
  if (left !== undefined) throw left;
  return removed;
}

function notDeleted(made: string, older: string, cause: unknown): LatchError {
  const reason = oneLine(messageOf(cause));
  const message = `the copy ${made} was made, and ${older} could not be deleted: ${reason}`;
  return new LatchError("backup_failed", message, { cause });
}

function isCopyOf(stem: string, name: string): boolean {
  if (!name.startsWith(`${stem}-`) || !name.endsWith(".db")) return false;
  return STAMP.test(name.slice(stem.length + 1, -".db".length));
}

function isAbandoned(stem: string, name: string, now: EpochMs): boolean {
  const copyName = name.slice(1).replace(/\.part(-journal|-wal|-shm)?$/, "");
  if (!name.startsWith(".") || copyName === name.slice(1) || !isCopyOf(stem, copyName))
    return false;
  return copyName < `${stem}-${stampOf(now - ABANDONED_MS)}.db`;
}

/** `20260521T073000000Z`: names sort by time. */
function stampOf(now: EpochMs): string {
  return new Date(now).toISOString().replaceAll(/[-:.]/g, "");
}

function backupFailed(source: string, directory: string, error: unknown): LatchError {
  const cause = storeError(error, source);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${source} could not be backed up to ${directory}: ${oneLine(reason)}`;
  return new LatchError("backup_failed", message, { cause });
}
