import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import { backUpSqliteLedger } from "../../src/ledger/sqlite/backup.ts";
import { Database } from "../sqlite-database.ts";
import { foldEvents } from "./fold.ts";
import { claimed, latchError, openLedger } from "./open-ledger.ts";
import { ACCOUNT, BOT, claimCommand, filledOrder, orderRead, START } from "./sample-commands.ts";
import { temporaryFile, temporaryFolder } from "./temporary-folder.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A ledger with `count` claims in it, each filled. */
async function ledgerWith(count: number) {
  const file = temporaryFile("latch.db");
  const ledger = openLedger(file);
  for (let number = 1; number <= count; number += 1) await trade(ledger, number);
  return { file, ledger };
}

function command(number: number) {
  return claimCommand({ requestId: `r-${number}`, quantity: String(number) });
}

async function trade(ledger: ReturnType<typeof openLedger>, number: number) {
  const claim = await claimed(ledger, command(number));
  await ledger.record(claim.key, orderRead(filledOrder(claim, String(number))));
  return claim;
}

const request = (directory: string, fields: { keep?: number; now?: number } = {}) => ({
  directory,
  keep: 14,
  now: START,
  ...fields,
});

describe("a backup", () => {
  test("taken while claims are written restores to one moment of the ledger", async () => {
    const { file, ledger } = await ledgerWith(60);
    const directory = temporaryFolder();
    let isOver = false;
    const backup = backUpSqliteLedger(file, request(directory)).finally(() => {
      isOver = true;
    });
    let written = 60;
    while (!isOver) await trade(ledger, ++written);
    const { path, sequence, hash } = await backup;
    expect(written, "nothing was written meanwhile").toBeGreaterThan(61);

    const restored = temporaryFile("restored.db");
    copyFileSync(path, restored);
    const again = openLedger(restored);
    const [events, before] = [await again.events(), await ledger.events({ limit: sequence })];
    expect(events).toEqual(before);
    expect(events.at(-1)).toMatchObject({ sequence, hash });
    expect(firstBreak(events)).toBeUndefined();
    const { claims, books } = foldEvents(events);
    expect(claims.length).toBeGreaterThan(59);
    for (const claim of claims) expect(await again.claimOf(claim.key)).toEqual(claim);
    expect(await again.books(ACCOUNT)).toEqual(books);
  });

  test("does not know what was claimed after it, and claims it anew under the same id", async () => {
    const { file, ledger } = await ledgerWith(1);
    const { path } = await backUpSqliteLedger(file, request(temporaryFolder()));
    const later = await claimed(ledger, claimCommand({ requestId: "later" }));
    const restored = temporaryFile("restored.db");
    copyFileSync(path, restored);
    const again = openLedger(restored);
    expect(await again.claimOf(later.key)).toBeUndefined();
    const decision = await again.claim(claimCommand({ requestId: "later" }));
    // The broker refuses the id a second time: its uniqueness rule is the fence that is left.
    expect(decision).toMatchObject({
      kind: "proceed",
      claim: { clientOrderId: later.clientOrderId },
    });
    const known = await again.claim(command(1));
    expect(known.kind).toBe("skip");
  });

  test("is one file with mode 0600, named after the ledger and the time", async () => {
    const { file } = await ledgerWith(1);
    const directory = temporaryFolder();
    const { path } = await backUpSqliteLedger(file, request(directory));
    expect(path).toBe(join(directory, "latch-20260521T134000000Z.db"));
    expect(readdirSync(directory)).toEqual(["latch-20260521T134000000Z.db"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("of an empty ledger is one too", async () => {
    const { file } = await ledgerWith(0);
    expect(await backUpSqliteLedger(file, request(temporaryFolder()))).toMatchObject({
      sequence: 0,
      removed: [],
    });
  });

  test("leaves nothing behind where the ledger's chain is broken, and keeps the older copies", async () => {
    const { file } = await ledgerWith(3);
    const directory = temporaryFolder();
    await backUpSqliteLedger(file, request(directory));
    const tampered = new Database(file);
    tampered.exec(
      "DROP TRIGGER events_are_never_changed; UPDATE events SET at = 1 WHERE sequence = 4",
    );
    tampered.close();
    const error = await latchError(() =>
      backUpSqliteLedger(file, request(directory, { keep: 1, now: START + DAY_MS })),
    );
    expect(error).toMatchObject({ code: "backup_failed" });
    expect(error.message).toContain("its chain breaks at event 4");
    expect(readdirSync(directory)).toEqual(["latch-20260521T134000000Z.db"]);
  });

  test("pushes no older copy out where events are gone that a checkpoint has counted", async () => {
    const { file, ledger } = await ledgerWith(3);
    const directory = temporaryFolder();
    const last = await ledger.lastSequence();
    await ledger.keepCheckpoint({ sequence: last, at: START, text: "{}" });
    const whole = await backUpSqliteLedger(file, request(directory));
    await ledger.close();
    const tampered = new Database(file);
    tampered.exec(
      `DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE sequence = ${last}`,
    );
    tampered.close();
    const later = request(directory, { keep: 1, now: START + DAY_MS });
    const error = await latchError(() => backUpSqliteLedger(file, later));
    expect(error).toMatchObject({ code: "backup_failed" });
    expect(error.message).toContain(
      `it ends at event ${last - 1}, and a checkpoint is about event ${last}`,
    );
    expect(readdirSync(directory)).toEqual([basename(whole.path)]);
  });

  test("is ended early where it is told to, and leaves nothing behind", async () => {
    const { file } = await ledgerWith(3);
    const directory = temporaryFolder();
    const stop = new AbortController();
    const backup = latchError(() =>
      backUpSqliteLedger(file, { ...request(directory), signal: stop.signal }),
    );
    stop.abort();
    expect((await backup).message).toContain("aborted");
    expect(readdirSync(directory)).toEqual([]);
  });

  test("of a ledger with a damaged claim fails", async () => {
    const { ledger, file } = await ledgerWith(2);
    await ledger.countByStatus(ACCOUNT);
    const damaged = new Database(file);
    damaged.exec("UPDATE claims SET body = '{' WHERE id = 2");
    damaged.close();
    const error = await latchError(() => backUpSqliteLedger(file, request(temporaryFolder())));
    expect(error.message).toContain("claim 2 in the copy is not JSON");
  });

  test.each([
    ["a directory that does not exist", (folder: string) => join(folder, "missing"), "there is no"],
    ["a file in the directory's place", (folder: string) => aFile(folder), "is no folder"],
  ])("into %s fails and says why", async (_, directoryIn, reason) => {
    const { file, ledger } = await ledgerWith(1);
    const directory = directoryIn(temporaryFolder());
    const error = await latchError(() => backUpSqliteLedger(file, request(directory)));
    expect(error.code).toBe("backup_failed");
    expect(error.message).toContain(directory);
    expect(error.message).toContain(reason);
    await trade(ledger, 2);
  });

  test("of a file that is no ledger fails and leaves the file as it was", async () => {
    const file = aFile(temporaryFolder());
    const directory = temporaryFolder();
    const error = await latchError(() => backUpSqliteLedger(file, request(directory)));
    expect(error.message).toContain("not a database");
    const missing = await latchError(() => backUpSqliteLedger(`${file}.db`, request(directory)));
    expect(missing.message).toContain(`${file}.db`);
    expect(readdirSync(directory)).toEqual([]);
  });
});

function aFile(folder: string): string {
  const file = join(folder, "a-file");
  writeFileSync(file, "neither a directory nor a ledger, but long enough to have a header of one");
  chmodSync(file, 0o600);
  return file;
}

describe("retention", () => {
  test("keeps the last copies of this ledger, and deletes nothing else", async () => {
    const { file } = await ledgerWith(1);
    const directory = temporaryFolder();
    const others = [
      "latch-notes.db",
      "latch-2-20200101T000000000Z.db",
      "other-20200101T000000000Z.db",
      "latch-20200101T000000000Z.db.bak",
      ".other-20200101T000000000Z.db.part",
      ".latch-20260524T100000000Z.db.part",
    ];
    for (const name of [...others, ".latch-20200101T000000000Z.db.part"]) {
      writeFileSync(join(directory, name), "");
    }
    const removed: string[] = [];
    for (const day of [0, 1, 2, 3]) {
      const now = START + day * DAY_MS;
      removed.push(
        ...(await backUpSqliteLedger(file, request(directory, { keep: 2, now }))).removed,
      );
    }
    expect(removed).toEqual([
      ".latch-20200101T000000000Z.db.part",
      "latch-20260521T134000000Z.db",
      "latch-20260522T134000000Z.db",
    ]);
    const copies = ["latch-20260523T134000000Z.db", "latch-20260524T134000000Z.db"];
    expect(readdirSync(directory).sort()).toEqual([...others, ...copies].sort());
  });

  test("says of an older one that cannot be deleted that the copy was made all the same", async () => {
    const { file } = await ledgerWith(1);
    const directory = temporaryFolder();
    const [older, another] = ["latch-20200101T000000000Z.db", "latch-20200102T000000000Z.db"].map(
      (name) => join(directory, name),
    ) as [string, string];
    mkdirSync(older);
    writeFileSync(another, "");
    const error = await latchError(() => backUpSqliteLedger(file, request(directory, { keep: 1 })));
    const made = "latch-20260521T134000000Z.db";
    expect(error).toMatchObject({ code: "backup_failed" });
    expect(error.message).toContain(`the copy ${join(directory, made)} was made`);
    expect(error.message).toContain(`${older} could not be deleted`);
    expect(readdirSync(directory).sort()).toEqual([basename(older), made]);
  });

  test("keeps the copy that was just made, whatever later times a wrong clock has given", async () => {
    const { file } = await ledgerWith(1);
    const directory = temporaryFolder();
    const ahead = await backUpSqliteLedger(file, request(directory, { now: START + 9 * DAY_MS }));
    const made = await backUpSqliteLedger(file, request(directory, { keep: 1 }));
    expect(made.removed).toEqual([]);
    expect(readdirSync(directory).sort()).toEqual(
      [made.path, ahead.path].map((at) => basename(at)),
    );
  });

  test("takes no claim, event or receipt out of the ledger, settled or not", async () => {
    const { file, ledger } = await ledgerWith(3);
    const open = await claimed(ledger, claimCommand({ requestId: "unresolved", symbol: "SPY" }));
    const before = await ledger.events();
    const directory = temporaryFolder();
    const yearsLater = START + 3 * 365 * DAY_MS;
    await backUpSqliteLedger(file, request(directory, { keep: 1 }));
    await backUpSqliteLedger(file, request(directory, { keep: 1, now: yearsLater }));
    expect(await ledger.events()).toEqual(before);
    expect(await ledger.claimOf(open.key)).toEqual(open);
    expect((await ledger.claims({ account: ACCOUNT, agent: BOT })).claims).toHaveLength(4);
  });
});
