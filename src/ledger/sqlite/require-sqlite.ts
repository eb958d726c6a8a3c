/** SQLite is compiled for one version of Node: after another was installed it cannot be loaded. */
import Database from "better-sqlite3";
import { LatchError, messageOf } from "../../core/errors.ts";

/**
 * Asked before a file is made: one that stays empty would be refused as none of ours. Throws
 * LatchError `store_not_loaded`.
 */
export function requireSqlite(): void {
  try {
    new Database(":memory:").close();
  } catch (cause) {
    // What it looked for, or what to compile it with, follows on further lines.
    const [reason] = messageOf(cause).split("\n");
    const message = `SQLite cannot be loaded by Node ${process.versions.node}: ${reason}`;
    throw new LatchError("store_not_loaded", message, { cause });
  }
}
