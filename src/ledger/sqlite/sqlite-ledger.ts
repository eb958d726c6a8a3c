/**
 * The embedded ledger: one SQLite file that several processes on one host may share.
 *
 * Work that arrives in one turn of the event loop shares one transaction and one commit. A turn
 * with a claim in it, or with what the broker tells only once, commits with an fsync; one without
 * (what the broker can tell again, notes) commits without. `events` returns only what is on disk:
 * a synced commit carries all earlier ones with it, so one is made first where the last was not.
 *
 * What the events of claims come to is written into rows later, many at once: see late-rows.ts.
 * That the broker has taken an order is carried out at once and written by the next transaction, a
 * turn later at most, so that the order's caller does not wait for it: see records-ahead.ts.
 *
 * A file that was moved, replaced or deleted while it was open is written no more, nor is one whose
 * log was: whoever opens its path now has another ledger, and both would say `proceed`.
 */
import type Database from "better-sqlite3";
import type { Book } from "../../book/book.ts";
import type { ClaimDecision } from "../../claim/answer.ts";
import type { Claim } from "../../claim/claim.ts";
import type { ClaimRequest } from "../../claim/decide-claim.ts";
import type { GuardCommand } from "../../claim/decide-guard.ts";
import { isAcceptance } from "../../claim/decide-record.ts";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import type { Clock, EpochMs } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import type { AccountId, BrokerOrderId, ClaimKey } from "../../core/ids.ts";
import type { Incident } from "../../incident/incident.ts";
import type { ClaimsPage, ClaimsQuery } from "../claims-query.ts";
import { standingGuard } from "../guard-transaction.ts";
import {
  EVENTS_DEFAULT,
  type EventQuery,
  type EventScan,
  type GuardResult,
  type IncidentsQuery,
  type KeptCheckpoint,
  type Ledger,
  type Note,
  type ScannedEvents,
  type StoredEvent,
} from "../ledger.ts";
import { NoteBuffer } from "../note-buffer.ts";
import type { Rows } from "../rows.ts";
import { type Subject, TransactedLedger } from "../transacted-ledger.ts";
import { decideByReceipt, decideOn } from "../transaction.ts";
import { type NextTurn, nextTurnOfTheLoop } from "./next-turn.ts";
import type { OnMigration } from "./on-migration.ts";
import { fileIdentity, filesInUse, openDatabase } from "./open-database.ts";
import { RecordsAhead } from "./records-ahead.ts";
import { SqliteRows } from "./rows.ts";
import { isStoreFailure, storeError } from "./store-errors.ts";
import { SyncMode } from "./sync-mode.ts";
import { Wal } from "./wal.ts";

/** The most operations in one transaction. */
const BATCH_MAX = 500;

/** With so many claims behind, the rows catch up once those who wait were answered. */
const LATE_MAX = 256;
/** With so many, in the very commit: nobody may have come to an end in between. */
const LATE_AT_MOST = 1_024;

type Work = (rows: SqliteRows) => unknown;

interface Job {
  readonly durable: boolean;
  readonly run: Work;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens or creates the ledger at `file`; throws LatchError `store_*`, leaves others' files be. */
export function openSqliteLedger(
  file: string,
  clock: Clock,
  onMigration?: OnMigration,
  nextTurn: NextTurn = nextTurnOfTheLoop,
): Ledger {
  return new SqliteLedger(file, clock, onMigration, nextTurn);
}

class SqliteLedger extends TransactedLedger implements Ledger {
  readonly #file: string;
  readonly #database: Database.Database;
  readonly #rows: SqliteRows;
  readonly #sync: SyncMode;
  readonly #wal: Wal;
  /** Does all of it in one transaction. */
  readonly #transact: Database.Transaction<(work: readonly Work[]) => unknown[]>;
  #queue: Job[] = [];
  readonly #nextTurn: NextTurn;
  /** A turn of its own is coming for what waits. */
  #isRunningSoon = false;
  readonly #ahead: RecordsAhead;
  readonly #notes: NoteBuffer;
  /** The last event that is known to be on disk. */
  #syncedSequence = 0;
  /** The rows are about to catch up with the events. */
  #isCatchingUp = false;
  /** Which files were opened, by their paths. */
  readonly #files: ReadonlyMap<string, string>;
  /** Set at the call of `close`; from then on nothing new is taken. */
  #closing: Promise<void> | undefined;

