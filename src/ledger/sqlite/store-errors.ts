/** What SQLite's failures mean for a caller: a row per result code that has its own remedy. */
import { accessSync, constants } from "node:fs";
import { type ErrorCode, LatchError } from "../../core/errors.ts";
import { isSqliteError } from "./binding.ts";

const CODES: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ["SQLITE_BUSY", "store_busy"],
  ["SQLITE_LOCKED", "store_busy"],
  ["SQLITE_NOTADB", "store_not_a_database"],
  ["SQLITE_CORRUPT", "store_corrupt"],
  ["SQLITE_FULL", "store_full"],
  ["SQLITE_READONLY_DBMOVED", "store_moved"],
  ["SQLITE_READONLY", "store_unwritable"],
  ["SQLITE_CANTOPEN", "store_unwritable"],
  ["SQLITE_PERM", "store_unwritable"],
];

/** Results that speak of one row, not of the store. */
const ROW_CODES = ["SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG"];

/** `error` as a LatchError that names the ledger's file; errors that are not SQLite's stay. */
export function storeError(error: unknown, file: string): unknown {
  if (!isSqliteError(error)) return error;
  const known = CODES.find(([prefix]) => error.code.startsWith(prefix))?.[1];
  const isReadOnly = known === undefined && isOnReadOnlySystem(file);
  const code = known ?? (isReadOnly ? "store_unwritable" : "store_failed");
  const said = `${oneLine(error.message)} (${error.code})`;
  const why = isReadOnly ? "; its file system is read-only" : "";
  return new LatchError(code, `the ledger ${file} failed: ${said}${why}`, { cause: error });
}

/** SQLite itself calls a file system that became read-only under it a disk I/O error. */
function isOnReadOnlySystem(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EROFS";
  }
}

/** Whether the store itself failed, so that whatever was tried with it would have failed too. */
export function isStoreFailure(error: unknown): boolean {
  return isSqliteError(error) && !ROW_CODES.some((row) => error.code.startsWith(row));
}

/** Whether an fsync failed, so that nobody knows which of the last pages are on disk. */
export function isFailedSync(error: unknown): boolean {
  return isSqliteError(error) && /^SQLITE_IOERR_(DIR_)?FSYNC$/.test(error.code);
}

/** Whether the disk failed to do what it was asked, whatever that was. */
export function isIoError(error: unknown): boolean {
  return isSqliteError(error) && error.code.startsWith("SQLITE_IOERR");
}

export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && error.code.startsWith("SQLITE_BUSY");
}

/** Some of SQLite's findings span several lines. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
