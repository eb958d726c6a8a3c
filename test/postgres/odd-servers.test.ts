/** What a server does to a ledger that is open, or holds where none was made by us. */
import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed, expectAgreement, latchError } from "../ledger/open-ledger.ts";
import { ACCOUNT, claimCommand } from "../ledger/sample-commands.ts";
import { databaseOfTest, onServer, rowsOf } from "./shared-server.ts";

function open(url: string): Ledger {
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

const first = claimCommand({ requestId: "first", quantity: "1" });
const next = claimCommand({ requestId: "next", quantity: "2" });

test("a database that lost the ledger's tables refuses each order, until they are back", async () => {
  const url = await databaseOfTest();
  const ledger = open(url);
  await claimed(ledger, first);
  await onServer(url, "ALTER SCHEMA tradelatch RENAME TO elsewhere");
  onTestFinished(() => onServer(url, "DROP SCHEMA IF EXISTS elsewhere CASCADE"));
  for (const ask of [() => ledger.claim(next), () => ledger.book(ACCOUNT, "TQQQ")]) {
    const { code, message } = await latchError(ask);
    expect(code).toBe("store_moved");
    expect(message).toMatch(/relation "tradelatch\.\w+" does not exist/);
  }
  await onServer(url, "ALTER SCHEMA elsewhere RENAME TO tradelatch");
  await claimed(ledger, next);
  await expectAgreement(ledger);
});

test.each([
  ["40P01", "store_busy"],
  ["40001", "store_busy"],
  ["53100", "store_full"],
  ["53200", "store_busy"],
  ["58030", "store_failed"],
])(
  "a write that fails by %s is %s for all that came with it, and nothing is left",
  async (state, code) => {
    const url = await databaseOfTest();
    const ledger = open(url);
    await claimed(ledger, first);
    await onServer(
      url,
      `CREATE FUNCTION tradelatch.fail() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'as a server fails' USING ERRCODE = '${state}'; END $$;
     CREATE TRIGGER fails BEFORE INSERT ON tradelatch.claims
       FOR EACH ROW EXECUTE FUNCTION tradelatch.fail()`,
    );
    const other = claimCommand({ requestId: "other", quantity: "3" });
    const refusals = await Promise.all(
      [next, other].map((command) => latchError(() => ledger.claim(command))),
    );
    expect(refusals.map((error) => error.code)).toEqual([code, code]);
    expect(await rowsOf(url, "SELECT sequence FROM tradelatch.events")).toHaveLength(1);
    await onServer(url, "DROP TRIGGER fails ON tradelatch.claims");
    await claimed(ledger, next);
    await claimed(ledger, other);
    await expectAgreement(ledger);
  },
);

test.each([
  "CREATE TABLE tradelatch.events (sequence bigint)",
  "CREATE VIEW tradelatch.migrations AS SELECT 9 AS version",
])("a schema with %s, and no record of its making, is refused and left", async (made) => {
  const url = await databaseOfTest();
  await onServer(url, `CREATE SCHEMA tradelatch; ${made}`);
  const { code, message } = await latchError(() => open(url).claim(first));
  expect(code).toBe("store_corrupt");
  expect(message).toContain("restore all of it, or drop it");
  const found = "SELECT relname FROM pg_class WHERE relnamespace = 'tradelatch'::regnamespace";
  expect(await rowsOf(url, found)).toHaveLength(1);
});

async function databaseAs(words: string): Promise<string> {
  const url = new URL(await databaseOfTest());
  const name = `odd_${randomUUID().slice(0, 8)}`;
  const admin = url.href;
  await onServer(admin, `CREATE DATABASE ${name} TEMPLATE template0 ${words}`);
  onTestFinished(() => onServer(admin, `DROP DATABASE ${name} WITH (FORCE)`));
  url.pathname = `/${name}`;
  return url.href;
}

test.each(["SQL_ASCII", "LATIN1"])("a database in %s is refused", async (encoding) => {
  const url = await databaseAs(`ENCODING '${encoding}' LOCALE 'C'`);
  const { code, message } = await latchError(() => open(url).probe());
  expect(code).toBe("store_refused");
  expect(message).toContain(`is in ${encoding}: UTF8 is needed`);
});

test("one whose texts are in the Turkish order finds each claim, and tells them alike", async (ctx) => {
  const known = await rowsOf(
    await databaseOfTest(),
    `SELECT collname FROM pg_collation WHERE collname = 'tr-x-icu'
      AND current_setting('server_version_num')::integer >= 150000`,
  );
  ctx.skip(known.length === 0);
  const url = await databaseAs("LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'");
  const ledger = open(url);
  const names = ["i", "I", "ı", "İ", "i\u0307"];
  for (const [index, requestId] of names.entries()) {
    await claimed(ledger, claimCommand({ requestId, quantity: String(index + 1) }));
  }
  for (const [index, requestId] of names.entries()) {
    const again = claimCommand({ requestId, quantity: String(index + 1) });
    expect((await open(url).claim(again)).kind).toBe("pending");
  }
  expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: names.length });
  await expectAgreement(ledger);
});
