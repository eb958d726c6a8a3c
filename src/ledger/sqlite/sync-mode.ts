/**
 * Whether the next commit of a connection waits for the disk. One connection does both, as its
 * cached pages would be stale each time that another one had committed; the mode is changed only
 * where the last commit had the other one.
 */
import type { Database } from "better-sqlite3";
import { LatchError } from "../../core/errors.ts";

/** `FULL`: a commit is on disk when it returns. `NORMAL`: with the next one that is synced. */
export type SyncLevel = "FULL" | "NORMAL";

const NUMBERS: Readonly<Record<SyncLevel, number>> = { NORMAL: 1, FULL: 2 };

export class SyncMode {
  readonly #database: Database;
  #level: SyncLevel | undefined;

  /** Throws LatchError `store_failed` where SQLite does not take both levels; begins with FULL. */
  constructor(database: Database) {
    this.#database = database;
    for (const level of ["NORMAL", "FULL"] as const) {
      this.require(level);
      const actual = database.pragma("synchronous", { simple: true });
      if (actual === NUMBERS[level]) continue;
      const message = `${database.name}: synchronous is ${String(actual)}, not ${level}`;
      throw new LatchError("store_failed", message);
    }
  }

  /** Outside a transaction: SQLite keeps a level from the begin of one to its end. */
  require(level: SyncLevel): void {
    if (this.#level === level) return;
    this.#level = undefined;
    this.#database.exec(`PRAGMA synchronous = ${NUMBERS[level]}`);
    this.#level = level;
  }
}
