/** Looks at a ledger's file without opening it as a ledger: no byte of it is changed. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Database } from "better-sqlite3";
import { LatchError } from "../../core/errors.ts";
import type { StoreLook } from "../store-look.ts";
import { latestTime } from "./event-scan.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import { isLarge, probed, soundVersion } from "./probe.ts";
import { requireSqlite } from "./require-sqlite.ts";
import { storeError } from "./store-errors.ts";

/** Throws LatchError `store_*` for a file that is no ledger, or cannot be read. */
export function lookAtSqliteLedger(path: string): StoreLook {
  const file = resolve(path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    requireSqlite();
    return { kind: "none" };
  }
  if (!found.isFile()) throw new LatchError("store_unwritable", `${file} is not a file`);
  try {
    return probed(file, (probe) => look(probe, file));
  } catch (error) {
    throw storeError(error, file);
  }
}

function look(probe: Database, file: string): StoreLook {
  const version = soundVersion(probe, file);
  if (version === 0) return { kind: "none" };
  const isKnown = version === SCHEMA_VERSION;
  const lastEventAt = isKnown ? latestTime(new PreparedStatements(probe)) : null;
  const of = { version, known: SCHEMA_VERSION, isLarge: isLarge(file) };
  return { kind: "ledger", ...of, lastEventAt: lastEventAt ?? null };
}
