/** Which schema a file has, by SQLite's own number for it. */
import type { Database } from "better-sqlite3";
import { refuseAbove } from "../store-refusals.ts";
import { SCHEMA_VERSION } from "./migrations.ts";

/** 0 where there is none yet. */
export function schemaVersion(database: Database): number {
  return database.pragma("user_version", { simple: true }) as number;
}

/** Throws LatchError `store_newer` for a schema that this program does not know. */
export function refuseNewer(database: Database, file: string): void {
  refuseAbove(SCHEMA_VERSION, schemaVersion(database), file);
}
