/** The rows of claims and books lag behind the events, and nobody who asks can tell. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { cases } from "../property-cases.ts";
import { Database } from "../sqlite-database.ts";
import { DrawnWalk, told as everythingIn, histories, type Step } from "./drawn-history.ts";
import { mixedHistory } from "./mixed-history.ts";
import { claimed, latchError, openLedger } from "./open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  brokerOrder,
  claimCommand,
  filledOrder,
  orderRead,
  pendingNote,
  START,
} from "./sample-commands.ts";
import { temporaryFile, temporaryFolder } from "./temporary-folder.ts";

const ALL = { account: ACCOUNT, limit: 500 } as const;

function rowsIn(file: string): { claims: number; books: number; mark: number; events: number } {
  const database = new Database(file, { readonly: true });
  const count = (sql: string) => database.prepare(sql).pluck().get() as number;
  const found = {
    claims: count("SELECT count(*) FROM claims"),
    books: count("SELECT count(*) FROM books"),
    mark: count("SELECT sequence FROM rows_mark"),
    events: count("SELECT count(*) FROM events"),
  };
  database.close();
  return found;
}

/** As a machine that lost its power would find the file: what was written, and nobody closed it. */
function leftBehind(file: string): string {
  const copy = join(temporaryFolder(), "ledger.db");
  for (const ending of ["", "-wal"]) copyFileSync(`${file}${ending}`, `${copy}${ending}`);
  return copy;
}

/** Everything that a ledger tells of its claims and books. */
async function told(ledger: Ledger) {
  const { claims } = await ledger.claims(ALL);
  const orders = claims.flatMap(({ brokerOrderId }) => brokerOrderId ?? []);
  return {
    claims,
    unsettled: await ledger.unsettledClaims(ACCOUNT),
    byKey: await ledger.claimsOf(claims.map(({ key }) => key)),
    holders: await Promise.all(orders.map((order) => ledger.claimOfOrder(ACCOUNT, order))),
    counts: await ledger.countByStatus(ACCOUNT),
    books: await ledger.books(ACCOUNT),
    book: await ledger.book(ACCOUNT, "TQQQ"),
  };
}

async function fill(ledger: Ledger, claim: Claim): Promise<void> {
  await ledger.record(claim.key, accepted(claim));
  await ledger.record(claim.key, orderRead(filledOrder(claim, claim.intent.quantity ?? "0")));
}

describe("an order", () => {
  test("writes its events, and no row of a claim or a book", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    const claim = await claimed(ledger, claimCommand());
    await fill(ledger, claim);
    expect(rowsIn(file)).toMatchObject({ claims: 0, books: 0, mark: 0 });
    expect(rowsIn(file).events).toBeGreaterThan(2);
    expect(await ledger.claimOf(claim.key)).toMatchObject({ status: "SETTLED" });
    expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6" });
    expect(await ledger.unsettledClaims(ACCOUNT)).toEqual([]);
    expect(rowsIn(file)).toMatchObject({ claims: 0, books: 0 });
  });

  test("is in the rows once somebody asks for a list, and once the ledger is closed", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    await claimed(ledger, claimCommand());
    expect((await ledger.claims(ALL)).claims).toHaveLength(1);
    expect(rowsIn(file)).toEqual({ claims: 1, books: 1, mark: 1, events: 1 });
    await fill(ledger, await claimed(ledger, claimCommand({ quantity: "7" })));
    expect(rowsIn(file)).toMatchObject({ claims: 1, books: 1, mark: 1 });
    await ledger.close();
    const { mark, events, ...rows } = rowsIn(file);
    expect(rows).toEqual({ claims: 2, books: 1 });
    expect(mark).toBe(events);
  });

  test("that was replaced is found by the id that it has now, whatever its row says", async () => {
    const ledger = openLedger(temporaryFile());
    const claim = await claimed(ledger, claimCommand());
    const first = brokerOrder(claim);
    await ledger.record(claim.key, accepted(claim));
    await ledger.claims(ALL);
    const successor = brokerOrder(claim, {
      brokerOrderId: "the-next" as typeof first.brokerOrderId,
      replaces: first.brokerOrderId,
    });
    const order = { ...first, status: "replaced", replacedBy: successor.brokerOrderId };
    const read = { source: "poll", now: START } as const;
    await ledger.record(claim.key, { type: "replaced", order, successor, ...read });
    const holder = await ledger.claimOfOrder(ACCOUNT, successor.brokerOrderId);
    expect(holder?.key).toEqual(claim.key);
    expect(await ledger.claimOfOrder(ACCOUNT, first.brokerOrderId)).toBeUndefined();
  });

  test("is one of a few hundred at most whose rows are behind", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    const symbols = Array.from({ length: 300 }, (_, index) =>
      String.fromCharCode(65 + (index % 26), 65 + Math.floor(index / 26)),
    );
    await Promise.all(symbols.map((symbol) => claimed(ledger, claimCommand({ symbol }))));
    await ledger.lastSequence();
    expect(rowsIn(file)).toMatchObject({ claims: 300 });
    await claimed(ledger, claimCommand({ symbol: "ZZZ" }));
    await ledger.lastSequence();
    expect(rowsIn(file)).toMatchObject({ claims: 300 });
  });

  test("is not behind with more than a thousand others, however many wait", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    const all = Array.from({ length: 2_000 }, (_, index) =>
      claimed(ledger, claimCommand({ requestId: `r-${index}`, quantity: `${index + 1}` })),
    );
    await all[1_499];
    expect(rowsIn(file)).toMatchObject({ claims: 1_500 });
    await Promise.all(all);
  });

  test("with terms that are its caller's own object has its row at once", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    const extension = { order_class: "bracket", take_profit: { limit_price: "80" } };
    await claimed(ledger, claimCommand({ extension }));
    expect(rowsIn(file)).toMatchObject({ claims: 1, mark: 1 });
  });

  test("that is repeated for ever leaves no long way from the rows to the last event", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    const claim = await claimed(ledger, claimCommand());
    for (let repeat = 0; repeat < 5_000; repeat += 1) ledger.note(pendingNote(claim), START);
    expect(await ledger.lastSequence()).toBe(5_001);
    expect(await ledger.lastSequence()).toBe(5_001);
    expect(rowsIn(file).mark).toBe(5_001);
  });
});

