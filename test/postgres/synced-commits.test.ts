/**
 * What is on disk when a call resolves, by the server's own account: how far its log is flushed.
 * Nothing else flushes it here: the writer behind asynchronous commits wakes every ten seconds, so
 * a claim that were committed without a sync would leave the log where it was.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  claimCommand,
  filledOrder,
  orderRead,
  refused,
  START,
} from "../ledger/sample-commands.ts";
import { newServer, type PostgresServer } from "./postgres-server.ts";
import { onServer, rowsOf } from "./shared-server.ts";

const ROUNDS = 5;
const STILL = { wal_writer_delay: "10s", autovacuum: "off", checkpoint_timeout: "1h" } as const;

describe.each(["on", "off"])("on a server whose synchronous_commit is %s", (sync) => {
  let server: PostgresServer;
  let quantity = 0;
  beforeAll(async () => {
    // What a server is started with cannot be changed while it runs, and on is its own default.
    const settings = sync === "on" ? STILL : { ...STILL, synchronous_commit: sync };
    server = await newServer({ settings });
    await server.start();
  });
  afterAll(() => server.destroy());

  async function openLedger(): Promise<Ledger> {
    const ledger = openPostgresLedger(server.urlOf("postgres"), new ManualClock(START));
    onTestFinished(() => ledger.close());
    await ledger.probe();
    return ledger;
  }

  /** A claim that is equal to none before it. */
  const claim = (ledger: Ledger) => {
    quantity += 1;
    return claimed(ledger, claimCommand({ quantity: `${quantity}` }));
  };

  /** Whether what was written from now on was flushed by the time that `work` resolved. */
  async function flushes(work: () => Promise<unknown>): Promise<boolean> {
    const url = server.urlOf("postgres");
    await onServer(url, "CHECKPOINT");
    const [before] = await rowsOf<{ lsn: string }>(
      url,
      "SELECT pg_current_wal_insert_lsn() AS lsn",
    );
    await work();
    const [row] = await rowsOf<{ is_flushed: boolean }>(
      url,
      `SELECT pg_current_wal_flush_lsn() > '${before?.lsn}'::pg_lsn AS is_flushed`,
    );
    return row?.is_flushed === true;
  }

  /** How often, of some times, each on a claim of its own that was accepted. */
  async function timesFlushed(
    work: (ledger: Ledger, claim: Claim) => Promise<unknown>,
  ): Promise<number> {
    const ledger = await openLedger();
    let times = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const own = await claim(ledger);
      if (await flushes(() => work(ledger, own))) times += 1;
    }
    return times;
  }

  test("a claim is on disk before anybody may send", async () => {
    expect(await timesFlushed((ledger) => claim(ledger))).toBe(ROUNDS);
  });

  test("so are claims that arrive together with what the broker can tell again", async () => {
    const both = (ledger: Ledger, own: Claim) =>
      Promise.all([ledger.record(own.key, accepted(own)), claim(ledger)]);
    expect(await timesFlushed(both)).toBe(ROUNDS);
  });

  test("so is a refusal, which the broker tells once", async () => {
    const refusal = (ledger: Ledger, own: Claim) => ledger.record(own.key, refused(own));
    expect(await timesFlushed(refusal)).toBe(ROUNDS);
  });

  test("so is a checkpoint before it is told, and whose account a login is", async () => {
    let kept = 0;
    const keeps = (ledger: Ledger) => {
      kept += 1;
      return ledger.keepCheckpoint({ sequence: kept, at: START, text: "signed" });
    };
    expect(await timesFlushed(keeps)).toBe(ROUNDS);
    const remembers = (ledger: Ledger) => ledger.rememberAccount(`login ${kept++}`, ACCOUNT);
    expect(await timesFlushed(remembers)).toBe(ROUNDS);
  });

  test("what the broker can tell again is not waited for", async () => {
    const acceptance = (ledger: Ledger, own: Claim) => ledger.record(own.key, accepted(own));
    expect(await timesFlushed(acceptance)).toBeLessThan(ROUNDS);
  });

  test("and is on disk before it is published as an event", async () => {
    const publishes = async (ledger: Ledger, own: Claim) => {
      await ledger.record(own.key, orderRead(filledOrder(own, String(own.intent.quantity))));
      await ledger.events({ after: 10_000 });
    };
    expect(await timesFlushed(publishes)).toBe(ROUNDS);
    expect((await (await openLedger()).books(ACCOUNT)).length).toBe(1);
  });

  test("a claim stays on disk first where the default is changed under an open ledger", async () => {
    const ledger = await openLedger();
    const url = server.urlOf("postgres");
    await onServer(url, "ALTER SYSTEM SET synchronous_commit = off");
    await onServer(url, "SELECT pg_reload_conf()");
    for (let round = 0; round < ROUNDS; round += 1) {
      expect(await flushes(() => claim(ledger))).toBe(true);
    }
  });
});

test.each(["fsync", "full_page_writes"])(
  "a server that is told to leave %s takes no claim until it is on again",
  async (name) => {
    const server = await newServer();
    onTestFinished(() => server.destroy());
    await server.start();
    const url = server.urlOf("postgres");
    const ledger = openPostgresLedger(url, systemClock);
    onTestFinished(() => ledger.close());
    const claim = claimCommand({ requestId: "r-1" });
    const isTold = async (to: string) => {
      await onServer(url, `ALTER SYSTEM SET ${name} = ${to}`);
      await onServer(url, "SELECT pg_reload_conf()");
    };
    await ledger.probe();
    await isTold("off");
    // A connection hears of it once it has nothing else to do.
    const hasHeard = (code: string) => async () =>
      (await ledger.probe().then(() => "taken", codeOf)) === code;
    await vi.waitUntil(hasHeard("store_unsafe"), { timeout: 60_000 });
    expect(await latchError(() => ledger.claim(claim))).toMatchObject({
      code: "store_unsafe",
      message: expect.stringContaining(`has ${name} = off`),
    });
    await isTold("on");
    await vi.waitUntil(hasHeard("taken"), { timeout: 60_000 });
    await claimed(ledger, claim);
  },
);

function codeOf(error: { readonly code: string }): string {
  return error.code;
}

/** Gives up whoever waits for a replica, as an administrator may; true once there was one. */
const GIVE_UP_WAITING = `SELECT count(pg_cancel_backend(pid)) > 0 AS done FROM pg_stat_activity
  WHERE wait_event = 'SyncRep'`;

test("a commit that waits for a replica, and is told to wait no longer, grants no claim", async () => {
  const server = await newServer();
  onTestFinished(() => server.destroy());
  await server.start();
  const url = server.urlOf("postgres");
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close());
  await ledger.probe();
  await onServer(url, "ALTER SYSTEM SET synchronous_standby_names = 'away'");
  await onServer(url, "SELECT pg_reload_conf()");
  const refused = latchError(() => ledger.claim(claimCommand({ requestId: "r-1" })));
  const isGivenUp = async () => (await rowsOf<{ done: boolean }>(url, GIVE_UP_WAITING))[0]?.done;
  await vi.waitUntil(isGivenUp, { timeout: 60_000 });
  expect((await refused).code).toBe("store_unreachable");
  await onServer(url, "ALTER SYSTEM RESET synchronous_standby_names");
  await onServer(url, "SELECT pg_reload_conf()");
  // It is on this server all the same, and nobody was told to send it.
  const repeat = await ledger.claim(claimCommand({ requestId: "r-1" }));
  expect(repeat).toMatchObject({ kind: "proceed", reopened: true });
});
