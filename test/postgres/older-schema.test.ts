/** A database that an earlier program has made and written to. */
import { expect, onTestFinished, test } from "vitest";
import { openRecords } from "../../src/app.ts";
import { systemClock } from "../../src/core/clock.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import { ConnectionPool } from "../../src/ledger/postgres/connection-pool.ts";
import { MIGRATIONS } from "../../src/ledger/postgres/migrations.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  brokerOrder,
  claimCommand,
  filledOrder,
  orderRead,
  START,
} from "../ledger/sample-commands.ts";
import { newDatabase, onServer, rowsOf } from "./shared-server.ts";

/** Before a claim had a column for what its caller was told. */
const OLDER = 3;
const LAST_STEP = "SELECT max(version) AS version FROM tradelatch.migrations";
const TABLES = ["events", "claims", "books", "head"];

/** Makes the database as the older program would have left it, with the rows that are there. */
async function madeOlder(url: string): Promise<void> {
  const rows = await Promise.all(
    TABLES.map(async (table) => {
      const sql = `SELECT coalesce(json_agg(t)::text, '[]') AS all FROM tradelatch.${table} t`;
      return (await rowsOf<{ all: string }>(url, sql))[0]?.all ?? "[]";
    }),
  );
  const filled = TABLES.map(
    (table, index) => `INSERT INTO tradelatch.${table}
      SELECT * FROM json_populate_recordset(NULL::tradelatch.${table}, $rows$${rows[index]}$rows$)`,
  );
  const steps = MIGRATIONS.slice(0, OLDER);
  await onServer(
    url,
    `DROP SCHEMA tradelatch CASCADE; CREATE SCHEMA tradelatch;
     CREATE TABLE tradelatch.migrations (
       version integer PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now());
     INSERT INTO tradelatch.migrations SELECT generate_series(1, ${OLDER});
     ${steps.join(";")}; DELETE FROM tradelatch.head; ${filled.join(";")}`,
  );
}

test("is brought up to date, and an order whose caller was told nothing is still in the way", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const before = openPostgresLedger(url, systemClock);
  const claim = await claimed(before, claimCommand({ requestId: "first" }));
  await before.record(claim.key, orderRead(filledOrder(claim, "6")));
  await claimed(before, claimCommand({ requestId: "live", quantity: "7" }));
  await before.close();
  await madeOlder(url);

  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close());
  expect(await ledger.claim(claimCommand({ requestId: "retry" }))).toMatchObject({
    kind: "skip",
    claim: { key: { requestId: "first" } },
  });
  expect(await ledger.claim(claimCommand({ requestId: "live", quantity: "7" }))).toMatchObject({
    kind: "pending",
  });
  await claimed(ledger, claimCommand({ requestId: "new", quantity: "8" }));
  const events = await ledger.events();
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  expect(firstBreak(events)).toBeUndefined();
});

test("has an order that ended without its shares found by its end, once it is up to date", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const before = openPostgresLedger(url, systemClock);
  const canceled = await claimed(before, claimCommand({ requestId: "first" }));
  const end = brokerOrder(canceled, { status: "canceled" });
  await before.record(canceled.key, orderRead(end, START + 2));
  const filled = await claimed(before, claimCommand({ requestId: "second", quantity: "7" }));
  await before.record(filled.key, orderRead(filledOrder(filled, "7"), START + 2));
  await before.close();
  await madeOlder(url);

  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close());
  const endedFrom = (later: number) =>
    ledger.claims({ account: ACCOUNT, endedShortFrom: START + later });
  expect((await endedFrom(2)).claims.map(({ key }) => key)).toEqual([canceled.key]);
  expect((await endedFrom(3)).claims).toEqual([]);
});

test("is not upgraded by who would only read it while an older program has it open", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const made = openPostgresLedger(url, systemClock);
  await claimed(made, claimCommand());
  await made.close();
  await madeOlder(url);
  const older = new ConnectionPool(url, systemClock);
  onTestFinished(() => older.close().catch(() => undefined));
  await older.reserved((session) => session.run("SELECT 1"));
  const refused = openRecords(url);
  const { code, message } = await latchError(() => refused.accounts());
  await refused.close();
  expect(code).toBe("store_in_use");
  expect(message).toContain("it would have to be upgraded");
  expect(await rowsOf(url, LAST_STEP)).toEqual([{ version: OLDER }]);

  await older.close();
  const records = openRecords(url);
  onTestFinished(() => records.close());
  expect(await records.countByStatus(ACCOUNT)).toEqual({ OPEN: 1 });
  expect(await rowsOf(url, LAST_STEP)).toEqual([{ version: MIGRATIONS.length }]);
});
