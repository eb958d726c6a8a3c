import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { copyStore } from "../../src/app.ts";
import { SCHEMA_VERSION } from "../../src/ledger/sqlite/migrations.ts";
import { Database } from "../sqlite-database.ts";
import { LedgerProcess } from "./ledger-process.ts";
import { claimed, latchError, openLedger } from "./open-ledger.ts";
import { ACCOUNT, claimCommand } from "./sample-commands.ts";
import { temporaryFile, temporaryFolder } from "./temporary-folder.ts";

/** Every file beside `file` with its mode and bytes. */
function pictureOf(file: string): readonly (readonly [string, number, string])[] {
  const folder = dirname(file);
  return readdirSync(folder).map((name) => {
    const path = join(folder, name);
    return [name, statSync(path).mode & 0o777, readFileSync(path).toString("hex")] as const;
  });
}

/** The refusal of `file`, which names it in one line. */
async function refusalOf(file: string): Promise<{ code: string; message: string }> {
  const { code, message } = await latchError(() => openLedger(file));
  expect(message).toContain(file);
  expect(message).not.toContain("\n");
  return { code, message };
}

async function expectUntouched(file: string, code: string, words: string): Promise<void> {
  const before = pictureOf(file);
  const refusal = await refusalOf(file);
  expect(refusal.code).toBe(code);
  expect(refusal.message).toContain(words);
  expect(pictureOf(file)).toEqual(before);
}

/** A file that another program made, with a mode of its own. */
function foreignDatabase(sql: string): string {
  const file = temporaryFile("foreign.db");
  const database = new Database(file);
  database.exec(sql);
  database.close();
  chmodSync(file, 0o644);
  return file;
}

/** A ledger of several hundred pages that nobody has open. */
async function filledLedger(): Promise<string> {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const commands = Array.from({ length: 400 }, (_, index) =>
    claimCommand({ requestId: `r-${index}`, quantity: String(index + 1) }),
  );
  await Promise.all(commands.map((command) => ledger.claim(command)));
  await ledger.close();
  return file;
}

/** By a checkpoint that nobody has ever signed. */
function makeLarge(file: string): void {
  const database = new Database(file);
  database.exec("INSERT INTO checkpoints VALUES (1, 0, hex(zeroblob(10000000)))");
  database.close();
}

function overwriteMiddle(file: string): void {
  const descriptor = openSync(file, "r+");
  const middle = Math.floor(statSync(file).size / 8192) * 4096;
  writeSync(descriptor, Buffer.alloc(16 * 4096, 0xa5), 0, 16 * 4096, middle);
  closeSync(descriptor);
}

describe("a file that is not ours is refused and left as it was:", () => {
  test("a text file", async () => {
    const file = temporaryFile("notes.txt");
    writeFileSync(file, "Remember the milk.\n".repeat(400), { mode: 0o644 });
    await expectUntouched(file, "store_not_a_database", "file is not a database");
  });

  test("a text file of a few letters", async () => {
    const file = temporaryFile("notes.txt");
    writeFileSync(file, "milk", { mode: 0o644 });
    await expectUntouched(file, "store_not_a_database", "file is not a database");
  });

  test("a database of another program", async () => {
    const file = foreignDatabase("CREATE TABLE customers (name TEXT)");
    await expectUntouched(file, "store_not_a_database", "a database of another program");
  });

  test("a database of another program that has its own mark and no table yet", async () => {
    const file = foreignDatabase("PRAGMA application_id = 42");
    await expectUntouched(file, "store_not_a_database", "a database of another program");
  });

  test("a database of another program with a WAL that was not moved into it", async () => {
    const origin = temporaryFile("foreign.db");
    const database = new Database(origin);
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE customers (name TEXT)");
    const file = temporaryFile("foreign.db");
    for (const ending of ["", "-wal", "-shm"]) {
      writeFileSync(file + ending, readFileSync(origin + ending), { mode: 0o644 });
    }
    database.close();
    const [data, , wal] = pictureOf(file);
    const refusal = await refusalOf(file);
    expect(refusal.code).toBe("store_not_a_database");
    const [dataAfter, , walAfter] = pictureOf(file);
    expect([dataAfter, walAfter]).toEqual([data, wal]);
  });

  test("a ledger that a newer program wrote, with both versions named", async () => {
    const file = await filledLedger();
    const database = new Database(file);
    database.pragma(`user_version = ${SCHEMA_VERSION + 6}`);
    database.close();
    const known = `this program knows versions up to ${SCHEMA_VERSION}`;
    const words = `version ${SCHEMA_VERSION + 6}; ${known}`;
    await expectUntouched(file, "store_newer", words);
  });
});

