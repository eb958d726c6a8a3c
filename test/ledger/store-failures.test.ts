import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { Database } from "../sqlite-database.ts";
import { foldEvents } from "./fold.ts";
import { LedgerProcess } from "./ledger-process.ts";
import { claimed, expectAgreement, latchError, openLedger } from "./open-ledger.ts";
import {
  ACCOUNT,
  ambiguous,
  claimCommand,
  filledOrder,
  orderRead,
  pendingNote,
  START,
} from "./sample-commands.ts";
import { temporaryFile, temporaryFolder } from "./temporary-folder.ts";

async function expectOpenClaims(ledger: Ledger): Promise<void> {
  await expectAgreement(ledger);
  const { claims } = foldEvents(await ledger.events({ limit: 100_000 }));
  expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: claims.length });
}

describe("while another process holds the write lock", () => {
  test("a claim is refused with store_busy, nothing of it is kept, later it works", async () => {
    const file = temporaryFile();
    const clock = new ManualClock(START);
    const ledger = openLedger(file, clock);
    const first = await claimed(ledger, claimCommand({ quantity: "1" }));
    ledger.note(pendingNote(first), START);
    const other = await LedgerProcess.start();
    await other.ask("lock", { file });
    const refusals = await Promise.all([
      latchError(() => ledger.claim(claimCommand())),
      latchError(() => ledger.claim(claimCommand({ requestId: "r-1" }))),
      latchError(() => ledger.record(first.key, ambiguous(first))),
    ]);
    expect(refusals.map(({ code }) => code)).toEqual(["store_busy", "store_busy", "store_busy"]);
    expect(refusals[0]).toMatchObject({ retryable: true });
    clock.advanceTo(START + 1_000);
    expect((await latchError(() => ledger.events())).code).toBe("store_busy");
    await other.ask("unlock", undefined);

    const types = (await ledger.events()).map(({ body }) => body.type);
    expect(types).toEqual(["claimed", "repeat_answered"]);
    expect(await ledger.claim(claimCommand())).toMatchObject({ kind: "proceed", reopened: false });
    await expectOpenClaims(ledger);
  });

  test("a repeat of what is over gets its receipt, and another id's is refused", async () => {
    const file = temporaryFile();
    const first = openLedger(file);
    const claim = await claimed(first, claimCommand({ requestId: "r-1" }));
    await first.record(claim.key, orderRead(filledOrder(claim, "6")));
    await first.close();
    const ledger = openLedger(file);
    const other = await LedgerProcess.start();
    await other.ask("lock", { file });
    const [repeat, refusal] = await Promise.all([
      ledger.claim(claimCommand({ requestId: "r-1" })),
      latchError(() => ledger.claim(claimCommand({ requestId: "r-2", quantity: "7" }))),
    ]);
    expect(repeat).toMatchObject({ kind: "skip", receipt: { filledQuantity: "6" } });
    expect(refusal.code).toBe("store_busy");
    await other.ask("unlock", undefined);
  });

  test("notes that could not be written are tried again a second later", async () => {
    const file = temporaryFile();
    const clock = new ManualClock(START);
    const ledger = openLedger(file, clock);
    const claim = await claimed(ledger, claimCommand());
    const other = await LedgerProcess.start();
    await other.ask("lock", { file });
    ledger.note(pendingNote(claim), START);
    expect((await latchError(() => ledger.events())).code).toBe("store_busy");
    await other.ask("unlock", undefined);
    expect(clock.nextWakeAt()).toBe(START + 1_000);
  });

  test("a closing that cannot write says so and lets the file go", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    ledger.note(pendingNote(await claimed(ledger, claimCommand())), START);
    const other = await LedgerProcess.start();
    await other.ask("lock", { file });
    expect((await latchError(() => ledger.close())).code).toBe("store_busy");
    await other.ask("unlock", undefined);
    expect((await latchError(() => ledger.events())).code).toBe("store_closed");
  });
});

describe("on a full disk", () => {
  test("a claim is refused with store_full, leaves no half, and works with space again", async ({
    skip,
  }) => {
    const folder = join(temporaryFolder(), "mounted");
    mkdirSync(folder);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], { stdio: "ignore" });
    } catch {
      skip("mounting takes root");
    }
    const file = join(folder, "ledger.db");
    const ballast = join(folder, "ballast");
    const ledger = openLedger(file);
    onTestFinished(() => ledger.close().finally(() => execFileSync("umount", [folder])));
    await claimed(ledger, claimCommand({ quantity: "1" }));
    fillUp(ballast);
    const { code, message } = await claimUntilRefused(ledger);
    expect([code, message]).toEqual(["store_full", expect.stringContaining("SQLITE_FULL")]);
    expect(message).toContain(file);
    const kept = Object.values(await ledger.countByStatus(ACCOUNT));
    rmSync(ballast);
    await expectOpenClaims(ledger);
    await claimed(ledger, claimCommand({ quantity: "0.5" }));
    expect(Object.values(await ledger.countByStatus(ACCOUNT))).toEqual([Number(kept[0]) + 1]);
    await expectOpenClaims(ledger);
  });
});

