import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { ConnectionPool } from "../../src/ledger/postgres/connection-pool.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import { accepted, claimCommand } from "../ledger/sample-commands.ts";
import { CUT_ALL, newDatabase, onServer } from "./shared-server.ts";

const CUTS = 40;
const READS_AT_ONCE = 60;

test("a read whose connection is cut gets its own answer or none, never that of another", async () => {
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
