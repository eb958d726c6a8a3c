/**
 * The embedded ledger: one SQLite file that several processes on one host may share.
 *
 * Work that arrives in one turn of the event loop shares one transaction and one commit. A turn
 * with a claim in it commits with an fsync; one without (what the broker can tell again, notes)
 * commits without. `events` returns only what is on disk: a synced commit carries all earlier ones
 * with it, so one is made first where the last was not synced.
 */
import type Database from "better-sqlite3";
import type { Book } from "../../book/book.ts";
import type { ClaimDecision } from "../../claim/answer.ts";
import type { Claim } from "../../claim/claim.ts";
import type { ClaimCommand } from "../../claim/decide-claim.ts";
import type { RecordCommand } from "../../claim/decide-record.ts";
import type { Clock, EpochMs } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import type { AccountId, ClaimKey } from "../../core/ids.ts";
import type {
  EventQuery,
  Ledger,
  Note,
  OpeningPosition,
  RecordResult,
  StoredEvent,
} from "../ledger.ts";
import { openConnections } from "./open-database.ts";
import { Rows } from "./rows.ts";
import { storeError } from "./store-errors.ts";
import { runClaim, runNote, runOpening, runRecord } from "./transaction.ts";

/** How long a note may stay in memory. */
const NOTE_DELAY_MS = 1_000;
/** So many notes are written at once without waiting. */
const NOTES_MAX = 1_000;
/** The most operations in one transaction. */
const BATCH_MAX = 500;
const EVENTS_DEFAULT = 1_000;

interface Job {
  readonly durable: boolean;
  readonly run: (rows: Rows) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Side {
  readonly database: Database.Database;
  readonly rows: Rows;
}

/** Opens or creates the ledger at `file`; throws LatchError `store_*` and leaves others' files be. */
export function openSqliteLedger(file: string, clock: Clock): Ledger {
  return new SqliteLedger(file, clock);
}

class SqliteLedger implements Ledger {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #durable: Side;
  readonly #relaxed: Side;
  #queue: Job[] = [];
  #notes: { readonly note: Note; readonly at: EpochMs }[] = [];
  #noteTimer: AbortController | undefined;
  /** The last event that is known to be on disk. */
  #syncedSequence = 0;
  #closed = false;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    const { durable, relaxed } = openConnections(file);
    this.#durable = { database: durable, rows: new Rows(durable) };
    this.#relaxed = { database: relaxed, rows: new Rows(relaxed) };
  }

  claim(command: ClaimCommand): Promise<ClaimDecision> {
    return this.#enqueue(true, (rows) => runClaim(rows, command));
  }

  record(key: ClaimKey, command: RecordCommand): Promise<RecordResult> {
    return this.#enqueue(false, (rows) => runRecord(rows, key, command));
  }

  adoptOpening(
    account: AccountId,
    positions: readonly OpeningPosition[],
    at: EpochMs,
  ): Promise<boolean> {
    return this.#enqueue(true, (rows) => runOpening(rows, account, positions, at));
  }

  note(note: Note, at: EpochMs): void {
    if (this.#closed) return;
    this.#notes.push({ note, at });
    if (this.#notes.length >= NOTES_MAX) {
      this.#writeNotesSoon();
    } else if (this.#noteTimer === undefined) {
      this.#noteTimer = new AbortController();
      this.#clock.sleep(NOTE_DELAY_MS, this.#noteTimer.signal).then(
        () => this.#writeNotesSoon(),
        () => undefined,
      );
    }
  }

  async claimOf(key: ClaimKey): Promise<Claim | undefined> {
    return this.#read((rows) => rows.claim(key));
  }

  async unsettledClaims(account: AccountId): Promise<readonly Claim[]> {
    return this.#read((rows) => rows.unsettledClaims(account));
  }

  async countByStatus(account: AccountId): Promise<Readonly<Record<string, number>>> {
    return this.#read((rows) => rows.countByStatus(account));
  }

  async book(account: AccountId, symbol: string): Promise<Book> {
    return this.#read((rows) => rows.book(account, symbol));
  }

  async books(account: AccountId): Promise<readonly Book[]> {
    return this.#read((rows) => rows.books(account));
  }

  async events(query: EventQuery = {}): Promise<readonly StoredEvent[]> {
    await this.#flush();
    this.#syncThrough();
    const { after = 0, limit = EVENTS_DEFAULT } = query;
    return this.#read((rows) => rows.events(after, this.#syncedSequence, limit));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#flush();
    this.#syncThrough();
    this.#closed = true;
    this.#relaxed.database.close();
    this.#durable.database.close();
  }

  #enqueue<Value>(durable: boolean, run: (rows: Rows) => Value): Promise<Value> {
    if (this.#closed) return Promise.reject(this.#closedError());
    return new Promise<Value>((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.#runQueue());
      const settle = resolve as (value: unknown) => void;
      this.#queue.push({ durable, run, resolve: settle, reject });
    });
  }

  #runQueue(): void {
    const jobs = this.#queue.splice(0, BATCH_MAX);
    if (this.#queue.length > 0) setImmediate(() => this.#runQueue());
    if (jobs.length > 0) this.#commit(jobs);
  }

  /**
   * All of `jobs` or none: a failure of the store reaches every caller, and none of them may send.
   * A job that fails for a reason of its own is run apart, so that it harms no other.
   */
  #commit(jobs: readonly Job[]): void {
    const side = jobs.some(({ durable }) => durable) ? this.#durable : this.#relaxed;
    try {
      const results = side.database
        .transaction(() => jobs.map(({ run }) => run(side.rows)))
        .immediate();
      jobs.forEach(({ resolve }, index) => {
        resolve(results[index]);
      });
    } catch (error) {
      const failure = storeError(error, this.#file);
      if (failure === error && jobs.length > 1) {
        for (const job of jobs) this.#commit([job]);
        return;
      }
      for (const { reject } of jobs) reject(failure);
    }
  }

  async #flush(): Promise<void> {
    this.#writeNotesSoon();
    if (this.#queue.length > 0) await this.#enqueue(false, () => undefined);
  }

  #writeNotesSoon(): void {
    this.#noteTimer?.abort();
    this.#noteTimer = undefined;
    const notes = this.#notes.splice(0);
    if (notes.length === 0) return;
    const run = (rows: Rows) => {
      for (const { note, at } of notes) runNote(rows, note, at);
    };
    this.#enqueue(false, run).catch(() => this.#keepNotes(notes));
  }

  /** A store that fails now may work later; beyond the bound the oldest notes are lost. */
  #keepNotes(notes: readonly { readonly note: Note; readonly at: EpochMs }[]): void {
    this.#notes = [...notes, ...this.#notes].slice(-NOTES_MAX);
  }

  /** A commit with an fsync, where the last events were committed without one. */
  #syncThrough(): void {
    this.#read((rows) => {
      const { sequence } = rows.head();
      if (sequence === this.#syncedSequence) return;
      rows.saveSyncMark(sequence);
      this.#syncedSequence = sequence;
    });
  }

  #read<Value>(read: (rows: Rows) => Value): Value {
    if (this.#closed) throw this.#closedError();
    try {
      return read(this.#durable.rows);
    } catch (error) {
      throw storeError(error, this.#file);
    }
  }

  #closedError(): LatchError {
    return new LatchError("store_closed", `the ledger ${this.#file} is closed`);
  }
}
