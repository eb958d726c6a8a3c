/** A ledger that moves from SQLite to PostgreSQL and back: all of it, or nothing. */
import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { copyStore } from "../../src/app.ts";
import type { RequestId } from "../../src/core/ids.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { copyLedger } from "../../src/ledger/copy-ledger.ts";
import type { Ledger, StoredEvent } from "../../src/ledger/ledger.ts";
import {
  type ContentBatch,
  type ContentWriter,
  contentOf,
  type ReadContent,
} from "../../src/ledger/ledger-content.ts";
import { writePostgresContent } from "../../src/ledger/postgres/postgres-content.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { readSqliteContent } from "../../src/ledger/sqlite/sqlite-content.ts";
import { claimOf, KEY, settle } from "../claim/guard-commands.ts";
import { foldEvents } from "../ledger/fold.ts";
import { mixedHistory } from "../ledger/mixed-history.ts";
import { claimed, latchError, openLedger } from "../ledger/open-ledger.ts";
import { ACCOUNT, claimCommand, START } from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { Database } from "../sqlite-database.ts";
import { CUT_ALL, databaseOfTest, onServer, rowsOf } from "./shared-server.ts";

const clock = new ManualClock(START);
const ODD_TEXT = 'a\u0000b "quoted" \\0 é 😀 \u2028';
/** More than one batch of each kind that comes in batches. */
const CLAIMS = 1_200;

