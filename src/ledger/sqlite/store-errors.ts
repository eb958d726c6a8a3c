/** What SQLite's failures mean for a caller, one row per result code that has a remedy of its own. */
import { SqliteError } from "better-sqlite3";
import { type ErrorCode, LatchError } from "../../core/errors.ts";

const CODES: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ["SQLITE_BUSY", "store_busy"],
  ["SQLITE_LOCKED", "store_busy"],
  ["SQLITE_NOTADB", "store_not_a_database"],
  ["SQLITE_CORRUPT", "store_corrupt"],
  ["SQLITE_READONLY", "store_unwritable"],
  ["SQLITE_CANTOPEN", "store_unwritable"],
  ["SQLITE_PERM", "store_unwritable"],
];

/** `error` as a LatchError that names the ledger's file; errors that are not SQLite's stay. */
export function storeError(error: unknown, file: string): unknown {
  if (!(error instanceof SqliteError)) return error;
  const code = CODES.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? "store_failed";
  return new LatchError(code, `the ledger ${file} failed: ${error.message} (${error.code})`, {
    cause: error,
  });
}