  constructor(
    file: string,
    clock: Clock,
    onMigration: OnMigration | undefined,
    nextTurn: NextTurn,
  ) {
    super();
    this.#file = file;
    this.#nextTurn = nextTurn;
    this.#notes = new NoteBuffer(clock, (notes) => this.writeNotes(notes));
    this.#database = openDatabase(file, onMigration);
    this.#files = filesInUse(file);
    this.#rows = new SqliteRows(this.#database);
    this.#sync = new SyncMode(this.#database);
    this.#wal = new Wal(this.#database, file, nextTurn);
    this.#ahead = new RecordsAhead(this.#rows, clock, () => this.#runSoon());
    this.#transact = this.#database.transaction((work) => {
      this.#rows.refresh();
      this.#ahead.write();
      const results = work.map((run) => run(this.#rows));
      if (this.#rows.behind > LATE_AT_MOST) this.#rows.catchUpAtEnd();
      this.#rows.finish();
      return results;
    });
    // A program that died may have left a long log, and a migration has just written one.
    this.#wal.moveSoon();
  }

  /**
   * A repeat of what is over takes no transaction: where its claim is in memory, and where the
   * store takes none. All else is told by the transaction, which asks no more than a look would.
   */
  override async claim(request: ClaimRequest): Promise<ClaimDecision> {
    const isKnown = this.#closing === undefined && decideByReceipt(this.#rows.inMemory, request);
    const told = isKnown && this.#receipt(request);
    if (told) return told;
    return super.claim(request).catch((error: unknown) => {
      const receipt = error instanceof LatchError ? this.#receipt(request) : undefined;
      if (receipt !== undefined) return receipt;
      throw error;
    });
  }

  #receipt(request: ClaimRequest): ClaimDecision | undefined {
    return this.#read((rows) => decideByReceipt(rows, request));
  }

  /** What changes nothing needs no transaction, and no commit. */
  override async guard(key: ClaimKey, command: GuardCommand): Promise<GuardResult> {
    const known = this.#read((rows) => standingGuard(rows, key, command));
    return known ?? super.guard(key, command);
  }

  async guardClaimsOf(keys: readonly ClaimKey[]): Promise<readonly (GuardClaim | undefined)[]> {
    return this.#read((rows) => keys.map((key) => rows.guards.get(key)));
  }

  async unsettledGuardClaims(after: number, limit: number) {
    return this.#read((rows) => rows.guards.unsettled(after, limit));
  }

  async countGuardClaims(): Promise<number> {
    return this.#read((rows) => rows.guards.count());
  }

  async preview(request: ClaimRequest): Promise<ClaimDecision> {
    return this.#readRows((rows) => decideOn(rows, request).decision);
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
    return this.#enqueue(true, (rows) => rows.saveSyncMark(rows.lastEvent()?.sequence ?? 0));
  }

  async incident(account: AccountId, id: number): Promise<Incident | undefined> {
    return this.#read((rows) => rows.incidents.get(account, id));
  }

  async incidents(account: AccountId, query: IncidentsQuery = {}): Promise<readonly Incident[]> {
    return this.#read((rows) => rows.incidents.list(account, query));
  }

  note(note: Note, at: EpochMs): void {
    if (this.#closing === undefined) this.#notes.add(note, at);
  }

  async claimOf(key: ClaimKey): Promise<Claim | undefined> {
    return this.#read((rows) => rows.claim(key));
  }

  async claimsOf(keys: readonly ClaimKey[]): Promise<readonly (Claim | undefined)[]> {
    return this.#read((rows) => keys.map((key) => rows.claim(key)));
  }

  async claims(query: ClaimsQuery): Promise<ClaimsPage> {
    return this.#readRows((rows) => rows.claims(query));
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
    return this.#readRows((rows) => rows.countByStatus(account));
  }

  async book(account: AccountId, symbol: string): Promise<Book> {
    return this.#read((rows) => rows.book(account, symbol));
  }

  async books(account: AccountId): Promise<readonly Book[]> {
    return this.#readRows((rows) => rows.books(account));
  }

  async events(query: EventQuery = {}): Promise<readonly StoredEvent[]> {
    const last = await this.lastSequence();
    const { after = 0, limit = EVENTS_DEFAULT } = query;
    return this.#read((rows) => rows.events(after, last, limit));
  }

  async scan(scan: EventScan): Promise<ScannedEvents> {
    return this.#read((rows) => rows.scan(scan, this.#syncedSequence));
  }

  keepCheckpoint(checkpoint: KeptCheckpoint): Promise<void> {
    return this.#enqueue(true, (rows) => rows.keepCheckpoint(checkpoint));
  }

  async checkpoints(after: number, limit: number): Promise<readonly KeptCheckpoint[]> {
    return this.#read((rows) => rows.checkpoints(after, limit));
  }

  async lastCheckpoint(): Promise<KeptCheckpoint | undefined> {
    return this.#read((rows) => rows.lastCheckpoint());
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
    this.#notes.close();
    return this.#closing;
  }

  /** The file is let go whether or not its last events could be written. */
  async #shutDown(flushed: Promise<void>): Promise<void> {
    try {
      await flushed;
      this.#catchUpAtLast();
      this.#syncThrough();
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#ahead.close();
      this.#database.close();
    }
  }

  protected write<Value>(
    durable: boolean,
    subject: Subject,
    run: (rows: Rows) => Value,
  ): Promise<Value> {
    const mayGoAhead = subject.kind === "record" && isAcceptance(subject.command);
    const told = mayGoAhead && this.#closing === undefined ? this.#runAhead(run) : undefined;
    return told ?? this.#enqueue(durable, run);
  }

  /** Undefined where it takes a transaction. */
  #runAhead<Value>(run: (rows: Rows) => Value): Promise<Value> | undefined {
    try {
      return this.#ahead.run(run);
    } catch (error) {
      return Promise.reject(this.#failure(error));
    }
  }

