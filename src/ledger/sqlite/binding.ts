/**
 * SQLite, by the release of better-sqlite3 that this Node can carry; no release suits all of them:
 *
 * 1. 13 asks for Node-API 10. Node has that from 22.14 on; Node 20 ends with a segmentation fault.
 * 2. 12 is compiled with classes of Node's own. With those of Node 24.19 and later the process ends
 *    when a statement or a database is collected (`RemoveEnvironmentCleanupHook`).
 *
 * Two SQLites in one process undo each other's locks on a file: nobody loads one but this file.
 */
import { createRequire } from "node:module";
import type Sqlite from "better-sqlite3";

type Loaded = { readonly sqlite: typeof Sqlite } | { readonly failure: unknown };

const WANTED_NODE_API = 10;

const loaded = load(
  Number(process.versions.napi) >= WANTED_NODE_API ? "better-sqlite3-node-api" : "better-sqlite3",
);

function load(name: string): Loaded {
  try {
    return { sqlite: createRequire(import.meta.url)(name) };
  } catch (failure) {
    return { failure };
  }
}

/** Throws what kept SQLite from being loaded, and SQLite's own errors. */
export function openSqlite(file: string, options?: Sqlite.Options): Sqlite.Database {
  const Database = sqlite();
  return new Database(file, options);
}

/** The class of databases; throws what kept it from being loaded. */
export function sqlite(): typeof Sqlite {
  if ("failure" in loaded) throw loaded.failure;
  return loaded.sqlite;
}

export function isSqliteError(error: unknown): error is InstanceType<typeof Sqlite.SqliteError> {
  return "sqlite" in loaded && error instanceof loaded.sqlite.SqliteError;
}
