/**
 * The embedded ledger: one SQLite file that several processes on one host may share.
 *
 * Work that arrives in one turn of the event loop shares one transaction and one commit. A turn
 * with a claim in it, or with what the broker tells only once, commits with an fsync; one without
 * (what the broker can tell again, notes) commits without. `events` returns only what is on disk:
 * a synced commit carries all earlier ones with it, so one is made first where the last was not.
 *
 * A file that was moved, replaced or deleted while it was open takes no more claims: whoever opens
 * its path now has another ledger, and both would say `proceed`.
 */
import type Database from "better-sqlite3";
import type { Book } from "../../book/book.ts";
import type { ClaimDecision } from "../../claim/answer.ts";
import type { Claim } from "../../claim/claim.ts";
import type { ClaimRequest } from "../../claim/decide-claim.ts";
import type { DivergenceCommand } from "../../claim/decide-divergence.ts";
import { isToldOnce, type RecordCommand } from "../../claim/decide-record.ts";
import type { ReplaceCommand, ReplaceDecision } from "../../claim/decide-replace.ts";
import type { VerdictCommand } from "../../claim/decide-verdict.ts";
import type { Clock, EpochMs } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import type { AccountId, BrokerOrderId, ClaimKey } from "../../core/ids.ts";
import type { Incident, Resolution } from "../../incident/incident.ts";
import type { ClaimsPage, ClaimsQuery } from "../claims-query.ts";
import {
  runBeginning,
  runCompare,
  runEnd,
  runEvidence,
  runJudge,
  runOperator,
} from "../incident-transaction.ts";
import type {
  EventQuery,
  EvidenceNote,
  IncidentReport,
  IncidentsQuery,
  Judgement,
  Ledger,
  Note,
  OpeningPosition,
  OperatorCommand,
  OperatorResult,
  RecordResult,
  StoredEvent,
} from "../ledger.ts";
import {
  decideByReceipt,
  decideOn,
  runClaim,
  runNote,
  runOpening,
  runRecord,
  runReplace,
} from "../transaction.ts";
import { fileIdentity, openConnections } from "./open-database.ts";
import { SqliteRows } from "./rows.ts";
import { isFailedSync, isStoreFailure, storeError } from "./store-errors.ts";

/** How long a note may stay in memory. */
const NOTE_DELAY_MS = 1_000;
/** So many notes are written at once without waiting. */
const NOTES_MAX = 1_000;
/** The most operations in one transaction. */
const BATCH_MAX = 500;
const EVENTS_DEFAULT = 1_000;

interface Job {
  readonly durable: boolean;
  readonly run: (rows: SqliteRows) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface WaitingNote {
  readonly note: Note;
  readonly at: EpochMs;
}

interface Side {
  readonly database: Database.Database;
  readonly rows: SqliteRows;
}

/** Opens or creates the ledger at `file`; throws LatchError `store_*`, leaves others' files be. */
export function openSqliteLedger(file: string, clock: Clock): Ledger {
  return new SqliteLedger(file, clock);
}

class SqliteLedger implements Ledger {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #durable: Side;
  readonly #relaxed: Side;
  #queue: Job[] = [];
  #notes: WaitingNote[] = [];
  #noteTimer: AbortController | undefined;
  /** The last event that is known to be on disk. */
  #syncedSequence = 0;
  /** An fsync of the WAL has failed since it was last moved into the file. */
  #walSuspect = false;
  /** Which file was opened. */
  readonly #identity: string;
  /** Set at the call of `close`; from then on nothing new is taken. */
  #closing: Promise<void> | undefined;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    const { durable, relaxed } = openConnections(file);
    this.#identity = fileIdentity(file);
    this.#durable = { database: durable, rows: new SqliteRows(durable) };
    this.#relaxed = { database: relaxed, rows: new SqliteRows(relaxed) };
  }

  async claim(request: ClaimRequest): Promise<ClaimDecision> {
    const known = this.#read((rows) => decideByReceipt(rows, request));
    return known ?? this.#enqueue(true, (rows) => runClaim(rows, request));
  }

  async preview(request: ClaimRequest): Promise<ClaimDecision> {
    return this.#read((rows) => decideOn(rows, request).decision);
  }

