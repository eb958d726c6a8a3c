/**
 * Connections that are cut in the midst of what is done on them: by an administrator, a pooler, a
 * firewall. What was not committed is not there, not even in part, and the next call goes on.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { LatchError } from "../../src/core/errors.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import { ConnectionPool } from "../../src/ledger/postgres/connection-pool.ts";
import type { Session } from "../../src/ledger/postgres/dedicated-connection.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { foldEvents } from "../ledger/fold.ts";
import { ACCOUNT, claimCommand } from "../ledger/sample-commands.ts";
import { CUT_ALL, connectionsTo, newDatabase, onServer } from "./shared-server.ts";

/** A quick server has answered before it is cut, mostly. */
const CUTS = 30;
const CLAIMS_AT_ONCE = 30;
/** Whoever waited for a deadline, where a connection was cut, would wait for ever. */
const NO_DEADLINES: Clock = {
  now: systemClock.now,
  sleep: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    }),
};
/** Three for reads, two for transactions. */
const CONNECTIONS_MAX = 5;

test("connections that are cut again and again lose no claim that was granted, and no time", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const ledger = openPostgresLedger(url, NO_DEADLINES);
  onTestFinished(() => ledger.close());
  let quantity = 0;
  const ask = async () => {
    quantity += 1;
    const command = claimCommand({ requestId: `r-${quantity}`, quantity: `${quantity}` });
    const decision = await ledger.claim(command).catch((error: unknown) => error);
    if (decision instanceof LatchError) return decision.code;
    return (decision as { readonly kind: string }).kind;
  };
  const askMany = () => Array.from({ length: CLAIMS_AT_ONCE }, ask);
  const answers: string[] = [];
  for (let cut = 0; cut < CUTS; cut += 1) {
    const asked = askMany();
    await asked[0];
    asked.push(...askMany());
    const reads = Promise.allSettled([ledger.books(ACCOUNT), ledger.lastSequence()]);
    await onServer(url, CUT_ALL);
    answers.push(...(await Promise.all(asked)));
    await reads;
  }
  // What became of a commit that was cut off is asked on another connection, which may be cut too.
  expect(
    answers.filter((answer) => answer !== "proceed" && answer !== "store_unreachable"),
  ).toEqual([]);
  // The last cut may be felt by whoever comes next.
  while ((await ask()) !== "proceed");
  const events = await ledger.events({ limit: 100_000 });
  expect(firstBreak(events)).toBeUndefined();
  const { claims, books } = foldEvents(events);
  const granted = answers.filter((answer) => answer === "proceed").length;
  // One whose commit went through and whose answer was cut off may be there besides.
  expect(claims.length).toBeGreaterThan(granted);
  expect(await ledger.books(ACCOUNT)).toEqual(books);
  for (const claim of claims) expect(await ledger.claimOf(claim.key)).toEqual(claim);
  expect(await connectionsTo(url)).toBeLessThanOrEqual(CONNECTIONS_MAX);
});

test("a connection that lives on keeps nothing of what was answered on it", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const pool = new ConnectionPool(url, systemClock);
  onTestFinished(() => pool.close());
  const answers: WeakRef<object>[] = [];
  for (let round = 0; round < 5; round += 1) {
    await pool.reserved(async (session) => {
      answers.push(new WeakRef(await session.ask("SELECT repeat('x', 100000) AS text", [])));
    });
    answers.push(new WeakRef(await pool.ask("SELECT repeat('y', 100000) AS text", [])));
  }
  await pool.reserved((session) => session.run("SELECT 1"));
  await pool.ask("SELECT 1", []);
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  // The driver itself may remember the last one.
  const kept = answers.filter((answer) => answer.deref() !== undefined);
  expect(kept.length).toBeLessThanOrEqual(2);
});

test("what is said on one connection without waiting goes out in its order", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const pool = new ConnectionPool(url, systemClock);
  onTestFinished(() => pool.close());
  const transaction = async (session: Session) => {
    const number = () => session.ask<{ n: number }>("SELECT txid_current() AS n, $1::text", ["x"]);
    const [, first, , second] = await Promise.all([
      session.run("BEGIN"),
      number(),
      session.run("SET LOCAL lock_timeout = '3s'"),
      number(),
      session.run("COMMIT"),
    ] as const);
    expect(second[0]?.n).toBe(first[0]?.n);
  };
  // Unprepared the first time, and prepared the second.
  await pool.reserved(transaction);
  await pool.reserved(transaction);
});
