/**
 * Records that were carried out ahead of the transaction that writes them, so that whoever waits
 * for an order's answer does not wait for a second commit. Only what the broker can tell again goes
 * ahead: an order that it has taken. Its claim is on disk before, and a crash leaves it there as
 * sent, to be looked up.
 *
 * 1. A record goes ahead on what this connection knows, and what it comes to is in every answer of
 *    this ledger from then on. Its events are written by the next transaction, before that one's
 *    own work; a turn of the event loop later at most.
 * 2. Somebody else may have written by then, or a transaction have failed. Then the events are
 *    void, and the records are carried out again, inside the transaction, on what holds there.
 * 3. While the store takes nothing, they wait, and are tried again; nothing more goes ahead. One
 *    that the store does not take by itself keeps nothing else out.
 */
import type { Clock } from "../../core/clock.ts";
import type { Rows } from "../rows.ts";
import { NeedsTransaction } from "./ahead-rows.ts";
import { isSqliteError } from "./binding.ts";
import type { SqliteRows } from "./rows.ts";
import { isStoreFailure } from "./store-errors.ts";

/** Between two tries of writing what the store did not take; doubled up to the longest. */
const RETRY_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** So many wait for one transaction at most. */
const AHEAD_MAX = 500;

type Run = (rows: Rows) => unknown;

export class RecordsAhead {
  readonly #rows: SqliteRows;
  readonly #clock: Clock;
  /** Has a transaction made in a turn of its own. */
  readonly #transactSoon: () => void;
  #records: Run[] = [];
  /** Those that the store refused by themselves, until they are tried again. */
  #setAside: Run[] = [];
  /** What a transaction that is not over is at: their events, or one of them once more. */
  #writing: "events" | Run | undefined;
  #retry: AbortController | undefined;
  #pauseMs = RETRY_PAUSE_MS;
  #isClosed = false;

  constructor(rows: SqliteRows, clock: Clock, transactSoon: () => void) {
    this.#rows = rows;
    this.#clock = clock;
    this.#transactSoon = transactSoon;
  }

  /** Whether a transaction has something to write, also without any work of its own. */
  get isWaiting(): boolean {
    return this.#records.length > 0;
  }

  /** Undefined where only a transaction can do it. Throws what `run` throws. */
  run<Value>(run: (rows: Rows) => Value): Promise<Value> | undefined {
    if (this.#records.length >= AHEAD_MAX || this.#retry !== undefined) return undefined;
    this.#rows.refreshOnce();
    // Those before it are to be carried out again first.
    if (this.isWaiting && !this.#rows.hasUnwritten) return undefined;
    try {
      const value = this.#rows.runAhead(run);
      // What came to nothing has nothing to write.
      if (this.#rows.hasUnwritten) this.#records.push(run);
      if (this.isWaiting) this.#transactSoon();
      return Promise.resolve(value);
    } catch (error) {
      if (error instanceof NeedsTransaction) return undefined;
      throw error;
    }
  }

  /** At the begin of a transaction, which has seen what others have written. */
  write(): void {
    if (this.#rows.hasUnwritten) {
      this.#writing = "events";
      this.#rows.writeAhead();
    } else {
      for (const run of this.#records) {
        this.#writing = run;
        run(this.#rows);
      }
    }
    this.#writing = undefined;
  }

  onWritten(): void {
    this.#records = [];
    if (this.#setAside.length > 0) return;
    this.#stopWaiting();
    this.#pauseMs = RETRY_PAUSE_MS;
  }

  /**
   * After a transaction that failed. True where it may be tried again at once: it failed by one
   * record. What cannot be carried out as things are now is left to the broker's records.
   */
  onFailure(error: unknown): boolean {
    const writing = this.#writing;
    this.#writing = undefined;
    if (!this.isWaiting) return false;
    if (writing === undefined || isStoreFailure(error)) {
      this.#tryLater();
      return false;
    }
    // Which of them it was shows when they are carried out one by one.
    if (writing === "events") return true;
    this.#records = this.#records.filter((run) => run !== writing);
    if (isSqliteError(error)) {
      this.#setAside.push(writing);
      this.#tryLater();
    }
    return true;
  }

  /** Nothing is tried again. */
  close(): void {
    this.#isClosed = true;
    this.#stopWaiting();
  }

  #stopWaiting(): void {
    this.#retry?.abort();
    this.#retry = undefined;
  }

  #tryLater(): void {
    if (this.#retry !== undefined || this.#isClosed) return;
    this.#retry = new AbortController();
    this.#clock.sleep(this.#pauseMs, this.#retry.signal).then(
      () => {
        this.#retry = undefined;
        this.#records.push(...this.#setAside.splice(0));
        this.#transactSoon();
      },
      () => undefined,
    );
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
  }
}
