/** Files as an older version of the product left them. */
import type Sqlite from "better-sqlite3";
import { APPLICATION_ID, MIGRATIONS } from "../../src/ledger/sqlite/migrations.ts";
import { Database } from "../sqlite-database.ts";

/** An empty ledger with the schema of `version`, counted from 1. */
export function olderFile(file: string, version: number): Sqlite.Database {
  const database = new Database(file);
  for (const step of MIGRATIONS.slice(0, version)) {
    if (typeof step === "string") database.exec(step);
    else step(database);
  }
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma(`user_version = ${version}`);
  return database;
}
