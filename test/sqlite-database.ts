/** Databases by the SQLite that the product loads: two in one process undo each other's locks. */
import type Sqlite from "better-sqlite3";
import { sqlite } from "../src/ledger/sqlite/binding.ts";

export const Database: typeof Sqlite = sqlite();
