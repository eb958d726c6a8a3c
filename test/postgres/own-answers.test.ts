import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { ConnectionPool } from "../../src/ledger/postgres/connection-pool.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import { accepted, brokerOrder, claimCommand, orderRead } from "../ledger/sample-commands.ts";
import { ServerRelay } from "./server-relay.ts";
import { CUT_ALL, databaseOfTest, newDatabase, onServer } from "./shared-server.ts";

const CUTS = 40;
const RESETS = 12;
const READS_AT_ONCE = 60;

test("a read whose connection is cut gets its own answer or none, never that of another", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on("warning", warn);
  onTestFinished(() => void process.off("warning", warn));
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const pool = new ConnectionPool(url, systemClock);
  onTestFinished(() => pool.close());
  let asked = 0;
  const wrong: string[] = [];
  const answered = { right: 0, failed: 0 };
  const read = async () => {
    asked += 1;
    const question = `question ${asked}`;
    try {
      const [row] = await pool.ask<{ said: string }>("SELECT $1::text AS said", [question]);
      if (row?.said === question) answered.right += 1;
      else wrong.push(`${question}: ${JSON.stringify(row)}`);
    } catch {
      answered.failed += 1;
    }
  };
  for (let cut = 0; cut < CUTS; cut += 1) {
    const reads = Array.from({ length: READS_AT_ONCE }, read);
    await reads[cut % READS_AT_ONCE];
    reads.push(...Array.from({ length: READS_AT_ONCE }, read));
    const cutting = onServer(url, CUT_ALL);
    reads.push(...Array.from({ length: READS_AT_ONCE }, read));
    await Promise.all([...reads, cutting]);
  }
  expect(wrong).toEqual([]);
  expect(answered.right).toBeGreaterThan(CUTS);
  // Node's about a leak, where the connection is ended once for each that waits on it.
  expect(warnings).toEqual([]);
});

test("a read on a connection that the network resets gets its own answer or none", async () => {
  const { relay, url } = await ServerRelay.start(await databaseOfTest());
  const pool = new ConnectionPool(url, systemClock);
  onTestFinished(() => pool.close());
  const wrong: unknown[] = [];
  let asked = 0;
  const read = async (column = "") => {
    asked += 1;
    const question = `question ${asked}`;
    const text = `SELECT $1::text AS said${column}`;
    const rows = await pool.ask<{ said: string }>(text, [question]).catch(() => undefined);
    if (rows !== undefined && rows[0]?.said !== question) wrong.push([question, ...rows]);
  };
  for (let reset = 0; reset < RESETS; reset += 1) {
    // All connections are there, and know the plain question.
    for (let round = 0; round < 2; round += 1) {
      await Promise.all(Array.from({ length: 9 }, () => read()));
    }
    const reads: Promise<void>[] = [];
    // One connection is known to be cut; the others are cut as well, and that shows a moment later.
    const readAgain = () => {
      for (let count = 0; count < 6; count += 1) reads.push(read());
      for (let count = 0; count < 12; count += 1) reads.push(read(`, ${count} + ${reset}`));
      for (let count = 0; count < 6; count += 1) reads.push(read());
    };
    relay.reset();
    for (let turns = 0; turns < 6; turns += 1) {
      readAgain();
      await turnOfTheLoop();
    }
    await Promise.all(reads);
  }
  expect(wrong).toEqual([]);
});

test("a read behind one that has failed among its rows gets its own rows, and no more", async () => {
  const pool = new ConnectionPool(await databaseOfTest(), systemClock);
  onTestFinished(() => pool.close());
  const long = `SELECT repeat('x', 9000), 1 / (5 - i) FROM generate_series(1, $1::bigint) AS i`;
  for (let tries = 0; tries < 4; tries += 1) {
    await expect(pool.ask(long, [9])).rejects.toThrow("division by zero");
    const reads = ["a", "b", "c", "d"].map((said) => pool.ask("SELECT $1::text AS said", [said]));
    const answers = await Promise.all(reads);
    expect(answers.map((rows) => [...rows])).toEqual(
      ["a", "b", "c", "d"].map((said) => [{ said }]),
    );
  }
});

test("reads that are behind one that has failed are asked elsewhere, and not answered by less", async () => {
  const pool = new ConnectionPool(await databaseOfTest(), systemClock);
  onTestFinished(() => pool.close());
  const read = async (said: string) => {
    const rows = await pool.ask<{ said: string }>("SELECT $1::text AS said", [said]).catch(codeOf);
    return typeof rows === "string" ? rows : rows.length === 1 && rows[0]?.said === said;
  };
  const many = () => Promise.all(Array.from({ length: 30 }, (_, index) => read(String(index))));
  const long = `SELECT repeat('x', 9000), 1 / (5 - i) FROM generate_series(1, $1::bigint) AS i`;
  await many();
  for (let tries = 0; tries < 10; tries += 1) {
    const failing = pool.ask(long, [9]).catch(codeOf);
    const answers = new Set(await many());
    expect(await failing).toBe("22012");
    expect(answers).toEqual(new Set([true]));
  }
});