describe("a ledger that nobody closed", () => {
  test("has the same claims, books and holders for whoever opens it next", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    await mixedHistory(ledger);
    await ledger.lastSequence();
    const copy = leftBehind(file);
    expect(await told(openLedger(copy))).toEqual(await told(ledger));
    expect(rowsIn(copy)).toEqual(rowsIn(file));
  });

  test("still has its claims where every row was lost with the mark behind them", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    await mixedHistory(ledger);
    const before = await told(ledger);
    await ledger.close();
    const raw = new Database(file);
    raw.exec("DELETE FROM claims; DELETE FROM books; UPDATE rows_mark SET sequence = 0");
    raw.close();
    expect(await told(openLedger(file))).toEqual(before);
  });

  test("whose last events cannot be read says so each time, and gives no half of them", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    const { key } = await claimed(ledger, claimCommand({ requestId: "first" }));
    await claimed(ledger, claimCommand({ requestId: "second", quantity: "7" }));
    const copy = leftBehind(file);
    const raw = new Database(copy);
    raw.exec(
      "DROP TRIGGER events_are_never_changed; UPDATE events SET body = '{' WHERE sequence = 2",
    );
    raw.close();
    const next = openLedger(copy);
    for (let tries = 0; tries < 2; tries += 1) {
      expect((await latchError(() => next.claimOf(key))).code).toBe("store_corrupt");
    }
  });

  test("answers a repeat with the claim that has no row yet, and sends nothing again", async () => {
    const file = temporaryFile();
    const claim = await claimed(openLedger(file), claimCommand());
    const next = openLedger(leftBehind(file));
    const repeat = await next.claim(claimCommand({}, { now: START + 1 }));
    expect(repeat).toMatchObject({ kind: "pending", claim: { key: claim.key } });
  });
});

test("three who share a file decide as one does whose rows are always written", async () => {
  const run = async (steps: readonly Step[]) => {
    const folder = temporaryFolder();
    const file = join(folder, "shared.db");
    const open = (path: string) => openSqliteLedger(path, new ManualClock(START));
    const shared = new DrawnWalk([open(file), open(file), open(file)]);
    const reference = new DrawnWalk([open(join(folder, "plain.db"))]);
    const [plain] = reference.ledgers as [Ledger];
    try {
      for (const [index, step] of steps.entries()) {
        // What a ledger tells before it is written the others learn a turn later.
        if (steps[index - 1]?.by !== step.by) await turnOfTheLoop();
        const now = START + 30_000 + index * 4_000;
        const expected = await reference.take(step, now);
        await plain.countByStatus(ACCOUNT);
        expect(await shared.take(step, now)).toEqual(expected);
      }
      await turnOfTheLoop();
      const expected = await everythingIn(plain);
      for (const ledger of shared.ledgers) expect(await everythingIn(ledger)).toEqual(expected);
      const next = open(leftBehind(file));
      shared.ledgers.push(next);
      expect(await everythingIn(next)).toEqual(expected);
    } finally {
      for (const ledger of [...shared.ledgers, plain]) await ledger.close();
    }
  };
  await fc.assert(fc.asyncProperty(histories, run), { numRuns: cases(30) });
});
