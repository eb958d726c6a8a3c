/**
 * A server takes over that was behind: what was claimed since is unknown to it. A process that has
 * seen more grants nothing on it, and publishes nothing of it.
 */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openGuard } from "../../src/app.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { PAYMENT, Provider } from "../guard/guard-world.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import { accepted, claimCommand } from "../ledger/sample-commands.ts";
import { newServer } from "./postgres-server.ts";
import { databaseOfTest, onServer } from "./shared-server.ts";

const asked = (number: number) =>
  claimCommand({ requestId: `r-${number}`, quantity: String(number) });

function open(url: string): Ledger {
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

/** What the database holds now stands under its name again once it takes over. */
async function replicaOf(url: string): Promise<{ takesOver(): Promise<void> }> {
  const [name, server] = [new URL(url).pathname.slice(1), new URL("/postgres", url).href];
  const cut = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = '${name}'`;
  await onServer(server, cut);
  await onServer(server, `CREATE DATABASE ${name}_behind TEMPLATE ${name}`);
  const takesOver = async () => {
    await onServer(server, cut);
    await onServer(server, `ALTER DATABASE ${name} RENAME TO ${name}_lost`);
    await onServer(server, `ALTER DATABASE ${name}_behind RENAME TO ${name}`);
    onTestFinished(() => onServer(server, `DROP DATABASE ${name}_lost WITH (FORCE)`));
  };
  return { takesOver };
}

test("a payment that was made since is not made once more", async () => {
  const store = await databaseOfTest();
  const logger = pino({ level: "silent" });
  const guard = await openGuard({ store, logger, schedule: false, agent: "payments" });
  onTestFinished(() => guard.close().catch(() => undefined));
  await guard.get(PAYMENT.requestId);
  const replica = await replicaOf(store);
  const provider = new Provider();
  const run = () => provider.pay("invoice-1042", "50.00");
  await guard.execute({ ...PAYMENT, run });
  await replica.takesOver();
  const { code } = await latchError(() => guard.execute({ ...PAYMENT, run }));
  expect(code).toBe("store_moved");
  expect(provider.calls).toBe(1);
});

test("nothing is granted, probed or published on it, also once others have gone on there", async () => {
  const url = await databaseOfTest();
  const ledger = open(url);
  await claimed(ledger, asked(1));
  const replica = await replicaOf(url);
  const [, lost] = [await claimed(ledger, asked(2)), await claimed(ledger, asked(3))];
  await replica.takesOver();
  const refusals = () =>
    Promise.all([
      latchError(() => ledger.claim(asked(4))),
      latchError(() => ledger.record(lost.key, accepted(lost))),
      latchError(() => ledger.probe()),
      latchError(() => ledger.lastSequence()),
      latchError(() => ledger.events({ after: 3 })),
    ]);
  const isMoved = (errors: readonly { readonly code: string }[]) =>
    errors.every(({ code }) => code === "store_moved");
  expect(isMoved(await refusals())).toBe(true);
  const other = open(url);
  for (const number of [5, 6, 7, 8]) await claimed(other, asked(number));
  expect(isMoved(await refusals())).toBe(true);
  expect(await other.events()).toHaveLength(5);
});

test("a server that has lost in a crash what it may lose is gone on with", async () => {
  const settings = { wal_writer_delay: "10s", autovacuum: "off", checkpoint_timeout: "1h" };
  const server = await newServer({ settings });
  onTestFinished(() => server.destroy());
  await server.start();
  const ledger = open(server.urlOf("postgres"));
  const claim = await claimed(ledger, asked(1));
  await onServer(server.urlOf("postgres"), "CHECKPOINT");
  await ledger.record(claim.key, accepted(claim));
  await server.stop("SIGKILL");
  await server.restart();
  expect(await ledger.claimOf(claim.key)).toEqual(claim);
  await ledger.record(claim.key, accepted(claim));
  await claimed(ledger, asked(2));
  expect(await ledger.events()).toHaveLength(4);
});