test("many reads at once over a long way are answered in time", async () => {
  const { relay, url } = await ServerRelay.start(await databaseOfTest());
  const pool = new ConnectionPool(url, systemClock);
  onTestFinished(() => pool.close());
  await pool.ask("SELECT 1", []);
  relay.delayMs = 40;
  const reads = Array.from({ length: 600 }, (_, n) => pool.ask("SELECT $1::bigint AS n", [n]));
  const answers = await Promise.all(reads);
  expect(answers.map(([row]) => row)).toEqual(answers.map((_, n) => ({ n })));
});

test("a read whose prepared question the server has forgotten fails, and no other with it", async () => {
  const pool = new ConnectionPool(await databaseOfTest(), systemClock);
  onTestFinished(() => pool.close());
  const read = async (said: string) => {
    const text = `SELECT $1::text AS said${said.length % 2 > 0 ? ", 1" : ""}`;
    const rows = await pool.ask<{ said: string }>(text, [said]).catch(codeOf);
    return typeof rows === "string" ? rows : rows[0]?.said === said;
  };
  const many = () => Promise.all(Array.from({ length: 60 }, (_, index) => read("x".repeat(index))));
  await many();
  const forgets = Array.from({ length: 9 }, () => pool.ask("DEALLOCATE ALL", []));
  await Promise.all(forgets);
  expect(new Set(await many())).toEqual(new Set(["store_failed", true]));
  expect(new Set(await many())).toEqual(new Set([true]));
});

test("a row that says another key than was asked for is refused, and never taken for it", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close());
  const one = await claimed(ledger, claimCommand({ requestId: "one", quantity: "1" }));
  const other = await claimed(ledger, claimCommand({ requestId: "other", quantity: "2" }));
  await onServer(
    url,
    `UPDATE tradelatch.claims SET body =
       (SELECT body FROM tradelatch.claims WHERE request_id = 'other') WHERE request_id = 'one'`,
  );
  const asked = [
    () => ledger.claimOf(one.key),
    () => ledger.claimsOf([other.key, one.key]),
    () => ledger.record(one.key, accepted(one)),
    () => ledger.claim(claimCommand({ requestId: "one", quantity: "1" })),
  ];
  for (const ask of asked) {
    const { code, message } = await latchError(ask);
    expect(code).toBe("store_failed");
    expect(message).toContain("answered another question than the one that was asked");
  }
  expect(await ledger.claimOf(other.key)).toEqual(other);
});

test("nor is one of another order for an equal one, or for the one that has an order", async () => {
  const url = await databaseOfTest();
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close());
  const equal = await claimed(ledger, claimCommand({ quantity: "1" }));
  const placed = await claimed(ledger, claimCommand({ requestId: "placed", quantity: "2" }));
  await ledger.record(placed.key, accepted(placed));
  const other = await claimed(ledger, claimCommand({ requestId: "other", quantity: "3" }));
  const ids = `'${equal.key.requestId}', 'placed'`;
  await onServer(
    url,
    `UPDATE tradelatch.claims SET body =
       (SELECT body FROM tradelatch.claims WHERE request_id = 'other')
     WHERE request_id IN (${ids})`,
  );
  const asked = [
    () => ledger.claim(claimCommand({ quantity: "1" })),
    () => ledger.claim(claimCommand({ requestId: "another", quantity: "1" })),
    () => ledger.record(other.key, orderRead(brokerOrder(placed))),
  ];
  for (const ask of asked) {
    const { code, message } = await latchError(ask);
    expect(code).toBe("store_failed");
    expect(message).toContain("answered another question than the one that was asked");
  }
});

function codeOf(error: unknown): string {
  return (error as { readonly code: string }).code;
}

test("a ledger whose connections were reset a moment ago is closed in order", async () => {
  const { relay, url } = await ServerRelay.start(await databaseOfTest());
  for (let round = 0; round < RESETS; round += 1) {
    const ledger = openPostgresLedger(url, systemClock);
    const { key } = await claimed(
      ledger,
      claimCommand({ requestId: `r-${round}`, quantity: `${70 + round}` }),
    );
    await ledger.claimOf(key);
    relay.reset();
    await ledger.close();
  }
});
