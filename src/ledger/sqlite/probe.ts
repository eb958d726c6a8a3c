/** Looks into a file before it is opened as a ledger: no byte of it is changed. */
import { existsSync, statSync } from "node:fs";
import type { Database } from "better-sqlite3";
import { LatchError } from "../../core/errors.ts";
import { openSqlite } from "./binding.ts";
import { APPLICATION_ID } from "./migrations.ts";
import { requireSqlite } from "./require-sqlite.ts";
import { refuseNewer, schemaVersion } from "./schema-version.ts";
import { oneLine } from "./store-errors.ts";

/** How long it waits for another process that holds the file; well under the send deadline. */
export const BUSY_TIMEOUT_MS = 2_000;

/** Files up to this size are checked whole. */
const CHECKED_BYTES = 16 * 1024 * 1024;

/**
 * What `look` finds. With a WAL beside the file the connection is a read-only one, whose closing
 * does not move the WAL into it; without one, one that leaves none there.
 */
export function probed<Found>(file: string, look: (probe: Database) => Found): Found {
  requireSqlite();
  const readonly = existsSync(`${file}-wal`);
  const probe = openSqlite(file, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    // One transaction, so that what another process creates meanwhile is seen whole or not at all.
    return probe.transaction(() => look(probe)).deferred();
  } finally {
    probe.close();
  }
}

/**
 * The version of its schema, 0 for an empty file. Throws LatchError `store_not_a_database`,
 * `store_newer` or `store_corrupt` for what is no ledger that this program can use.
 */
export function soundVersion(probe: Database, file: string): number {
  const applicationId = probe.pragma("application_id", { simple: true });
  const version = schemaVersion(probe);
  const objects = probe.prepare("SELECT count(*) FROM sqlite_schema").pluck().get();
  const untouched = applicationId === 0 && version === 0 && objects === 0;
  if (applicationId !== APPLICATION_ID && !untouched) {
    throw new LatchError("store_not_a_database", `${file} is a database of another program`);
  }
  refuseNewer(probe, file);
  if (isLarge(file)) return version;
  const found = probe.pragma("quick_check(1)", { simple: true });
  if (found === "ok") return version;
  throw new LatchError("store_corrupt", `${file} is damaged: ${oneLine(String(found))}`);
}

/** Whether a file is too large to be looked through for damage before it is opened. */
export function isLarge(file: string): boolean {
  return statSync(file).size > CHECKED_BYTES;
}
