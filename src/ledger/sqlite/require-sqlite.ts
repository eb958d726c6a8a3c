/** SQLite is installed for one version of Node: another one may find none that it can load. */
import { LatchError, messageOf } from "../../core/errors.ts";
import { openSqlite } from "./binding.ts";

/**
 * Asked before a file is made: one that stays empty would be refused as none of ours. Throws
 * LatchError `store_not_loaded`.
 */
export function requireSqlite(): void {
  try {
    openSqlite(":memory:").close();
  } catch (cause) {
    // What it looked for, or what to compile it with, follows on further lines.
    const [reason] = messageOf(cause).split("\n");
    const message = `SQLite cannot be loaded by Node ${process.versions.node}: ${reason}`;
    throw new LatchError("store_not_loaded", message, { cause });
  }
}
