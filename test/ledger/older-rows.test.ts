/** Rows of claims as an older version of the product left them. */
import type Sqlite from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { openRecords } from "../../src/app.ts";
import { checkStore } from "../../src/audit/store-check.ts";
import { claimOf, doubt, KEY, release } from "../claim/guard-commands.ts";
import { Database } from "../sqlite-database.ts";
import { claimed, latchError, openLedger } from "./open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  brokerOrder,
  claimCommand,
  filledOrder,
  orderRead,
  START,
} from "./sample-commands.ts";
import { temporaryFile } from "./temporary-folder.ts";

/** Before the index of filled orders whose caller was not told. */
const BEFORE_UNTOLD = 10;

/** The file as that program has it open. */
function openAsOlder(file: string): Sqlite.Database {
  const database = new Database(file);
  database.exec(
    `DROP INDEX claims_ended_short; ALTER TABLE claims DROP COLUMN ended_short_at;
     DROP INDEX claims_untold; ALTER TABLE claims DROP COLUMN untold`,
  );
  database.pragma(`user_version = ${BEFORE_UNTOLD}`);
  return database;
}

test("a filled order whose caller was never told is still found after the migration", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const untold = await claimed(ledger, claimCommand({ requestId: "r-1" }));
  await ledger.record(untold.key, orderRead(filledOrder(untold, "6")));
  const told = await claimed(ledger, claimCommand({ requestId: "r-2", quantity: "7" }));
  await ledger.record(told.key, accepted(told));
  await ledger.record(told.key, orderRead(filledOrder(told, "7")));
  await ledger.close();
  openAsOlder(file).close();

  const opened = openLedger(file);
  const again = claimCommand({ requestId: "r-3" });
  expect(await opened.claim(again)).toMatchObject({ kind: "skip", claim: { key: untold.key } });
  const other = claimCommand({ requestId: "r-4", quantity: "7" });
  expect(await opened.claim(other)).toMatchObject({ kind: "proceed" });
});

test("an action in question by a late word has a row that its events come to, also a row of before", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  for (const command of [claimOf(), release(), doubt()]) await ledger.guard(KEY, command);
  await ledger.close();
  const older = openAsOlder(file);
  older.exec("UPDATE guard_claims SET body = json_remove(body, '$.isLateWordUnknown')");
  older.close();

  const opened = openLedger(file);
  const check = await checkStore(opened, () => undefined);
  expect(check).toMatchObject({ fault: undefined, wereRowsCompared: true });
});

test("an order that ended without its shares is still found by its end after the migration", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const canceled = await claimed(ledger, claimCommand({ requestId: "r-1" }));
  const end = brokerOrder(canceled, { status: "canceled" });
  await ledger.record(canceled.key, orderRead(end, START + 2));
  const filled = await claimed(ledger, claimCommand({ requestId: "r-2", quantity: "7" }));
  await ledger.record(filled.key, orderRead(filledOrder(filled, "7"), START + 2));
  await ledger.close();
  openAsOlder(file).close();

  const opened = openLedger(file);
  const endedFrom = (later: number) =>
    opened.claims({ account: ACCOUNT, endedShortFrom: START + later });
  expect((await endedFrom(2)).claims.map(({ key }) => key)).toEqual([canceled.key]);
  expect((await endedFrom(3)).claims).toEqual([]);
});

test("who would only read a file does not upgrade it while an older program has it open", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  await claimed(ledger, claimCommand());
  await ledger.close();
  const older = openAsOlder(file);
  const version = () => older.pragma("user_version", { simple: true });
  const { code, message } = await latchError(() => openRecords(file));
  expect(code).toBe("store_in_use");
  expect(message).toContain(`${file} is open in another process`);
  expect(message).toContain("it would have to be upgraded");
  expect(version()).toBe(BEFORE_UNTOLD);

  older.close();
  const records = openRecords(file);
  onTestFinished(() => records.close());
  expect(await records.countByStatus(ACCOUNT)).toEqual({ OPEN: 1 });
});
