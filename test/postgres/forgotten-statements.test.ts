/**
 * A server that has forgotten what a connection has prepared, as behind a pooler that hands each
 * transaction to another of the server's connections, and prepares nothing there again.
 */
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { LatchError } from "../../src/core/errors.ts";
import { type Job, runBatch } from "../../src/ledger/postgres/batch.ts";
import { ConnectionPool } from "../../src/ledger/postgres/connection-pool.ts";
import type { Session } from "../../src/ledger/postgres/dedicated-connection.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { runClaim } from "../../src/ledger/transaction.ts";
import { claimed } from "../ledger/open-ledger.ts";
import { claimCommand } from "../ledger/sample-commands.ts";
import { databaseOfTest, rowsOf } from "./shared-server.ts";

function commandOf(number: number) {
  return claimCommand({ requestId: `r-${number}`, quantity: String(number) });
}

/** All is forgotten in front of the first statement that says `words`. */
function forgetful(session: Session, words: string): Session {
  const ask: Session["ask"] = (text, parameters) => {
    if (text.includes(words)) session.run("DEALLOCATE ALL").catch(() => undefined);
    return session.ask(text, parameters);
  };
  return {
    place: session.place,
    processId: session.processId,
    run: (said) => session.run(said),
    ask,
    preparedAs: (said, parameters) => session.preparedAs(said, parameters),
  };
}

test("whatever is asked is prepared, also what has no parameters", async () => {
  const pool = new ConnectionPool(await databaseOfTest(), systemClock);
  onTestFinished(() => pool.close());
  const asked = "SELECT 1 AS without";
  const known = "SELECT count(*) AS count FROM pg_prepared_statements WHERE statement = $1";
  const counts = await pool.reserved(async (session) => {
    await session.ask(asked, []);
    return session.ask(known, [asked]);
  });
  expect(counts).toEqual([{ count: 1 }]);
});

test.each([
  "current_setting('fsync')",
  "FOR UPDATE",
  "INSERT INTO tradelatch.events",
  "INSERT INTO tradelatch.claims",
  "UPDATE tradelatch.head",
])("where %s is forgotten no claim is granted, and nothing of it is written", async (words) => {
  const url = await databaseOfTest();
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close());
  await claimed(ledger, commandOf(1));
  const pool = new ConnectionPool(url, systemClock);
  onTestFinished(() => pool.close());
  const claim = (number: number, of: (session: Session) => Session) => {
    const request = commandOf(number);
    const run: Job["run"] = (rows) => runClaim(rows, request);
    const job: Job = { durable: true, subject: { kind: "claim", request }, run };
    return pool.reserved((session) => runBatch(of(session), [job]));
  };
  await claim(2, (session) => session);
  const failure = claim(3, (session) => forgetful(session, words));
  const { code, message } = (await failure.catch((error: LatchError) => error)) as LatchError;
  expect(code).toBe("store_failed");
  expect(message).toContain("has forgotten a statement");
  const counts = `SELECT (SELECT count(*)::integer FROM tradelatch.events) AS events,
    (SELECT count(*)::integer FROM tradelatch.claims) AS claims,
    (SELECT sequence::integer FROM tradelatch.head) AS head`;
  expect(await rowsOf(url, counts)).toEqual([{ events: 2, claims: 2, head: 2 }]);
  await claimed(ledger, commandOf(4));
});
