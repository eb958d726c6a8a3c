/** Looks at a ledger's file without opening it as a ledger: no byte of it is changed. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import Database from "better-sqlite3";
import { LatchError } from "../../core/errors.ts";
import type { StoreLook } from "../store-look.ts";
import { APPLICATION_ID, SCHEMA_VERSION } from "./migrations.ts";
import { refuseNewer, schemaVersion } from "./schema-version.ts";
import { oneLine, storeError } from "./store-errors.ts";

/** How long it waits for a process that holds the file. */
const BUSY_TIMEOUT_MS = 2_000;
/** Files up to this size are checked whole. */
const CHECKED_BYTES = 16 * 1024 * 1024;

/** Throws LatchError `store_*` for a file that is no ledger, or cannot be read. */
export function lookAtSqliteLedger(path: string): StoreLook {
  const file = resolve(path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return { kind: "none" };
  if (!found.isFile()) throw new LatchError("store_unwritable", `${file} is not a file`);
  try {
    // Closing a connection that may write moves a WAL into the file, or leaves none where none was.
    const readonly = existsSync(`${file}-wal`);
    const probe = new Database(file, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    try {
      return probe.transaction(() => look(probe, file, found.size)).deferred();
    } finally {
      probe.close();
    }
  } catch (error) {
    throw storeError(error, file);
  }
}

function look(probe: Database.Database, file: string, bytes: number): StoreLook {
  const id = probe.pragma("application_id", { simple: true });
  const version = schemaVersion(probe);
  const objects = probe.prepare("SELECT count(*) FROM sqlite_schema").pluck().get();
  if (id === 0 && version === 0 && objects === 0) return { kind: "none" };
  if (id !== APPLICATION_ID) {
    throw new LatchError("store_not_a_database", `${file} is a database of another program`);
  }
  refuseNewer(probe, file);
  const checked = bytes > CHECKED_BYTES ? "ok" : probe.pragma("quick_check(1)", { simple: true });
  if (checked !== "ok") {
    throw new LatchError("store_corrupt", `${file} is damaged: ${oneLine(String(checked))}`);
  }
  const last = "SELECT at FROM events ORDER BY sequence DESC LIMIT 1";
  const isKnown = version === SCHEMA_VERSION;
  const lastEventAt = isKnown ? (probe.prepare(last).pluck().get() as number | undefined) : null;
  return { kind: "ledger", version, known: SCHEMA_VERSION, lastEventAt: lastEventAt ?? null };
}
