/** A role whose settings are not the server's own, or that may not do what a ledger needs. */
import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed, expectAgreement, latchError } from "../ledger/open-ledger.ts";
import { claimCommand, filledOrder, orderRead } from "../ledger/sample-commands.ts";
import { CUT_ALL, databaseOfTest, onServer, rowsOf } from "./shared-server.ts";

const HOLD_SCHEMA = "SELECT pg_advisory_xact_lock(7233120521)";
const HOLD_HEAD = "SELECT id FROM tradelatch.head FOR UPDATE";
/** Longer than any timeout that a role has here. */
const HELD_S = 1;

const OF_A_ROLE = [
  "default_transaction_isolation = 'serializable'",
  "default_transaction_read_only = on",
  "search_path = ''",
  "standard_conforming_strings = off",
  "DateStyle = 'SQL, DMY'",
  "client_encoding = 'LATIN1'",
  "array_nulls = off",
  "synchronous_commit = off",
  "idle_in_transaction_session_timeout = 700",
  "lock_timeout = 700",
  "statement_timeout = 700",
  "transaction_timeout = 700",
];

async function withRole({ settings = [] as readonly string[], mayCreate = true } = {}) {
  const admin = await databaseOfTest();
  const role = `role_${randomUUID().slice(0, 8)}`;
  const store = new URL(admin);
  store.username = role;
  const database = store.pathname.slice(1);
  await onServer(admin, `CREATE ROLE ${role} LOGIN`);
  onTestFinished(() =>
    onServer(
      admin,
      `REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role};
      DROP ROLE ${role}`,
    ),
  );
  if (mayCreate) await onServer(admin, `GRANT CREATE ON DATABASE ${database} TO ${role}`);
  for (const one of settings) await onServer(admin, `ALTER ROLE ${role} SET ${one}`);
  return { admin, role, open: () => open(store.href) };
}

function open(url: string): Ledger {
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

/** Resolves once somebody else holds it; that one lets go by itself. */
async function hold(url: string, lock: string): Promise<void> {
  const name = `holder_${randomUUID().slice(0, 8)}`;
  const holder = new URL(url);
  holder.searchParams.set("application_name", name);
  const holding = onServer(holder.href, `BEGIN; ${lock}; SELECT pg_sleep(${HELD_S}); COMMIT`);
  onTestFinished(() => holding);
  const isHeld = `SELECT pid FROM pg_stat_activity
    WHERE application_name = '${name}' AND wait_event = 'PgSleep'`;
  while ((await rowsOf(url, isHeld)).length === 0);
}

test.for(OF_A_ROLE)("one with %s makes the ledger, and claims", async (setting, { skip }) => {
  // A server before 17 has no timeout of transactions.
  const known = `SELECT name FROM pg_settings WHERE name = '${setting.split(" ")[0]}'`;
  skip((await rowsOf(await databaseOfTest(), known)).length === 0);
  const { admin, open } = await withRole({ settings: [setting] });
  const ledgers = [open(), open()] as const;
  const isTimeout = setting.includes("timeout");
  if (isTimeout) await hold(admin, HOLD_SCHEMA);
  await Promise.all(ledgers.map((ledger) => ledger.probe()));
  if (isTimeout) await hold(admin, HOLD_HEAD);
  const order = { requestId: "größe — \\1", quantity: "3" };
  const claim = await claimed(ledgers[0], claimCommand(order));
  await ledgers[0].record(claim.key, orderRead(filledOrder(claim, "3")));
  expect((await ledgers[1].claim(claimCommand(order))).kind).toBe("skip");
  await expectAgreement(ledgers[1]);
});

test("one that may make no schema is told so, and uses the one that is made for it", async () => {
  const { admin, role, open } = await withRole({ mayCreate: false });
  const { code, message } = await latchError(() => open().probe());
  expect(code).toBe("store_refused");
  expect(message).toContain("permission denied for database");
  await onServer(admin, `CREATE SCHEMA tradelatch AUTHORIZATION ${role}`);
  await claimed(open(), claimCommand());
});

test("one that may not log in any more is refused each order, until it may again", async () => {
  const { admin, role, open } = await withRole();
  const ledger = open();
  await claimed(ledger, claimCommand({ requestId: "before", quantity: "1" }));
  await onServer(admin, `ALTER ROLE ${role} NOLOGIN`);
  await onServer(admin, CUT_ALL);
  const asked = claimCommand({ requestId: "meanwhile", quantity: "2" });
  // The first one may have met a connection of before.
  await latchError(() => ledger.claim(asked));
  const { code, message } = await latchError(() => ledger.claim(asked));
  expect(code).toBe("store_refused");
  expect(message).toContain("is not permitted to log in");
  await onServer(admin, `ALTER ROLE ${role} LOGIN`);
  await claimed(ledger, asked);
  await expectAgreement(ledger);
});