function openDatabase(url: string): Ledger {
  const ledger = openPostgresLedger(url, clock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

/** A file with something of everything in it; nobody has it open. */
async function ledgerFile(claims = 0): Promise<string> {
  const file = temporaryFile();
  const ledger = openLedger(file);
  await mixedHistory(ledger);
  await ledger.rememberAccount("login", ACCOUNT);
  await claimed(ledger, claimCommand({ requestId: ODD_TEXT, quantity: "7" }));
  const report = {
    kind: "unknown_order",
    subject: "order x",
    summary: "odd",
    next: "look",
  } as const;
  await ledger.beginIncident(ACCOUNT, "TQQQ", report, START);
  await ledger.beginIncident(ACCOUNT, "SQQQ", { ...report, subject: ODD_TEXT }, START);
  const end = { verdict: "by_operator", provenance: "operator", reason: "seen" } as const;
  await ledger.endIncident(ACCOUNT, "order x", end, START);
  await Promise.all(
    Array.from({ length: claims }, (_, index) =>
      ledger.claim(claimCommand({ requestId: `claim-${index}`, quantity: `${index + 8}` })),
    ),
  );
  for (const [index, requestId] of ["action-1", ODD_TEXT, "action-3"].entries()) {
    const key = { ...KEY, requestId: requestId as RequestId };
    await ledger.guard(key, claimOf({ agentId: ODD_TEXT, now: START }));
    if (index > 0) await ledger.guard(key, settle({ result: { said: ODD_TEXT }, now: START }));
  }
  for (const sequence of [2, 9]) {
    await ledger.keepCheckpoint({ sequence, at: START, text: `{"through":${sequence}} \0 \\0` });
  }
  await ledger.close();
  return file;
}

async function contentIn(file: string): Promise<readonly ContentBatch[]> {
  return readSqliteContent(file, async (source) => {
    const batches: ContentBatch[] = [];
    for await (const batch of contentOf(source)) batches.push(batch);
    return batches;
  });
}

function eventsIn(batches: readonly ContentBatch[]): readonly StoredEvent[] {
  return batches.flatMap((batch) => (batch.kind === "events" ? batch.values : []));
}

describe("a ledger that is copied", () => {
  test("from SQLite to PostgreSQL and back is the same to the last value", async () => {
    const [first, url, last] = [await ledgerFile(CLAIMS), await databaseOfTest(), temporaryFile()];
    const before = await contentIn(first);
    const there = await copyStore(first, url, { clock });
    const back = await copyStore(url, last, { clock });
    expect(await contentIn(last)).toEqual(before);
    expect(back).toMatchObject({ counts: there.counts, head: there.head });
    expect(there.counts).toMatchObject({ accounts: 1, logins: 1, checkpoints: 2 });
    expect(there.counts).toMatchObject({ books: 2, incidents: 3 });
    expect(there.counts.claims).toBeGreaterThan(CLAIMS);
    expect(there.counts.guardClaims).toBe(3);
    const { claims, books } = foldEvents(eventsIn(before));
    const held = before.flatMap((batch) => (batch.kind === "claims" ? batch.values : []));
    expect(held).toEqual(claims);
    const ledger = openLedger(last);
    expect(await ledger.books(ACCOUNT)).toEqual(books);
  });

  test("goes on where it was: the next claim, event and incident continue the last", async () => {
    const [file, url] = [await ledgerFile(), await databaseOfTest()];
    const { head, counts } = await copyStore(file, url, { clock });
    for (const ledger of [openDatabase(url), openLedger(file)]) {
      const known = await ledger.claim(claimCommand({ requestId: ODD_TEXT, quantity: "7" }));
      expect(known.kind).toBe("pending");
      const action = await ledger.guard({ ...KEY, requestId: ODD_TEXT as RequestId }, claimOf());
      expect(action).toMatchObject({ answer: { kind: "settled" }, claim: { outcome: "done" } });
      await claimed(ledger, claimCommand({ requestId: "another", quantity: "9" }));
      const [next] = await ledger.events({ after: head.sequence });
      expect(next).toMatchObject({ sequence: head.sequence + 1, previousHash: head.hash });
      const report = { kind: "unknown_order", subject: "y", summary: "y", next: "y" } as const;
      await ledger.beginIncident(ACCOUNT, "QQQ", report, START);
      expect((await ledger.incidents(ACCOUNT))[0]?.id).toBe(counts.incidents + 1);
      expect((await ledger.claims({ account: ACCOUNT, limit: 1 })).claims[0]?.key.requestId).toBe(
        "another",
      );
    }
  });

  test("and is empty arrives as an empty one", async () => {
    const [file, url, last] = [temporaryFile(), await databaseOfTest(), temporaryFile()];
    await openLedger(file).close();
    await copyStore(file, url, { clock });
    expect((await copyStore(url, last, { clock })).head.sequence).toBe(0);
    await claimed(openLedger(last), claimCommand());
  });

  test("is read as it is, also where an older program has written it", async () => {
    const [file, last] = [await ledgerFile(), temporaryFile()];
    const raw = new Database(file);
    raw.exec("DROP INDEX claims_unsettled; CREATE INDEX claims_unsettled ON claims (account)");
    raw.close();
    const { counts } = await copyStore(file, last, { clock });
    expect(counts.events).toBeGreaterThan(10);
    expect(existsSync(`${file}-wal`)).toBe(false);
  });
});

describe("nothing is copied", () => {
  test("to a database that has a ledger, and that stays as it is", async () => {
    const [file, url] = [await ledgerFile(), await databaseOfTest()];
    const ledger = openDatabase(url);
    await claimed(ledger, claimCommand());
    await ledger.close();
    const { code, message } = await latchError(() => copyStore(file, url, { clock }));
    expect(code).toBe("store_not_empty");
    expect(message).toContain("there is a ledger in postgres://");
    expect(await openDatabase(url).lastSequence()).toBe(1);
  });

  test("to a file that is there, and that stays as it is", async () => {
    const [file, other] = [await ledgerFile(), await ledgerFile()];
    const before = await contentIn(other);
    for (const to of [other, file]) {
      const { code, message } = await latchError(() => copyStore(file, to, { clock }));
      expect(code).toBe("store_not_empty");
      expect(message).toContain(to);
    }
    expect(await contentIn(other)).toEqual(before);
  });

  test("to where a killed process has left the log of a ledger that was moved away", async () => {
    const [file, killed] = [await ledgerFile(), temporaryFile()];
    await claimed(openLedger(killed), claimCommand({ requestId: "of the ledger before" }));
    for (const ending of ["-wal", "-journal"]) {
      const to = temporaryFile();
      copyFileSync(`${killed}-wal`, `${to}${ending}`);
      const { code, message } = await latchError(() => copyStore(file, to, { clock }));
      expect(code).toBe("store_not_empty");
      expect(message).toContain(`${to}${ending} is of a ledger that is gone`);
      expect(existsSync(to)).toBe(false);
    }
  });

  test("from a file or a database that a process has open, whatever that calls itself", async () => {
    const [file, url, named] = [await ledgerFile(), await databaseOfTest(), await databaseOfTest()];
    for (const to of [url, named]) await copyStore(file, to, { clock });
    const open = [openLedger(file), openDatabase(url)];
    open.push(openDatabase(`${named}?application_name=desk%207`));
    for (const [index, from] of [file, url, named].entries()) {
      await open[index]?.probe();
      const { code, hint } = await latchError(() => copyStore(from, temporaryFile(), { clock }));
      expect(code).toBe("store_in_use");
      expect(hint).toContain("Stop every sidecar");
    }
  });

  test("from where there is no ledger, and none is made there", async () => {
    const [file, url] = [temporaryFile(), await databaseOfTest()];
    for (const from of [file, url]) {
      const to = temporaryFile();
      const { code, message } = await latchError(() => copyStore(from, to, { clock }));
      expect(code).toBe("store_missing");
      expect(message).toContain("there is no ledger");
      expect(existsSync(to)).toBe(false);
    }
    expect([existsSync(file), await schemasIn(url)]).toEqual([false, []]);
  });

  test("of a ledger whose chain is broken: it names the event, and the target stays empty", async () => {
    const [file, url, to] = [await ledgerFile(), await databaseOfTest(), temporaryFile()];
    const raw = new Database(file);
    raw.exec("DROP TRIGGER events_are_never_changed; UPDATE events SET at = 1 WHERE sequence = 7");
    raw.close();
    for (const target of [url, to]) {
      const { code, message } = await latchError(() => copyStore(file, target, { clock }));
      expect(code).toBe("copy_failed");
      expect(message).toContain("its chain breaks at event 7");
    }
    expect([await schemasIn(url), readdirSync(dirname(to))]).toEqual([[], []]);
  });

  test("of a ledger whose last events are gone that a checkpoint has counted", async () => {
    const from = await ledgerFile();
    const database = new Database(from);
    database.exec("INSERT INTO checkpoints VALUES (900, 0, '{}')");
    database.close();
    const to = temporaryFile();
    const error = await latchError(() => copyStore(from, to));
    expect(error).toMatchObject({ code: "copy_failed" });
    expect(error.message).toMatch(/it has \d+ events, and a checkpoint is about event 900$/);
    expect(existsSync(to)).toBe(false);
  });

  test("of a ledger that has lost a claim which its events tell of", async () => {
    const [file, to] = [await ledgerFile(), temporaryFile()];
    const raw = new Database(file);
    raw.exec("DELETE FROM claims WHERE id = 3");
    raw.close();
    const { message } = await latchError(() => copyStore(file, to, { clock }));
    expect(message).toMatch(/its events tell of (\d+) claims, it has \d+/);
  });

  test("once the program is told to end", async () => {
    const [file, url, to] = [await ledgerFile(CLAIMS), await databaseOfTest(), temporaryFile()];
    for (const target of [url, to]) {
      const stop = new AbortController();
      const onProgress = ({ done }: { done: number }) => {
        if (done > CLAIMS) stop.abort(new Error("enough"));
      };
      const options = { clock, onProgress, signal: stop.signal };
      await expect(copyStore(file, target, options)).rejects.toThrow("enough");
    }
    expect([await schemasIn(url), readdirSync(dirname(to))]).toEqual([[], []]);
  });

  test("where the connection breaks half-way", async () => {
    const [file, url] = [await ledgerFile(CLAIMS), await databaseOfTest()];
    const read: ReadContent = (work) =>
      readSqliteContent(file, (source) =>
        work({
          ...bound(source),
          books: async () => {
            await onServer(url, CUT_ALL);
            return source.books();
          },
        }),
      );
    const write = <Value>(work: (target: ContentWriter) => Promise<Value>) =>
      writePostgresContent(url, clock, work);
    const { code } = await latchError(() => copyLedger(read, write));
    expect(code).toBe("copy_failed");
    expect(await schemasIn(url)).toEqual([]);
  });

  test("where what arrives is not what was sent", async () => {
    const [file, url] = [await ledgerFile(), await databaseOfTest()];
    const read: ReadContent = (work) => readSqliteContent(file, work);
    const write = <Value>(work: (target: ContentWriter) => Promise<Value>) =>
      writePostgresContent(url, clock, (target) =>
        work({
          ...bound(target),
          write: (batch) =>
            target.write(
              batch.kind === "books" ? { kind: "books", values: batch.values.slice(1) } : batch,
            ),
        }),
      );
    const { message } = await latchError(() => copyLedger(read, write));
    expect(message).toContain("is not what");
    expect(await schemasIn(url)).toEqual([]);
  });
});

test("while a file is copied nobody can open it, and nobody decides on a database", async () => {
  const [file, url] = [await ledgerFile(), await databaseOfTest()];
  await copyStore(file, url, { clock });
  const meanwhile: string[] = [];
  const read: ReadContent = (work) =>
    readSqliteContent(file, async (source) => {
      meanwhile.push((await latchError(() => openLedger(file))).code);
      return work(source);
    });
  const to = join(dirname(temporaryFile()), "copy.db");
  const { writeSqliteContent } = await import("../../src/ledger/sqlite/sqlite-content.ts");
  await copyLedger(read, (work) => writeSqliteContent(to, work));
  const { readPostgresContent } = await import("../../src/ledger/postgres/postgres-content.ts");
  await readPostgresContent(url, clock, async () => {
    meanwhile.push((await latchError(() => openDatabase(url).claim(claimCommand()))).code);
  });
  expect(meanwhile).toEqual(["store_busy", "store_busy"]);
});

/** A reader or writer whose methods can be spread beside others. */
function bound<Content extends ContentWriter | Parameters<Parameters<ReadContent>[0]>[0]>(
  content: Content,
): Content {
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(content));
  const entries = methods.map((name) => {
    const method = content[name as keyof Content];
    return [name, typeof method === "function" ? method.bind(content) : method];
  });
  return { ...Object.fromEntries(entries), place: content.place };
}

async function schemasIn(url: string): Promise<readonly unknown[]> {
  return rowsOf(url, "SELECT 1 FROM pg_namespace WHERE nspname = 'tradelatch'");
}