/** Takes every byte that is left on the file system of `path`. */
function fillUp(path: string): void {
  for (let size = 1 << 20; size >= 4096; size >>= 1) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}

async function claimUntilRefused(ledger: Ledger): Promise<{ code: string; message: string }> {
  for (let quantity = 2; quantity < 1_000; quantity += 1) {
    const decision = await ledger.claim(claimCommand({ quantity })).catch((error) => error);
    if (decision instanceof Error) return latchError(() => Promise.reject(decision));
  }
  throw new Error("the disk never filled up");
}

describe("a ledger whose file is no longer at its path", () => {
  test.each<[string, (file: string) => void]>([
    ["moved away", (file) => renameSync(file, `${file}.old`)],
    ["deleted", (file) => rmSync(file)],
    [
      "replaced",
      (file) => {
        writeFileSync(`${file}.copy`, readFileSync(file));
        renameSync(`${file}.copy`, file);
      },
    ],
  ])("because it was %s takes no more claims", async (_, displace) => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    await claimed(ledger, claimCommand({ quantity: "1" }));
    displace(file);
    const error = await latchError(() => ledger.claim(claimCommand({ quantity: "2" })));
    expect(error.code).toBe("store_moved");
    expect(error.message).toBe(
      `the ledger ${file} was moved, replaced or deleted while it was open`,
    );
  });

  test.each(["-wal", "-shm"])("because its %s was deleted writes no more", async (ending) => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    const claim = await claimed(ledger, claimCommand({ requestId: "before", quantity: "1" }));
    rmSync(`${file}${ending}`);
    const after = claimCommand({ requestId: "after", quantity: "2" });
    const refusals = await Promise.all(
      [
        () => ledger.claim(after),
        () => ledger.record(claim.key, orderRead(filledOrder(claim, "1"))),
      ].map(latchError),
    );
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["store_moved"]));
    expect(refusals[0]?.message).toContain(`${file}${ending} was moved, replaced or deleted`);
    expect((await latchError(() => ledger.events())).code).toBe("store_moved");
    // Ended in order, it moves what the log held into the file.
    expect((await latchError(() => ledger.close())).code).toBe("store_moved");
    const next = openLedger(file);
    expect(await next.claim(claimCommand({ requestId: "before", quantity: "1" }))).toMatchObject({
      kind: "pending",
    });
    await claimed(next, after);
    await expectAgreement(next);
  });

  test("because its log was deleted under a link to it takes no more claims", async () => {
    const file = temporaryFile();
    const link = temporaryFile("link.db");
    await openLedger(file).close();
    symlinkSync(file, link);
    const ledger = openLedger(link);
    await claimed(ledger, claimCommand({ quantity: "1" }));
    rmSync(`${file}-wal`);
    const error = await latchError(() => ledger.claim(claimCommand({ quantity: "2" })));
    expect(error.code).toBe("store_moved");
  });
});

test("a ledger that a newer program upgrades while it is open decides nothing more", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const claim = await claimed(ledger, claimCommand({ requestId: "before" }));
  const events = await ledger.events();
  const newer = new Database(file);
  onTestFinished(() => void newer.close());
  newer.pragma("user_version = 1000");
  // Another program's word comes in with a turn of the event loop of its own.
  await new Promise(setImmediate);
  const refusals = await Promise.all(
    [
      () => ledger.claim(claimCommand({ requestId: "after", quantity: "2" })),
      () => ledger.claim(claimCommand({ requestId: "before" })),
      () => ledger.record(claim.key, orderRead(filledOrder(claim, "6"))),
      () => ledger.claimOf(claim.key),
      () => ledger.probe(),
    ].map(latchError),
  );
  expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["store_newer"]));
  expect(refusals[0]?.message).toContain(`${file} has schema version 1000`);
  expect(newer.prepare("SELECT count(*) FROM events").pluck().get()).toBe(events.length);
  await ledger.close().catch(() => undefined);
  expect(newer.prepare("SELECT count(*) FROM events").pluck().get()).toBe(events.length);
});

test.skipIf(process.platform !== "linux")(
  "opening the same file twice in one process takes no lock away from the first",
  async () => {
    const file = temporaryFile();
    const first = openLedger(file);
    const lockOfFirst = locksOf(file);
    expect(lockOfFirst).not.toEqual([]);
    openLedger(file);
    expect(locksOf(file)).toEqual(lockOfFirst);
    await first.close();
    expect(locksOf(file)).toEqual(lockOfFirst);
  },
);

/** What this process has locked in `file`: kind and range of each lock. */
function locksOf(file: string): readonly string[] {
  const { ino } = statSync(file);
  const found = readFileSync("/proc/locks", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[4] === String(process.pid) && words[5]?.endsWith(`:${ino}`))
    .map((words) => [words[3], words[6], words[7]].join(" "));
  // The list repeats lines where other locks come and go while it is read.
  return [...new Set(found)];
}
