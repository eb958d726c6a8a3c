/** Rows of claims as an older version of the product left them. */
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { claimed, openLedger } from "./open-ledger.ts";
import { accepted, claimCommand, filledOrder, orderRead } from "./sample-commands.ts";
import { temporaryFile } from "./temporary-folder.ts";

/** Before the index of filled orders whose caller was not told. */
const BEFORE_UNTOLD = 10;

test("a filled order whose caller was never told is still found after the migration", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const untold = await claimed(ledger, claimCommand({ requestId: "r-1" }));
  await ledger.record(untold.key, orderRead(filledOrder(untold, "6")));
  const told = await claimed(ledger, claimCommand({ requestId: "r-2", quantity: "7" }));
  await ledger.record(told.key, accepted(told));
  await ledger.record(told.key, orderRead(filledOrder(told, "7")));
  await ledger.close();
  const database = new Database(file);
  database.exec("DROP INDEX claims_untold; ALTER TABLE claims DROP COLUMN untold");
  database.pragma(`user_version = ${BEFORE_UNTOLD}`);
  database.close();

  const opened = openLedger(file);
  const again = claimCommand({ requestId: "r-3" });
  expect(await opened.claim(again)).toMatchObject({ kind: "skip", claim: { key: untold.key } });
  const other = claimCommand({ requestId: "r-4", quantity: "7" });
  expect(await opened.claim(other)).toMatchObject({ kind: "proceed" });
});
