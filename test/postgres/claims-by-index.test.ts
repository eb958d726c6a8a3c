/** A claim must not cost more with every claim before it, also before the server knows its tables. */
import { expect, onTestFinished, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { RecordCommand } from "../../src/claim/decide-record.ts";
import { systemClock } from "../../src/core/clock.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  claimCommand,
  comparedReads,
  filledOrder,
  START,
} from "../ledger/sample-commands.ts";
import { connectionsTo, newDatabase, rowsOf } from "./shared-server.ts";

const BEFORE = 300;
const ASKED = 20;
/** Of its own, of the few equal ones, and of those at its end; all others would be hundreds. */
const ROWS_PER_CLAIM = 8;

test.each([
  ["an id of its own", (name: string) => ({ requestId: name })],
  ["no id", () => ({})],
  ["an anchor", (name: string) => ({ anchor: { bar: name, stage: "entry" } })],
])(
  "a claim with %s, and its end, read only the few rows that they ask for, though nobody has analyzed the tables",
  async (_, identity) => {
    const { url, drop } = await newDatabase();
    onTestFinished(drop);
    const first = openPostgresLedger(url, systemClock);
    const settle = async (ledger: typeof first, name: string, index: number) => {
      const fields = { ...identity(`${name}-${index}`), quantity: `${index + 2}` };
      const claim = await claimed(ledger, claimCommand(fields));
      await ledger.record(claim.key, filledAtOnce(claim));
    };
    // The plans are made while the tables are empty.
    await settle(first, "first", BEFORE + ASKED);
    await rowsOf(url, "ALTER TABLE tradelatch.claims SET (autovacuum_enabled = off)");
    await Promise.all(Array.from({ length: BEFORE }, (_none, index) => settle(first, "a", index)));
    await first.probe();
    const second = openPostgresLedger(url, systemClock);
    const read = await claimRowsRead(url);
    for (let index = 0; index < ASKED; index += 1) await settle(first, "asked", BEFORE + index);
    for (let index = 0; index < ASKED; index += 1) await settle(second, "new", BEFORE * 2 + index);
    await Promise.all([first.close(), second.close()]);
    await untilCounted(url);
    const ofMany = BEFORE * ROWS_PER_CLAIM;
    expect((await claimRowsRead(url)) - read).toBeLessThanOrEqual(
      ofMany + 2 * ASKED * ROWS_PER_CLAIM,
    );
  },
);

test("nor does it read the equal ones that were filled, and whose callers were told so", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const first = openPostgresLedger(url, systemClock);
  const equal = async (ledger: typeof first, name: string) => {
    const claim = await claimed(ledger, claimCommand({ requestId: name }));
    await ledger.record(claim.key, filledAtOnce(claim));
  };
  await equal(first, "first");
  // With what it would find out the server may read all of so few rows.
  await rowsOf(url, "ALTER TABLE tradelatch.claims SET (autovacuum_enabled = off)");
  for (let index = 0; index < ASKED; index += 1) await equal(first, `before-${index}`);
  await first.close();
  await untilCounted(url);
  const second = openPostgresLedger(url, systemClock);
  const read = await claimRowsRead(url);
  await equal(second, "last");
  await second.close();
  await untilCounted(url);
  expect((await claimRowsRead(url)) - read).toBeLessThanOrEqual(ROWS_PER_CLAIM);
});

test("a comparison reads only the events behind the reads that it rests on", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const ledger = openPostgresLedger(url, systemClock);
  for (let index = 0; index < BEFORE; index += 1) {
    await ledger.claim(claimCommand({ requestId: `r-${index}` }));
  }
  const asked = { policy: "observe", now: START + 60_000 } as const;
  const compare = async () => {
    const seen = await comparedReads(ledger, "2", "0");
    return ledger.compare(ACCOUNT, "SPY", { ...seen, ...asked });
  };
  expect(await compare()).toMatchObject({ kind: "orphan" });
  await ledger.close();
  await untilCounted(url);
  const again = openPostgresLedger(url, systemClock);
  const seen = { ...(await comparedReads(again, "2", "0")), ...asked };
  await again.close();
  await untilCounted(url);
  const last = openPostgresLedger(url, systemClock);
  const read = await rowsRead(url, "events");
  await last.compare(ACCOUNT, "SPY", seen);
  await last.close();
  await untilCounted(url);
  expect((await rowsRead(url, "events")) - read).toBeLessThan(BEFORE / 2);
});

function filledAtOnce(claim: Claim): RecordCommand {
  const outcome = { kind: "accepted", order: filledOrder(claim, "6") } as const;
  return { type: "answer", fencing: claim.fencing, outcome, now: START, callerWaits: true };
}

/** What a connection has read is counted when it ends, a moment after it was closed here. */
async function untilCounted(url: string): Promise<void> {
  while ((await connectionsTo(url)) > 0);
}

function claimRowsRead(url: string): Promise<number> {
  return rowsRead(url, "claims");
}

/**
 * Rows that are there. An index has entries of older versions too, which the server clears away
 * where nobody may see them any more: how many of them are read is a matter of who else is at work.
 */
async function rowsRead(url: string, table: "claims" | "events"): Promise<number> {
  const [row] = await rowsOf<{ read: number }>(
    url,
    `SELECT (seq_tup_read + (SELECT sum(idx_tup_fetch) FROM pg_stat_user_indexes
        WHERE schemaname = 'tradelatch' AND relname = '${table}'))::integer AS read
     FROM pg_stat_user_tables WHERE schemaname = 'tradelatch' AND relname = '${table}'`,
  );
  return row?.read ?? 0;
}
