/** What the rows of a ledger's file come to, while others have it open. Nothing is changed. */
import { SqliteRows } from "../../src/ledger/sqlite/rows.ts";
import { Database } from "../sqlite-database.ts";

/** The bodies that `sql` selects, of rows that hold everything that is committed. */
export function storedBodies<Value>(file: string, sql: string): Value[] {
  const database = new Database(file);
  try {
    database.exec("BEGIN IMMEDIATE");
    const rows = new SqliteRows(database);
    rows.refresh();
    rows.catchUp();
    const found = database.prepare(sql).all() as { body: string }[];
    database.exec("ROLLBACK");
    return found.map(({ body }) => JSON.parse(body) as Value);
  } finally {
    database.close();
  }
}