  #enqueue<Value>(durable: boolean, run: (rows: SqliteRows) => Value): Promise<Value> {
    if (this.#closing !== undefined) return Promise.reject(this.#closedError());
    return new Promise<Value>((resolve, reject) => {
      this.#runSoon();
      const settle = resolve as (value: unknown) => void;
      this.#queue.push({ durable, run, resolve: settle, reject });
    });
  }

  #runSoon(): void {
    if (this.#isRunningSoon) return;
    this.#isRunningSoon = true;
    this.#nextTurn(() => this.#runQueue());
  }

  #runQueue(): void {
    this.#isRunningSoon = false;
    const jobs = this.#queue.splice(0, BATCH_MAX);
    if (this.#queue.length > 0) this.#runSoon();
    if (jobs.length > 0 || this.#ahead.isWaiting) this.#commit(jobs);
  }

  /**
   * All of `jobs` or none: a failure of the store reaches every caller, and none of them may send.
   * A job that fails for a reason of its own is run apart, so that it harms no other.
   */
  #commit(jobs: readonly Job[]): void {
    const durable = jobs.some((job) => job.durable);
    try {
      this.#assertInPlace();
      if (durable) this.#wal.leaveIfSuspect();
      this.#sync.require(durable ? "FULL" : "NORMAL");
      const results = this.#transact.immediate(jobs.map(({ run }) => run));
      jobs.forEach(({ resolve }, index) => {
        resolve(results[index]);
      });
      this.#ahead.onWritten();
      this.#catchUpSoon();
      this.#wal.onCommit(jobs.length);
    } catch (error) {
      this.#rows.forget();
      if (this.#ahead.onFailure(error)) {
        this.#commit(jobs);
        return;
      }
      if (jobs.length > 1 && !isStoreFailure(error)) {
        for (const job of jobs) this.#commit([job]);
        return;
      }
      const failure = this.#failure(error);
      for (const { reject } of jobs) reject(failure);
    }
  }

  /** Whether what is committed next will be found again, by whoever opens the ledger then. */
  #assertInPlace(): void {
    for (const [path, identity] of this.#files) {
      if (fileIdentity(path) === identity) continue;
      const message = `the ledger ${path} was moved, replaced or deleted while it was open`;
      throw new LatchError("store_moved", message);
    }
  }

  #failure(error: unknown): unknown {
    this.#wal.onFailure(error);
    return storeError(error, this.#file);
  }

  async #flush(): Promise<void> {
    const noted = this.#notes.writeSoon();
    const waits = this.#queue.length > 0 || this.#ahead.isWaiting;
    const written = waits ? this.#enqueue(false, () => undefined) : undefined;
    await Promise.all([noted, written]);
  }

  /** A commit with an fsync, where the last events were committed without one. */
  #syncThrough(): void {
    const sequence = this.#rows.lastEvent()?.sequence ?? 0;
    if (sequence === this.#syncedSequence) return;
    this.#assertInPlace();
    this.#wal.leaveIfSuspect();
    this.#sync.require("FULL");
    this.#rows.saveSyncMark(sequence);
    this.#syncedSequence = sequence;
  }

  #read<Value>(read: (rows: SqliteRows) => Value): Value {
    if (this.#closing !== undefined) throw this.#closedError();
    try {
      this.#rows.refreshOnce();
      return read(this.#rows);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** For what is read of many rows: those that are late are written first. */
  async #readRows<Value>(read: (rows: SqliteRows) => Value): Promise<Value> {
    const isLate = () => this.#read((rows) => rows.isLate);
    const catchUp = () => this.#enqueue(false, (rows) => rows.catchUp());
    if (isLate()) await catchUp().catch(() => undefined);
    return isLate() ? this.#readAsIfWritten(read) : this.#read(read);
  }

  /** A store that takes no more can still be read: what is written for that is taken back. */
  #readAsIfWritten<Value>(read: (rows: SqliteRows) => Value): Value {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      this.#rows.refresh();
      this.#rows.catchUp();
      return read(this.#rows);
    } catch (error) {
      throw this.#failure(error);
    } finally {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      this.#rows.forget();
    }
  }

  /** In a turn of its own, so that whoever waits for an order is answered before. */
  #catchUpSoon(): void {
    if (this.#isCatchingUp || this.#rows.behind <= LATE_MAX) return;
    this.#isCatchingUp = true;
    const over = () => {
      this.#isCatchingUp = false;
    };
    this.#enqueue(false, (rows) => rows.catchUpAtEnd()).then(over, over);
  }

  /** What the rows lack, the events have: a store that takes no more has lost nothing. */
  #catchUpAtLast(): void {
    if (this.#rows.behind === 0) return;
    try {
      this.#assertInPlace();
      this.#sync.require("NORMAL");
      this.#transact.immediate([(rows) => rows.catchUpAtEnd()]);
    } catch {
      this.#rows.forget();
    }
  }

  #closedError(): LatchError {
    return new LatchError("store_closed", `the ledger ${this.#file} is closed`);
  }
}