describe("a ledger that is damaged is refused:", () => {
  test("pages in its middle overwritten", async () => {
    const file = await filledLedger();
    overwriteMiddle(file);
    await expectUntouched(file, "store_corrupt", "");
  });

  test("its first pages overwritten behind the header", async () => {
    const file = await filledLedger();
    const descriptor = openSync(file, "r+");
    writeSync(descriptor, Buffer.alloc(4096, 0xa5), 0, 4096, 100);
    closeSync(descriptor);
    await expectUntouched(file, "store_corrupt", "malformed");
  });

  test("cut off at half its length", async () => {
    const file = await filledLedger();
    truncateSync(file, Math.floor(statSync(file).size / 2));
    await expectUntouched(file, "store_corrupt", "");
  });

  test("a claim in it that is no longer JSON", async () => {
    const file = await filledLedger();
    const database = new Database(file);
    database.exec("UPDATE claims SET body = 'x' WHERE request_id = 'r-7'");
    database.close();
    const ledger = openLedger(file);
    const repeat = () => ledger.claim(claimCommand({ requestId: "r-7", quantity: "8" }));
    const error = await latchError(repeat);
    expect(error.code).toBe("store_corrupt");
    expect(error.message).toBe(`the ledger ${file} is damaged: a claim is not JSON`);
    const { kind } = await ledger.claim(claimCommand({ requestId: "r-8", quantity: "9" }));
    expect(kind).toBe("pending");
  });
});

describe("a ledger that is too large to be checked whole at once", () => {
  test("is copied to nowhere where it is damaged, and is named, not the target", async () => {
    const file = await filledLedger();
    makeLarge(file);
    overwriteMiddle(file);
    const target = temporaryFile("target.db");
    const error = await latchError(() => copyStore(file, target));
    expect(error.code).toBe("copy_failed");
    expect(error.message).toContain(`the ledger ${file} failed`);
    expect(error.message).not.toContain(target);
    expect(readdirSync(dirname(target))).toEqual([]);
  });
});

describe("a path that cannot hold a ledger is refused:", () => {
  test("a directory", async () => {
    const folder = temporaryFolder();
    const { code, message } = await refusalOf(folder);
    expect([code, message]).toEqual([
      "store_unwritable",
      `the ledger ${folder} cannot be written: it is not a file`,
    ]);
  });

  test("a directory that is missing", async () => {
    const file = join(temporaryFolder(), "missing", "ledger.db");
    expect((await refusalOf(file)).code).toBe("store_unwritable");
    expect(existsSync(dirname(file))).toBe(false);
  });

  test("a link that leads nowhere", async () => {
    const file = temporaryFile();
    symlinkSync("nowhere.db", file);
    expect((await refusalOf(file)).code).toBe("store_unwritable");
    expect(readdirSync(dirname(file))).toEqual(["ledger.db"]);
  });

  test("a name with a space at its end, which SQLite would cut off", async () => {
    const file = temporaryFile("ledger.db ");
    expect((await refusalOf(file)).code).toBe("store_unwritable");
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  test.skipIf(!existsSync("/proc/self"))("a folder in which nobody can make files", async () => {
    expect((await refusalOf("/proc/tradelatch.db")).code).toBe("store_unwritable");
  });

  test.skipIf(process.getuid?.() === 0)("a file that may only be read", async () => {
    const file = await filledLedger();
    chmodSync(file, 0o400);
    expect((await refusalOf(file)).code).toBe("store_unwritable");
  });

  test("a file system that may only be read, where one can be mounted", async ({ skip }) => {
    const folder = temporaryFolder();
    const file = join(folder, "mounted", "ledger.db");
    mkdirSync(dirname(file));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", dirname(file)], {
        stdio: "ignore",
      });
    } catch {
      skip("mounting takes root");
    }
    onTestFinished(() => {
      execFileSync("umount", [dirname(file)]);
    });
    const ledger = openLedger(file);
    await claimed(ledger, claimCommand());
    await ledger.close();
    execFileSync("mount", ["-o", "remount,ro", dirname(file)]);
    await expectUntouched(file, "store_unwritable", "EROFS");
    await expect(refusalOf(join(dirname(file), "new.db"))).resolves.toMatchObject({
      code: "store_unwritable",
    });
  });
});

describe("a name that SQLite would take for something else is a file like any other:", () => {
  test.each([":memory:", "file:ledger.db?mode=memory"])("%s", async (name) => {
    const folder = temporaryFolder();
    const before = process.cwd();
    process.chdir(folder);
    try {
      await claimed(openLedger(name), claimCommand());
      const again = openLedger(join(folder, name));
      expect(await again.countByStatus(ACCOUNT)).toEqual({ OPEN: 1 });
      expect(readdirSync(folder)).toContain(name);
    } finally {
      process.chdir(before);
    }
  });
});

describe("nobody else can read the ledger:", () => {
  const modesOf = (file: string) =>
    ["", "-wal", "-shm"].map((ending) => (statSync(file + ending).mode & 0o777).toString(8));

  test("file, WAL and index have mode 0600, also when the umask takes nothing away", async () => {
    const file = temporaryFile();
    const process = await LedgerProcess.start();
    await process.ask("open", { file, umask: 0 });
    expect(modesOf(file)).toEqual(["600", "600", "600"]);
  });

  test("an empty file or a ledger that others could read is closed to them", async () => {
    const file = temporaryFile();
    writeFileSync(file, "", { mode: 0o644 });
    await openLedger(file).close();
    chmodSync(file, 0o664);
    openLedger(file);
    expect(modesOf(file)).toEqual(["600", "600", "600"]);
  });
});
