/** A newer program brings the database to a schema of its own while this one has it open. */
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { ConnectionPool } from "../../src/ledger/postgres/connection-pool.ts";
import { MIGRATIONS } from "../../src/ledger/postgres/migrations.ts";
import { migrateWithin } from "../../src/ledger/postgres/open-database.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import { claimCommand, filledOrder, orderRead } from "../ledger/sample-commands.ts";
import { databaseOfTest, rowsOf } from "./shared-server.ts";

const NEWER = MIGRATIONS.length + 1;

function open(url: string): Ledger {
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

/** As the newer program's first start does, with a step that this program knows nothing of. */
async function upgrade(url: string, step: string): Promise<void> {
  const pool = new ConnectionPool(url, systemClock);
  try {
    await pool.reserved(async (session) => {
      await session.run("BEGIN");
      await migrateWithin(session, [...MIGRATIONS, step]);
      await session.run("COMMIT");
    });
  } finally {
    await pool.close();
  }
}

async function countRows(url: string, table: string): Promise<number> {
  const sql = `SELECT count(*)::integer AS count FROM tradelatch.${table}`;
  return (await rowsOf<{ count: number }>(url, sql))[0]?.count ?? 0;
}

test("then it takes no more claims, and none of what became of the earlier ones", async () => {
  const url = await databaseOfTest();
  const ledger = open(url);
  const claim = await claimed(ledger, claimCommand({ requestId: "before" }));
  const events = await countRows(url, "events");
  await upgrade(url, "ALTER TABLE tradelatch.claims ADD COLUMN newer integer");
  const refusals = await Promise.all(
    [
      () => ledger.claim(claimCommand({ requestId: "after", quantity: "2" })),
      () => ledger.claim(claimCommand({ requestId: "before" })),
      () => ledger.record(claim.key, orderRead(filledOrder(claim, "6"))),
      () => ledger.probe(),
    ].map(latchError),
  );
  expect(refusals.map(({ code }) => code)).toEqual(refusals.map(() => "store_newer"));
  expect(refusals[0]?.message).toContain(`has schema version ${NEWER}`);
  expect(await countRows(url, "events")).toBe(events);
});

test("then each claim that is under way was taken before, or is refused", async () => {
  const url = await databaseOfTest();
  const ledgers = [open(url), open(url)];
  const ends: string[] = [];
  const claim = async (bot: number, count: number) => {
    const quantity = String(bot * 100_000 + count + 1);
    const command = claimCommand({ requestId: `r-${bot}-${count}`, quantity });
    const decided = (ledgers[bot % 2] as Ledger).claim(command);
    const end = await decided.then(({ kind }) => kind).catch((error) => error.code as string);
    ends.push(end);
    return end;
  };
  const bots = Array.from({ length: 40 }, (_, bot) => bot);
  await Promise.all(bots.map((bot) => claim(bot, 0)));
  const untilRefused = async (bot: number) => {
    for (let count = 1; (await claim(bot, count)) === "proceed"; count += 1);
  };
  const refused = Promise.all(bots.map(untilRefused));
  await upgrade(url, "ALTER TABLE tradelatch.claims RENAME COLUMN body TO content");
  await refused;
  expect(new Set(ends)).toEqual(new Set(["proceed", "store_newer"]));
  const taken = ends.filter((end) => end === "proceed").length;
  expect(await countRows(url, "claims")).toBe(taken);
});

test("a step that waits for who reads the ledger, as a dump does, does not hold the orders up", async () => {
  const url = await databaseOfTest();
  const ledger = open(url);
  await claimed(ledger, claimCommand({ requestId: "before" }));
  const reader = postgres(url, { max: 1 });
  onTestFinished(() => reader.end());
  await reader.unsafe("BEGIN; LOCK TABLE tradelatch.head IN ACCESS SHARE MODE");
  const upgrading = upgrade(url, "ALTER TABLE tradelatch.claims ADD COLUMN newer integer");
  const isWaiting = "SELECT pid FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted";
  while ((await rowsOf(url, isWaiting)).length === 0);
  const claiming = claimed(ledger, claimCommand({ requestId: "meanwhile", quantity: "2" }));
  await expect(upgrading).rejects.toThrow("lock timeout");
  await claiming;
  await reader.unsafe("ROLLBACK");
  await upgrade(url, "ALTER TABLE tradelatch.claims ADD COLUMN newer integer");
  const after = () => ledger.claim(claimCommand({ requestId: "after", quantity: "3" }));
  expect((await latchError(after)).code).toBe("store_newer");
});
