/**
 * The ledger on a PostgreSQL server, for sidecars on several machines.
 *
 * What arrives while a transaction is under way shares the next one. A transaction locks the log's
 * head, so that of all sidecars one decides at a time (I3), and takes two round trips: the lock and
 * what its jobs ask go out together, and so do what they write and the commit. Where a claim is
 * among them the commit is synced (I2); where the broker can tell all of it again it is not, and
 * `events` makes a synced one before it publishes.
 *
 * Nothing is connected before the first call, and a server that is away is found again by the next.
 */
import type { Book } from "../../book/book.ts";
import { emptyBook } from "../../book/book.ts";
import type { ClaimDecision } from "../../claim/answer.ts";
import type { Claim } from "../../claim/claim.ts";
import type { ClaimRequest } from "../../claim/decide-claim.ts";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import type { Clock, EpochMs } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import type { AccountId, BrokerOrderId, ClaimKey } from "../../core/ids.ts";
import type { Incident } from "../../incident/incident.ts";
import type { ClaimsPage, ClaimsQuery } from "../claims-query.ts";
import type { EventRow } from "../event-row.ts";
import { scanned, stretchOf } from "../event-scan.ts";
import {
  EVENTS_DEFAULT,
  type EventQuery,
  type EventScan,
  INCIDENTS_DEFAULT,
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
import { decideOn } from "../transaction.ts";
import {
  type BatchResult,
  beginTransaction,
  type Committing,
  type Ended,
  type Job,
  runBatch,
  together,
  untilLoaded,
} from "./batch.ts";
import { ClaimListing } from "./claim-listing.ts";
import { claimRows } from "./claim-rows.ts";
import { ConnectionPool } from "./connection-pool.ts";
import type { Session } from "./dedicated-connection.ts";
import { EVENT_PAGE, eventOf } from "./event-page.ts";
import { LATEST, scannedRows } from "./event-scan.ts";
import { foreseenQuestions } from "./foreseen-questions.ts";
import { countGuardClaims, guardClaimsOf, unsettledGuardClaims } from "./guard-queries.ts";
import { parsed } from "./json-column.ts";
import { type EventMark, requireEvent } from "./known-event.ts";
import { type Ask, loadRows, type Row } from "./load-rows.ts";
import { isCarriedOut } from "./lost-commit.ts";
import { KEEP_SYNC, openDatabase } from "./open-database.ts";
import { isKey, ownAnswer } from "./own-answer.ts";
import { SnapshotRows } from "./snapshot-rows.ts";
import { isConnectionLost, isStoreFailure, storeError } from "./store-errors.ts";
import { markSync } from "./sync-mark.ts";
import { columnValue, fromColumn } from "./text-column.ts";
import { grantedBy, sayUnsent } from "./unsent-claims.ts";

interface WaitingJob extends Job {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The most operations in one transaction. */
const BATCH_MAX = 500;
const LAST_EVENT = `SELECT e.sequence, e.hash FROM tradelatch.head h
  JOIN tradelatch.events e ON e.sequence = h.sequence`;
/** So long is asked what became of a commit: where it never arrived its lock lasts for 2 s. */
const LOST_COMMIT_DEADLINE_MS = 3_000;

export interface PostgresOptions {
  /**
   * Off, nothing is made: every call rejects with `store_missing` where there is no ledger, and
   * with `store_in_use` where one of an older program is open in another process.
   */
  readonly isMade?: boolean;
}

/** Throws LatchError `invalid_option` for a connection string that is none. */
export function openPostgresLedger(
  url: string,
  clock: Clock,
  options: PostgresOptions = {},
): Ledger {
  return new PostgresLedger(url, clock, options);
}

class PostgresLedger extends TransactedLedger implements Ledger {
  readonly #pool: ConnectionPool;
  readonly #listing: ClaimListing;
  readonly #notes: NoteBuffer;
  readonly #options: PostgresOptions;
  readonly #clock: Clock;
  #opening: Promise<void> | undefined;
  #queue: WaitingJob[] = [];
  #working: Promise<void> | undefined;
  /** The last event that is known to be on disk. */
  #synced: EventMark | undefined;
  /** Granted by commits of which nobody knows. */
  #unsent: readonly Claim[] = [];
  /** Set at the call of `close`; from then on nothing new is taken. */
  #closing: Promise<void> | undefined;

  constructor(url: string, clock: Clock, options: PostgresOptions) {
    super();
    this.#options = options;
    this.#clock = clock;
    this.#pool = new ConnectionPool(url, clock);
    this.#listing = new ClaimListing(this.#pool);
    this.#notes = new NoteBuffer(clock, (notes) => this.writeNotes(notes));
  }

  preview(request: ClaimRequest): Promise<ClaimDecision> {
    return this.#read(async () => {
      const rows = new SnapshotRows();
      const ask: Ask = (text, parameters) => this.#pool.ask<Row>(text, parameters);
      await loadRows(ask, rows, foreseenQuestions({ kind: "claim", request }));
      const decide = (): ClaimDecision => decideOn(rows, request).decision;
      return untilLoaded(decide, (question) => loadRows(ask, rows, [question]));
    });
  }

  async knownAccount(login: string): Promise<AccountId | undefined> {
    const sql = "SELECT account FROM tradelatch.logins WHERE login = $1";
    const [row] = await this.#ask<{ account: string }>(sql, [login]);
    return row && (fromColumn(row.account) as AccountId);
  }

  async accounts(): Promise<readonly AccountId[]> {
    const sql =
      'SELECT account FROM tradelatch.accounts ORDER BY adopted_at DESC, account COLLATE "C"';
    const rows = await this.#ask<{ account: string }>(sql, []);
    return rows.map(({ account }) => fromColumn(account) as AccountId);
  }

  async rememberAccount(login: string, account: AccountId): Promise<void> {
    const sql = `INSERT INTO tradelatch.logins (login, account) VALUES ($1, $2)
      ON CONFLICT (login) DO UPDATE SET account = excluded.account`;
    await this.#tell(sql, [login, account]);
  }

  probe(): Promise<void> {
    return this.#read(() => this.#sync(this.#synced));
  }

  async incident(account: AccountId, id: number): Promise<Incident | undefined> {
    const sql = "SELECT body FROM tradelatch.incidents WHERE account = $1 AND id = $2";
    const [found] = await this.#bodies<Incident>(sql, [account, id]);
    const isIt = (incident: Incident) => incident.account === account && incident.id === id;
    return ownAnswer(found, isIt, this.#pool.place);
  }

  incidents(account: AccountId, query: IncidentsQuery = {}): Promise<readonly Incident[]> {
    const { symbol = null, isOpen, before = null, limit = INCIDENTS_DEFAULT } = query;
    const ofState = isOpen === undefined ? "" : isOpen ? "AND is_open" : "AND NOT is_open";
    const sql = `SELECT body FROM tradelatch.incidents WHERE account = $1 ${ofState}
      AND ($2::text IS NULL OR symbol = $2) AND ($3::bigint IS NULL OR id < $3)
      ORDER BY id DESC LIMIT $4`;
    return this.#bodies<Incident>(sql, [account, symbol, before, limit]);
  }

  note(note: Note, at: EpochMs): void {
    if (this.#closing === undefined) this.#notes.add(note, at);
  }

  async claimOf(key: ClaimKey): Promise<Claim | undefined> {
    const sql = `SELECT body FROM tradelatch.claims
      WHERE account = $1 AND agent = $2 AND request_id = $3`;
    const [found] = await this.#bodies<Claim>(sql, [key.account, key.agent, key.requestId]);
    return ownAnswer(found, (claim) => isKey(claim.key, key), this.#pool.place);
  }

  async claimsOf(keys: readonly ClaimKey[]): Promise<readonly (Claim | undefined)[]> {
    const rows = await this.#read(() => claimRows(this.#pool, keys));
    const found = new Map(rows.map(({ n, body }) => [n, parsed<Claim>(body)]));
    const isOf = (key: ClaimKey) => (claim: Claim) => isKey(claim.key, key);
    return keys.map((key, index) => ownAnswer(found.get(index), isOf(key), this.#pool.place));
  }

  async claimOfOrder(account: AccountId, brokerOrderId: BrokerOrderId): Promise<Claim | undefined> {
    const sql = `SELECT body FROM tradelatch.claims
      WHERE account = $1 AND broker_order_id = $2`;
    const [found] = await this.#bodies<Claim>(sql, [account, brokerOrderId]);
    const isIt = (claim: Claim) => claim.brokerOrderId === brokerOrderId;
    return ownAnswer(found, isIt, this.#pool.place);
  }

  guardClaimsOf(keys: readonly ClaimKey[]): Promise<readonly (GuardClaim | undefined)[]> {
    return this.#read(() => guardClaimsOf(this.#pool, keys));
  }

  unsettledGuardClaims(after: number, limit: number) {
    return this.#read(() => unsettledGuardClaims(this.#pool, after, limit));
  }

  countGuardClaims(): Promise<number> {
    return this.#read(() => countGuardClaims(this.#pool));
  }

  claims(query: ClaimsQuery): Promise<ClaimsPage> {
    return this.#read(async () => {
      const { bodies, next } = await this.#listing.page(query);
      return { claims: bodies.map((body) => parsed<Claim>(body)), next };
    });
  }

  unsettledClaims(account: AccountId): Promise<readonly Claim[]> {
    const sql = `SELECT body FROM tradelatch.claims
      WHERE account = $1 AND status <> 'SETTLED' ORDER BY id`;
    return this.#bodies<Claim>(sql, [account]);
  }

  countByStatus(account: AccountId): Promise<Readonly<Record<string, number>>> {
    return this.#read(() => this.#listing.countByStatus(account));
  }

  async book(account: AccountId, symbol: string): Promise<Book> {
    const sql = "SELECT body FROM tradelatch.books WHERE account = $1 AND symbol = $2";
    const [found] = await this.#bodies<Book>(sql, [account, symbol]);
    const isIt = (book: Book) => book.account === account && book.symbol === symbol;
    return ownAnswer(found, isIt, this.#pool.place) ?? emptyBook(account, symbol);
  }

  books(account: AccountId): Promise<readonly Book[]> {
    const sql = 'SELECT body FROM tradelatch.books WHERE account = $1 ORDER BY symbol COLLATE "C"';
    return this.#bodies<Book>(sql, [account]);
  }

  async events(query: EventQuery = {}): Promise<readonly StoredEvent[]> {
    const last = await this.lastSequence();
    const { after = 0, limit = EVENTS_DEFAULT } = query;
    return (await this.#ask<EventRow>(EVENT_PAGE, [after, last, limit])).map(eventOf);
  }

  scan(scan: EventScan): Promise<ScannedEvents> {
    return this.#read(async () => {
      const last = this.#syncedSequence;
      const stretch = stretchOf(scan, last);
      const rows = await scannedRows(this.#pool, scan, stretch);
      return scanned(scan, stretch, last, rows.map(eventOf));
    });
  }

  async keepCheckpoint({ sequence, at, text }: KeptCheckpoint): Promise<void> {
    const sql = `INSERT INTO tradelatch.checkpoints (sequence, at, text) VALUES ($1, $2, $3)
      ON CONFLICT DO NOTHING`;
    await this.#tell(sql, [sequence, at, text]);
  }

  async checkpoints(after: number, limit: number): Promise<readonly KeptCheckpoint[]> {
    const rows = await this.#ask<KeptCheckpoint>(
      `SELECT sequence, at, text FROM tradelatch.checkpoints WHERE sequence > $1
       ORDER BY sequence LIMIT $2`,
      [after, limit],
    );
    return rows.map((row) => ({ ...row, text: fromColumn(row.text) }));
  }

  async lastCheckpoint(): Promise<KeptCheckpoint | undefined> {
    const [row] = await this.#ask<KeptCheckpoint>(
      "SELECT sequence, at, text FROM tradelatch.checkpoints ORDER BY sequence DESC LIMIT 1",
      [],
    );
    return row && { ...row, text: fromColumn(row.text) };
  }

  async lastEventAt(): Promise<EpochMs | undefined> {
    const [latest] = await this.#ask<{ at: EpochMs | null }>(LATEST, []);
    return latest?.at ?? undefined;
  }

  async lastSequence(): Promise<number> {
    await this.#flush();
    return this.#read(() => this.#syncThrough());
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown(this.#flush());
    this.#notes.close();
    return this.#closing;
  }

  protected write<Value>(
    durable: boolean,
    subject: Subject,
    run: (rows: Rows) => Value,
  ): Promise<Value> {
    if (this.#closing !== undefined) return Promise.reject(this.#closedError());
    return new Promise<Value>((resolve, reject) => {
      const settle = resolve as (value: unknown) => void;
      this.#queue.push({ durable, subject, run, resolve: settle, reject });
      this.#working ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    // What arrives in this turn of the event loop shares the first transaction.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) await this.#commit(this.#queue.splice(0, BATCH_MAX));
    this.#working = undefined;
  }

  /**
   * All of `jobs` or none: a failure of the store reaches every caller, and none of them may send.
   * A row that the store does not take is sought by running each job apart.
   */
  async #commit(jobs: readonly WaitingJob[]): Promise<void> {
    try {
      await this.#opened();
      const { ended, synced } = await this.#run(jobs);
      this.#noteSynced(synced);
      jobs.forEach(({ resolve, reject }, index) => {
        const end = ended[index] as Ended;
        if ("error" in end) reject(end.error);
        else resolve(end.value);
      });
    } catch (error) {
      if (jobs.length > 1 && !isStoreFailure(error)) {
        for (const job of jobs) await this.#commit([job]);
        return;
      }
      const failure = this.#failure(error);
      for (const { reject } of jobs) reject(failure);
    }
  }

  /** Also where the answer to the commit was lost, and the ledger shows that it went through. */
  async #run(jobs: readonly Job[]): Promise<BatchResult> {
    const unsent = this.#unsent;
    const first = unsent.map((claim) => sayUnsent(claim, this.#clock.now()));
    let committing: Committing | undefined;
    const run = (session: Session) =>
      runBatch(session, [...first, ...jobs], this.#synced, (said) => {
        committing = said;
      });
    const { ended, synced } = await this.#pool.reserved(run).catch(async (error: unknown) => {
      const said = committing;
      if (said === undefined || !isConnectionLost(error)) throw error;
      const look = (session: Session) => isCarriedOut(session, said);
      if (await this.#pool.reserved(look, LOST_COMMIT_DEADLINE_MS).catch(() => false)) {
        return said.result;
      }
      this.#unsent = [...unsent, ...grantedBy(jobs, said.result.ended.slice(first.length))];
      throw error;
    });
    this.#unsent = [];
    return { ended: ended.slice(first.length), synced };
  }

  /** Made once; a server that was away is asked again by the next call. */
  #opened(): Promise<void> {
    this.#opening ??= openDatabase(this.#pool, this.#options).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #shutDown(flushed: Promise<void>): Promise<void> {
    try {
      await flushed;
      if (this.#opening !== undefined) {
        await this.#opened();
        await this.#syncThrough();
      }
    } catch (error) {
      throw this.#failure(error);
    } finally {
      await this.#pool.close();
    }
  }

  async #flush(): Promise<void> {
    await this.#notes.writeSoon();
    await this.#working;
  }

  /** The last event that is on disk, after a commit with a sync where one was needed. */
  async #syncThrough(): Promise<number> {
    const [[last]] = await together([
      this.#pool.ask<EventMark>(LAST_EVENT, []),
      requireEvent(this.#pool, this.#synced),
    ] as const);
    if (last !== undefined && last.sequence > this.#syncedSequence) await this.#sync(last);
    return this.#syncedSequence;
  }

  /** A synced commit carries `last` and all before it with it; two of them do no harm. */
  async #sync(last: EventMark | undefined): Promise<void> {
    await this.#commitSynced((session) => [
      requireEvent(session, last),
      markSync(session, last?.sequence ?? 0),
    ]);
    this.#noteSynced(last);
  }

  /** A transaction of `say` alone, with a sync whatever the server's default of a commit is. */
  async #commitSynced(say: (session: Session) => readonly Promise<unknown>[]): Promise<void> {
    await this.#pool.reserved((session) =>
      together([
        beginTransaction(session),
        session.run(KEEP_SYNC),
        ...say(session),
        session.run("COMMIT"),
      ]),
    );
  }

  #noteSynced(last: EventMark | undefined): void {
    if (last !== undefined && last.sequence > this.#syncedSequence) this.#synced = last;
  }

  get #syncedSequence(): number {
    return this.#synced?.sequence ?? 0;
  }

  async #bodies<Value>(
    text: string,
    parameters: readonly (string | number | null)[],
  ): Promise<readonly Value[]> {
    const rows = await this.#ask<{ body: string }>(text, parameters);
    return rows.map(({ body }) => parsed<Value>(body));
  }

  #ask<Found>(
    text: string,
    parameters: readonly (string | number | null)[],
  ): Promise<readonly Found[]> {
    return this.#read(() => this.#pool.ask<Found>(text, parameters.map(columnValue)));
  }

  /** A statement that writes; twice does no harm. */
  #tell(text: string, parameters: readonly (string | number | null)[]): Promise<void> {
    return this.#read(() =>
      this.#commitSynced((session) => [session.ask(text, parameters.map(columnValue))]),
    );
  }

  async #read<Value>(read: () => Promise<Value>): Promise<Value> {
    if (this.#closing !== undefined) throw this.#closedError();
    try {
      await this.#opened();
      return await read();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    return storeError(error, this.#pool.place);
  }

  #closedError(): LatchError {
    return new LatchError("store_closed", `the ledger at ${this.#pool.place} is closed`);
  }
}
