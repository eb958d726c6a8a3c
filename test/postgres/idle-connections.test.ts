/**
 * Connections that were cut while nobody asked on them: by a pooler, a server that has started
 * again, a firewall that forgets. Whoever comes next does not feel it where nothing that counts
 * can have been carried out.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openLatch } from "../../src/app.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ConnectionPool } from "../../src/ledger/postgres/connection-pool.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { startSimulator } from "../../src/simulator/index.ts";
import { DrivenClock } from "../guard/guard-world.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import { ACCOUNT, claimCommand, START } from "../ledger/sample-commands.ts";
import { ServerRelay } from "./server-relay.ts";
import { CUT_ALL, databaseOfTest, onServer } from "./shared-server.ts";

async function openThroughRelay() {
  const { relay, url } = await ServerRelay.start(await databaseOfTest());
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return { relay, url, ledger };
}

test("a read is answered where its connection was cut while idle", async () => {
  const { relay, ledger } = await openThroughRelay();
  const claim = await claimed(ledger, claimCommand());
  await Promise.all(Array.from({ length: 9 }, () => ledger.claimOf(claim.key)));
  relay.reset();
  const reads = Array.from({ length: 9 }, () => ledger.claimOf(claim.key));
  expect(await Promise.all(reads)).toEqual(reads.map(() => claim));
});

test("a claim is granted where the connection was cut while idle, and once", async () => {
  const { relay, url, ledger } = await openThroughRelay();
  await claimed(ledger, claimCommand({ requestId: "r-1", quantity: "1" }));
  relay.reset();
  await claimed(ledger, claimCommand({ requestId: "r-2", quantity: "2" }));
  await onServer(url, CUT_ALL);
  await claimed(ledger, claimCommand({ requestId: "r-3", quantity: "3" }));
  expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: 3 });
});

test("an order is sent where every connection was cut since the last one", async () => {
  const { relay, url: store } = await ServerRelay.start(await databaseOfTest());
  const broker = await startSimulator({ prices: { TQQQ: "75" } });
  onTestFinished(() => broker.close());
  const keys = { keyId: "key", secret: "secret", agent: "momentum" } as const;
  const logger = pino({ level: "silent" });
  const latch = await openLatch({ ...keys, store, baseUrl: broker.url, logger, schedule: false });
  onTestFinished(() => latch.close());
  const order = { symbol: "TQQQ", side: "buy", effect: "open" } as const;
  await latch.submit({ ...order, quantity: "6", requestId: "before" });
  for (const requestId of ["r-1", "r-2", "r-3"]) {
    relay.reset();
    const answer = await latch.submit({ ...order, quantity: "7", requestId });
    expect(answer).toMatchObject({ status: "PROCEED" });
  }
  expect(broker.orders()).toHaveLength(4);
});

test("a transaction that was answered anything is not begun again", async () => {
  const { relay, url } = await openThroughRelay();
  const pool = new ConnectionPool(url, systemClock);
  onTestFinished(() => pool.close());
  let times = 0;
  const cut = pool.reserved(async (session) => {
    times += 1;
    await session.run("BEGIN");
    relay.reset();
    await session.run("COMMIT");
  });
  await expect(cut).rejects.toThrow("ECONNRESET");
  expect(times).toBe(1);
});

test("once one connection was silent for too long nobody waits for the others", async () => {
  const { relay, url } = await ServerRelay.start(await databaseOfTest());
  const clock = new DrivenClock(START);
  const ledger = openPostgresLedger(url, clock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  const claim = await claimed(ledger, claimCommand({ requestId: "r-1", quantity: "1" }));
  await Promise.all(Array.from({ length: 9 }, () => ledger.claimOf(claim.key)));
  relay.silence();
  const refused = latchError(() => ledger.claim(claimCommand({ requestId: "r-2", quantity: "2" })));
  await clock.untilSleeping();
  clock.advanceTo(START + 5_000);
  expect((await refused).code).toBe("store_unreachable");
  const reads = Array.from({ length: 3 }, () => ledger.claimOf(claim.key));
  expect(await Promise.all(reads)).toEqual(reads.map(() => claim));
});

test("connections that let us in and say nothing more keep nobody's place", async () => {
  const { relay, url } = await ServerRelay.start(await databaseOfTest());
  const clock = new DrivenClock(START);
  const ledger = openPostgresLedger(url, clock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  const claim = await claimed(ledger, claimCommand({ requestId: "r-1", quantity: "1" }));
  relay.isDeaf = true;
  relay.reset();
  const again = claimCommand({ requestId: "r-2", quantity: "2" });
  // As many as there may be of either kind.
  for (const connections of [4, 5]) {
    const reads = Array.from({ length: 3 }, () => latchError(() => ledger.claimOf(claim.key)));
    const refused = Promise.all([latchError(() => ledger.claim(again)), ...reads]);
    while (relay.silent < connections) await turnOfTheLoop();
    clock.advance(5_000);
    for (const { code } of await refused) expect(code).toBe("store_unreachable");
  }
  relay.isDeaf = false;
  await claimed(ledger, again);
  expect(await ledger.claimOf(claim.key)).toEqual(claim);
});

test("a connection that is on its way when all are closed is not left open", async () => {
  const { relay, url } = await ServerRelay.start(await databaseOfTest());
  const pool = new ConnectionPool(url, systemClock);
  const work = Array.from({ length: 3 }, () => pool.reserved((session) => session.run("SELECT 1")));
  const ended = Promise.allSettled(work);
  await pool.close();
  expect((await ended).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  await relay.untilNobodyIsThere();
});
