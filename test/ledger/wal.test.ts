/** When the pages of the log (the WAL) are moved into the ledger's file, and who waits for that. */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type Sqlite from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { Database } from "../sqlite-database.ts";
import { claimed, openLedger } from "./open-ledger.ts";
import { claimCommand } from "./sample-commands.ts";
import { temporaryFile } from "./temporary-folder.ts";

/** With so many pages in the log that are not in the file, they are moved. */
const MOVED_PAGES = 4_000;
/** Behind so many claims the ledger looks how long the log is. */
const CLAIMS = 16;
/** More pages than they write. */
const SPARE = 100;

/** Pages of the log. */
interface Pages {
  readonly log: number;
  readonly moved: number;
}

/** Another connection to the ledger's file, as another process has one; it moves nothing itself. */
class Beside {
  readonly #database: Sqlite.Database;

  constructor(file: string) {
    this.#database = new Database(file, { fileMustExist: true });
    onTestFinished(() => {
      this.#database.close();
    });
    this.#database.pragma("synchronous = OFF");
    this.#database.pragma("wal_autocheckpoint = 0");
  }

  pages(): Pages {
    const [found] = this.#database.pragma("wal_checkpoint(NOOP)") as [
      { log: number; checkpointed: number },
    ];
    return { log: found.log, moved: found.checkpointed };
  }

  /** Commits of one page each, until the log has `pages`. */
  growTo(pages: number): void {
    const write = this.#database.prepare(
      `INSERT INTO sync_mark (id, sequence, times) VALUES (1, 0, 1)
       ON CONFLICT (id) DO UPDATE SET times = times + 1`,
    );
    while (this.pages().log < pages) write.run();
  }

  /** Reads the file as it is now, until it is told to stop, as a copy does. */
  read(): void {
    this.#database.exec("BEGIN; SELECT count(*) FROM events");
  }

  stopReading(): void {
    this.#database.exec("COMMIT");
  }
}

function openGrown(pages: number) {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const beside = new Beside(file);
  beside.growTo(pages);
  let quantity = 0;
  return {
    file,
    beside,
    /** What the log was when the claims were answered, and a turn of the event loop later. */
    claim: async (count = CLAIMS): Promise<readonly [Pages, Pages]> => {
      const commands = Array.from({ length: count }, () => {
        quantity += 1;
        return claimCommand({ quantity: String(quantity) });
      });
      await Promise.all(commands.map((command) => claimed(ledger, command)));
      const answered = beside.pages();
      await turnOfTheLoop();
      return [answered, beside.pages()];
    },
  };
}

test("a log that has grown is moved into the file once whoever claimed has the answer", async () => {
  const { beside, claim } = openGrown(MOVED_PAGES - SPARE);
  expect((await claim())[1].moved).toBe(0);
  beside.growTo(MOVED_PAGES);
  const [answered, later] = await claim();
  expect(answered.moved).toBe(0);
  expect(later).toEqual({ log: answered.log, moved: answered.log });
  // And is written from its beginning again.
  expect((await claim())[1].log).toBeLessThan(SPARE);
});

test("a log that was long when the ledger was opened is moved without a claim", async () => {
  const { file, beside } = openGrown(MOVED_PAGES);
  openLedger(file);
  await turnOfTheLoop();
  const { log, moved } = beside.pages();
  expect(moved).toBe(log);
});

test("what somebody's reading holds back is tried again after more claims", async () => {
  const { file, beside, claim } = openGrown(MOVED_PAGES / 2);
  const reader = new Beside(file);
  reader.read();
  beside.growTo(MOVED_PAGES / 2 + MOVED_PAGES);
  const [, held] = await claim();
  expect(held.moved).toBe(MOVED_PAGES / 2);
  reader.stopReading();
  // Neither turn by turn nor with each order.
  for (let turns = 0; turns < 10; turns += 1) await turnOfTheLoop();
  expect(beside.pages()).toEqual(held);
  expect((await claim(1))[1].moved).toBe(held.moved);
  const [, later] = await claim();
  expect(later.moved).toBe(later.log);
});

test("a ledger that is closed before its turn to move the log has come is closed", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const beside = new Beside(file);
  beside.growTo(MOVED_PAGES);
  const claims = Array.from({ length: CLAIMS }, (_, index) =>
    claimed(ledger, claimCommand({ quantity: String(index + 1) })),
  );
  await Promise.all([...claims, ledger.close()]);
  await turnOfTheLoop();
  expect(beside.pages().moved).toBe(0);
});