  requestReplace(key: ClaimKey, command: ReplaceCommand): Promise<ReplaceDecision> {
    return this.#enqueue(true, (rows) => runReplace(rows, key, command));
  }

  record(key: ClaimKey, command: RecordCommand): Promise<RecordResult> {
    return this.#enqueue(isToldOnce(command), (rows) => runRecord(rows, key, command));
  }

  adoptOpening(
    account: AccountId,
    positions: readonly OpeningPosition[],
    at: EpochMs,
  ): Promise<boolean> {
    return this.#enqueue(true, (rows) => runOpening(rows, account, positions, at));
  }

  async knownAccount(login: string): Promise<AccountId | undefined> {
    return this.#read((rows) => rows.accountOf(login));
  }

  async accounts(): Promise<readonly AccountId[]> {
    return this.#read((rows) => rows.accounts());
  }

  rememberAccount(login: string, account: AccountId): Promise<void> {
    return this.#enqueue(true, (rows) => rows.saveLogin(login, account));
  }

  probe(): Promise<void> {
    return this.#enqueue(true, (rows) => rows.saveSyncMark(rows.head().sequence));
  }

  judge(key: ClaimKey, command: VerdictCommand): Promise<Judgement> {
    return this.#enqueue(true, (rows) => runJudge(rows, key, command));
  }

  compare(
    account: AccountId,
    symbol: string,
    command: DivergenceCommand,
  ): Promise<Incident | undefined> {
    return this.#enqueue(false, (rows) => runCompare(rows, account, symbol, command));
  }

  addEvidence(account: AccountId, subject: string, note: EvidenceNote, at: EpochMs): Promise<void> {
    return this.#enqueue(false, (rows) => runEvidence(rows, account, subject, note, at));
  }

  beginIncident(
    account: AccountId,
    symbol: string,
    report: IncidentReport,
    at: EpochMs,
  ): Promise<void> {
    return this.#enqueue(false, (rows) => runBeginning(rows, account, symbol, report, at));
  }

  endIncident(
    account: AccountId,
    subject: string,
    end: Omit<Resolution, "at">,
    at: EpochMs,
  ): Promise<void> {
    return this.#enqueue(false, (rows) => runEnd(rows, account, subject, end, at));
  }

  resolveIncident(
    account: AccountId,
    id: number,
    command: OperatorCommand,
  ): Promise<OperatorResult> {
    return this.#enqueue(true, (rows) => runOperator(rows, account, id, command));
  }

  async incident(account: AccountId, id: number): Promise<Incident | undefined> {
    return this.#read((rows) => rows.incidents.get(account, id));
  }

  async incidents(account: AccountId, query: IncidentsQuery = {}): Promise<readonly Incident[]> {
    return this.#read((rows) => rows.incidents.list(account, query));
  }

  note(note: Note, at: EpochMs): void {
    if (this.#closing !== undefined) return;
    this.#notes.push({ note, at });
    if (this.#notes.length >= NOTES_MAX) this.#writeNotesSoon();
    else this.#writeNotesLater();
  }

  async claimOf(key: ClaimKey): Promise<Claim | undefined> {
    return this.#read((rows) => rows.claim(key));
  }

  async claims(query: ClaimsQuery): Promise<ClaimsPage> {
    return this.#read((rows) => rows.claims(query));
  }

  async claimOfOrder(account: AccountId, brokerOrderId: BrokerOrderId): Promise<Claim | undefined> {
    return this.#read((rows) => {
      const key = rows.holder(account, brokerOrderId);
      return key && rows.claim(key);
    });
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
    const last = await this.lastSequence();
    const { after = 0, limit = EVENTS_DEFAULT } = query;
    return this.#read((rows) => rows.events(after, last, limit));
  }

  async lastEventAt(): Promise<EpochMs | undefined> {
    return this.#read((rows) => rows.lastEventAt());
  }

  async lastSequence(): Promise<number> {
    await this.#flush();
    return this.#read(() => {
      this.#syncThrough();
      return this.#syncedSequence;
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown(this.#flush());
    return this.#closing;
  }

  /** The file is let go whether or not its last events could be written. */
  async #shutDown(flushed: Promise<void>): Promise<void> {
    try {
      await flushed;
      this.#syncThrough();
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#relaxed.database.close();
      this.#durable.database.close();
    }
  }

