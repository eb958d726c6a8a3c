/**
 * Moves a ledger's log of pages (SQLite's WAL) into its file. SQLite would do that itself inside a
 * commit: whoever asked for the commit would wait for it, and an fsync that failed in it would be
 * told to nobody.
 *
 * 1. The pages are moved in a turn of the event loop of their own, after whoever waited was
 *    answered. That waits for no other process.
 * 2. What somebody's reading of an older state holds back stays in the log, and is tried again
 *    a few commits later.
 * 3. After an fsync that failed nothing is committed durably before the log was left.
 */
import type { Database, Statement } from "better-sqlite3";
import { LatchError } from "../../core/errors.ts";
import type { NextTurn } from "./next-turn.ts";
import { isFailedSync, isIoError } from "./store-errors.ts";

/**
 * So many pages are moved at once: 16 MiB. At SQLite's default of 1,000 an order would meet such a
 * move four times as often.
 */
const MOVED_PAGES = 4_000;
/** Commits and operations in them between two looks at the log, each of which takes 5 µs. */
const LOOK_AFTER = 16;

/** In pages; -1 where another process keeps the log locked. */
interface LogState {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

export class Wal {
  readonly #database: Database;
  readonly #file: string;
  readonly #state: Statement<[], LogState>;
  readonly #nextTurn: NextTurn;
  /** A turn of its own is coming for the move. */
  #isMovingSoon = false;
  /** Commits and operations since the last look. */
  #committed = 0;
  /** An fsync has failed since the log was last left. */
  #isSuspect = false;

  constructor(database: Database, file: string, nextTurn: NextTurn) {
    this.#database = database;
    this.#file = file;
    this.#nextTurn = nextTurn;
    // Moves nothing.
    this.#state = database.prepare("PRAGMA wal_checkpoint(NOOP)");
  }

  /** One without operations has written records that went ahead. */
  onCommit(operations: number): void {
    this.#committed += operations + 1;
    if (this.#committed >= LOOK_AFTER) this.moveSoon();
  }

  /** Where enough pages have come, whichever process has written them. */
  moveSoon(): void {
    this.#committed = 0;
    if (this.#isMovingSoon || this.#isSuspect || !this.#isDue()) return;
    this.#isMovingSoon = true;
    this.#nextTurn(() => {
      this.#isMovingSoon = false;
      this.#move();
    });
  }

  #move(): void {
    // Closing has moved them, or a commit has failed meanwhile.
    if (!this.#database.open || this.#isSuspect) return;
    this.#attempt(() => this.#database.pragma("wal_checkpoint(PASSIVE)"));
  }

  #isDue(): boolean {
    const state = this.#attempt(() => this.#state.get());
    return state !== undefined && state.log - state.checkpointed >= MOVED_PAGES;
  }

  /** Nobody waits for this; what failed is tried again, and the log keeps the pages meanwhile. */
  #attempt<Value>(ask: () => Value): Value | undefined {
    try {
      return ask();
    } catch (error) {
      if (isIoError(error)) this.#isSuspect = true;
      return undefined;
    }
  }

  /** After a commit that failed. */
  onFailure(error: unknown): void {
    if (isFailedSync(error)) this.#isSuspect = true;
  }

  /**
   * After an fsync that failed the system may have forgotten pages of the WAL without writing them,
   * and the next fsync would not say so: behind such a gap nothing is found again. So everything is
   * moved into the file and synced there, and the WAL begins anew. Throws LatchError `store_busy`.
   */
  leaveIfSuspect(): void {
    if (!this.#isSuspect) return;
    const rows = this.#database.pragma("wal_checkpoint(TRUNCATE)") as LogState[];
    if (rows[0]?.busy !== 0) {
      const message = `the ledger ${this.#file} is in use and could not be synced after a failure`;
      throw new LatchError("store_busy", message);
    }
    this.#isSuspect = false;
  }
}