  #enqueue<Value>(durable: boolean, run: (rows: SqliteRows) => Value): Promise<Value> {
    if (this.#closing !== undefined) return Promise.reject(this.#closedError());
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
    const durable = jobs.some((job) => job.durable);
    const side = durable ? this.#durable : this.#relaxed;
    try {
      if (durable) this.#assertSound();
      const results = side.database
        .transaction(() => {
          side.rows.begin();
          return jobs.map(({ run }) => run(side.rows));
        })
        .immediate();
      jobs.forEach(({ resolve }, index) => {
        resolve(results[index]);
      });
    } catch (error) {
      if (jobs.length > 1 && !isStoreFailure(error)) {
        for (const job of jobs) this.#commit([job]);
        return;
      }
      const failure = this.#failure(error);
      for (const { reject } of jobs) reject(failure);
    }
  }

  /** Whether what is committed next will be found again, by whoever opens the ledger then. */
  #assertSound(): void {
    if (fileIdentity(this.#file) !== this.#identity) {
      const message = `the ledger ${this.#file} was moved, replaced or deleted while it was open`;
      throw new LatchError("store_moved", message);
    }
    if (this.#walSuspect) this.#leaveWal();
  }

  /**
   * After an fsync that failed the system may have forgotten pages of the WAL without writing them,
   * and the next fsync would not say so: behind such a gap nothing is found again. So everything is
   * moved into the file and synced there, and the WAL begins anew.
   */
  #leaveWal(): void {
    const rows = this.#durable.database.pragma("wal_checkpoint(TRUNCATE)") as { busy: number }[];
    if (rows[0]?.busy !== 0) {
      const message = `the ledger ${this.#file} is in use and could not be synced after a failure`;
      throw new LatchError("store_busy", message);
    }
    this.#walSuspect = false;
  }

  #failure(error: unknown): unknown {
    if (isFailedSync(error)) this.#walSuspect = true;
    return storeError(error, this.#file);
  }

  async #flush(): Promise<void> {
    this.#writeNotesSoon();
    if (this.#queue.length > 0) await this.#enqueue(false, () => undefined);
  }

  #writeNotesLater(): void {
    if (this.#noteTimer !== undefined || this.#closing !== undefined) return;
    this.#noteTimer = new AbortController();
    this.#clock.sleep(NOTE_DELAY_MS, this.#noteTimer.signal).then(
      () => this.#writeNotesSoon(),
      () => undefined,
    );
  }

  /** Each is a job of its own, so that one that cannot be written holds up no other. */
  #writeNotesSoon(): void {
    this.#noteTimer?.abort();
    this.#noteTimer = undefined;
    const notes = this.#notes.splice(0);
    const written = notes.map(({ note, at }) =>
      this.#enqueue(false, (rows) => runNote(rows, note, at)),
    );
    if (notes.length > 0) void this.#keepUnwritten(notes, written);
  }

  /** A store that fails now may work later; beyond the bound the oldest notes are lost. */
  async #keepUnwritten(
    notes: readonly WaitingNote[],
    written: readonly Promise<void>[],
  ): Promise<void> {
    const results = await Promise.allSettled(written);
    const kept = notes.filter((_, index) => {
      const result = results[index];
      return result?.status === "rejected" && result.reason instanceof LatchError;
    });
    if (kept.length === 0) return;
    this.#notes = [...kept, ...this.#notes].slice(-NOTES_MAX);
    this.#writeNotesLater();
  }

  /** A commit with an fsync, where the last events were committed without one. */
  #syncThrough(): void {
    const { rows } = this.#durable;
    const { sequence } = rows.head();
    if (sequence === this.#syncedSequence) return;
    if (this.#walSuspect) this.#leaveWal();
    rows.saveSyncMark(sequence);
    this.#syncedSequence = sequence;
  }

  #read<Value>(read: (rows: SqliteRows) => Value): Value {
    if (this.#closing !== undefined) throw this.#closedError();
    try {
      return read(this.#durable.rows);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #closedError(): LatchError {
    return new LatchError("store_closed", `the ledger ${this.#file} is closed`);
  }
}
