/** The statements of the ledger on one connection: rows in, domain values out. No decisions. */
import type { Database, Statement } from "better-sqlite3";
import { type Book, emptyBook } from "../../book/book.ts";
import type { Claim } from "../../claim/claim.ts";
import type { LedgerEvent } from "../../claim/claim-event.ts";
import type { EpochMs } from "../../core/clock.ts";
import { InvariantError, LatchError } from "../../core/errors.ts";
import type { AccountId, AgentId, ClaimKey, RequestId } from "../../core/ids.ts";
import { equalsIn, isNamedTwice } from "../among-claims.ts";
import { foldEvent } from "../apply-events.ts";
import type { ClaimsPage, ClaimsQuery } from "../claims-query.ts";
import { accountOf, bodyTextOf, type ChainHead, chainEvent, GENESIS_HASH } from "../event-chain.ts";
import { type EventRow, storedEvent } from "../event-row.ts";
import { scanned, stretchOf } from "../event-scan.ts";
import type { EventScan, KeptCheckpoint, ScannedEvents, StoredEvent } from "../ledger.ts";
import { EQUALS_MAX, type EqualsWanted, MOVES_LOOKAHEAD, type Rows } from "../rows.ts";
import { AheadRows, NeedsTransaction, type UnwrittenEvent } from "./ahead-rows.ts";
import { ClaimListing } from "./claim-listing.ts";
import { ClaimWrites } from "./claim-writes.ts";
import { hasMove, latestTime, scannedRows } from "./event-scan.ts";
import { SqliteGuardRows } from "./guard-rows.ts";
import { SqliteIncidentRows } from "./incident-rows.ts";
import { keptBook, keptClaim } from "./kept-values.ts";
import { KnownRows } from "./known-rows.ts";
import { LateRows } from "./late-rows.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import { UnsettledClaims } from "./unsettled-claims.ts";

const IS_LIVE = "status IN ('OPEN', 'RESOLVED', 'IN_RECONCILIATION')";
const CLAIM = "SELECT body FROM claims WHERE account = ? AND agent = ? AND request_id = ?";

/** So many digits of a fingerprint the indexes hold. */
const SHORT = 16;
const EQUAL = `substr(fingerprint, 1, ${SHORT}) = :short
  AND account = :account AND agent = :agent AND fingerprint = :fingerprint`;
const look = (where: string, limit: number) =>
  `SELECT * FROM (SELECT id, body FROM claims WHERE ${EQUAL} AND ${where}
     ORDER BY id DESC LIMIT ${limit})`;
/** Each look ends early, however many equal claims came before. */
const EQUALS = [
  look(`settled = 0 AND (${IS_LIVE} OR episode = :episode)`, 2 * EQUALS_MAX),
  look("settled = 1 AND episode = :episode AND filled = 1", EQUALS_MAX),
  look("settled = 1 AND episode = :episode AND filled = 0", 1),
].join(" UNION ALL ");
/** Of settled ones, those whose caller was not told of what was filled. */
const UNTOLD = look("untold = 1 AND episode = :episode", EQUALS_MAX);

/** So many events a claim may have, on an average, notes of repeats among them. */
const EVENTS_EACH = 16;

export interface LastEvent extends ChainHead {
  readonly account: AccountId;
}

export class SqliteRows implements Rows {
  readonly incidents: SqliteIncidentRows;
  readonly guards: SqliteGuardRows;
  readonly #database: Database;
  readonly #statements: PreparedStatements;
  readonly #listing: ClaimListing;
  readonly #known: KnownRows;
  readonly #claimWrites: ClaimWrites;
  readonly #unsettled = new UnsettledClaims(() => this.#readUnsettled());
  readonly #late = new LateRows();
  /** Some rows were brought up to the events in this transaction: at its end all are. */
  #mustCatchUp = false;
  /** Somebody has looked in this turn of the event loop whether others have written. */
  #isFresh = false;
  /** Events that were carried out ahead of the transaction that writes them. */
  #unwritten: UnwrittenEvent[] = [];

  constructor(database: Database) {
    this.#database = database;
    this.#statements = new PreparedStatements(database);
    this.incidents = new SqliteIncidentRows(database, () => this.catchUp());
    this.guards = new SqliteGuardRows(database);
    this.#listing = new ClaimListing(database);
    this.#known = new KnownRows(database);
    this.#claimWrites = new ClaimWrites(this.#statements);
  }

  /**
   * Before a read outside of a transaction. One look is enough for a turn of the event loop, with
   * all that follows from it before the next: nobody's word can come in meanwhile.
   */
  refreshOnce(): void {
    if (!this.#isFresh) this.refresh();
  }

  /** Before a transaction's work. */
  refresh(): void {
    const hasChanged = this.#known.refresh();
    this.#stayFresh();
    if (!hasChanged) return;
    this.incidents.forget();
    this.#unsettled.forget();
    // They were decided on what is no longer so.
    if (this.#unwritten.length > 0) this.forget();
    try {
      // What the rows hold and what comes behind them are of one moment.
      this.#database.transaction(() => this.#foldLate())();
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  #stayFresh(): void {
    if (this.#isFresh) return;
    this.#isFresh = true;
    // A tick that a microtask asks for comes when no microtask is left.
    queueMicrotask(() => {
      process.nextTick(() => {
        this.#isFresh = false;
      });
    });
  }

  /** After a transaction that was not committed. */
  forget(): void {
    this.#isFresh = false;
    this.#known.forget();
    this.incidents.forget();
    this.#unsettled.forget();
    this.#late.reset(undefined);
    this.#mustCatchUp = false;
    this.#unwritten = [];
  }

  /** Whether events are here that no transaction has written. */
  get hasUnwritten(): boolean {
    return this.#unwritten.length > 0;
  }

  /**
   * Carries out `run` as far as that takes no transaction: its events are written by the next one,
   * unless {@link hasUnwritten} says then that they were forgotten. Throws NeedsTransaction, with
   * nothing done, where it takes one.
   */
  runAhead<Value>(run: (rows: Rows) => Value): Value {
    const ahead = new AheadRows(this);
    const value = run(ahead);
    if (ahead.claims.some(({ claim }) => isNamedTwice(claim, this.#unsettled.all()))) {
      throw new NeedsTransaction("the order may turn out to be another agent's");
    }
    for (const { claim, before } of ahead.claims) this.saveClaim(claim, before);
    for (const book of ahead.books) this.saveBook(book);
    this.#unwritten.push(...ahead.events);
    return value;
  }

  /** Inside a transaction, before its work. */
  writeAhead(): void {
    for (const { event, at } of this.#unwritten) this.append(event, at);
    this.#unwritten = [];
  }

  /**
   * Somebody else has written, or nothing is known yet. While the rows are where they were, what
   * is late stays so, and the new events come on top of it.
   */
  #foldLate(): void {
    const late = this.#late;
    const mark = this.#prepare("SELECT sequence FROM rows_mark").pluck().get() as number;
    if (late.mark !== mark) late.reset(mark);
    const events = this.events(late.seen, Number.MAX_SAFE_INTEGER, -1);
    for (const event of events) foldEvent(this, event);
    late.seen = events.at(-1)?.sequence ?? late.seen;
  }

  /** Whether a read of many claims, or of books, has to {@link catchUp} first. */
  get isLate(): boolean {
    return !this.#late.isEmpty;
  }

  /** How many claims' rows, or claims' worth of events, lie between the rows and the last event. */
  get behind(): number {
    const { size, seen, mark = 0 } = this.#late;
    return Math.max(size, (seen - mark) / EVENTS_EACH);
  }

  /**
   * Writes the rows that are behind the events; inside a transaction only, at whose end
   * {@link finish} says that they hold everything.
   */
  catchUp(): void {
    const late = this.#late;
    if (late.isEmpty) return;
    if (!this.#database.inTransaction) throw new InvariantError("rows are written in transactions");
    for (const { claim, row } of late.claims()) {
      if (row === undefined) this.#claimWrites.insert(claim);
      else this.#claimWrites.update(claim, row);
    }
    for (const book of late.books()) this.#writeBook(book);
    late.clear();
    this.#mustCatchUp = true;
  }

  /** At the end of this transaction the rows hold everything. */
  catchUpAtEnd(): void {
    this.#mustCatchUp = true;
  }

  /** At the end of every transaction: where some of the rows were brought up, all are. */
  finish(): void {
    if (!this.#mustCatchUp) return;
    this.catchUp();
    this.#mustCatchUp = false;
    const { seen } = this.#late;
    this.#prepare("UPDATE rows_mark SET sequence = ?").run(seen);
    this.#late.reset(seen);
  }

  /** What needs no look into the file, and may be older than what that holds. */
  readonly inMemory: Pick<Rows, "claim"> = {
    claim: (key) => this.#late.claim(key) ?? this.#known.claim(key),
  };

  claim(key: ClaimKey): Claim | undefined {
    const known = this.inMemory.claim(key);
    if (known !== undefined) return known;
    const row = this.#prepare(CLAIM).get(key.account, key.agent, key.requestId) as
      | { body: string }
      | undefined;
    return row && (this.#parse(row.body, "a claim") as Claim);
  }

  equals(
    account: AccountId,
    agent: AgentId,
    fingerprint: string,
    episode: number,
    wanted: EqualsWanted = "all",
  ): Claim[] {
    if (this.#late.hasEqual(fingerprint)) this.catchUp();
    const asked = { account, agent, fingerprint, short: fingerprint.slice(0, SHORT), episode };
    const sql = wanted === "all" ? EQUALS : UNTOLD;
    const rows = this.#prepare(sql).all(asked) as { id: number; body: string }[];
    const found = new Map(rows.map(({ id, body }) => [id, body]));
    const latestFirst = [...found].sort(([a], [b]) => b - a);
    const read = this.#claims(latestFirst.map(([, body]) => body));
    if (wanted === "all") return equalsIn(read, episode);
    const unsettled = [...this.#unsettled.equal(fingerprint)]
      .filter(({ key }) => key.account === account && key.agent === agent)
      .reverse();
    return equalsIn([...unsettled, ...read], episode);
  }

  holder(account: AccountId, brokerOrderId: string): ClaimKey | undefined {
    const late = this.#late.holder(account, brokerOrderId);
    if (late !== undefined) return late.key;
    const row = this.#prepare(
      "SELECT agent, request_id FROM claims WHERE account = ? AND broker_order_id = ?",
    ).get(account, brokerOrderId) as { agent: string; request_id: string } | undefined;
    if (row === undefined) return undefined;
    const agent = row.agent as AgentId;
    const key = { account, agent, requestId: row.request_id as RequestId };
    // It has another order by now.
    return this.#late.claim(key) === undefined ? key : undefined;
  }

  unsettledClaims(account: AccountId): Claim[] {
    const own = [...this.#unsettled.all()].filter(({ key }) => key.account === account);
    return own.sort((a, b) => a.claimedAt - b.claimedAt);
  }

  #readUnsettled(): readonly Claim[] {
    const sql = "SELECT body FROM claims WHERE settled = 0 ORDER BY id";
    const rows = this.#prepare(sql).pluck().all() as string[];
    // What is late goes before the row of the same claim. Terms that are its caller's own object
    // are not ours to keep, nor to keep from change.
    const late = [...this.#late.claims()].map(({ claim }) =>
      claim.intent.extension === null ? claim : structuredClone(claim),
    );
    return [...this.#claims(rows), ...late];
  }

  /** Throws LatchError `invalid_query` for a limit or a cursor that is none. */
  claims(query: ClaimsQuery): ClaimsPage {
    this.catchUp();
    const { bodies, next } = this.#listing.page(query);
    return { claims: this.#claims(bodies), next };
  }

  countByStatus(account: AccountId): Record<string, number> {
    this.catchUp();
    return this.#listing.countByStatus(account);
  }

  saveClaim(claim: Claim, before: Claim | undefined): void {
    const kept = keptClaim(claim);
    this.#late.keepClaim(kept, before);
    this.#known.keepClaim(kept);
    if (claim.intent.extension === null) {
      this.#unsettled.save(kept);
      return;
    }
    // Its terms came from its caller as they were, and are not ours to keep from change.
    this.#unsettled.forget();
    this.catchUpAtEnd();
  }

  book(account: AccountId, symbol: string): Book {
    const known = this.#late.book(account, symbol) ?? this.#known.book(account, symbol);
    if (known !== undefined) return known;
    const row = this.#prepare("SELECT body FROM books WHERE account = ? AND symbol = ?").get(
      account,
      symbol,
    ) as { body: string } | undefined;
    if (row === undefined) return emptyBook(account, symbol);
    const book = this.#parse(row.body, `the book ${symbol}`) as Book;
    this.#known.keepBook(book);
    return book;
  }

  books(account: AccountId): Book[] {
    this.catchUp();
    const rows = this.#prepare("SELECT body FROM books WHERE account = ? ORDER BY symbol").all(
      account,
    ) as { body: string }[];
    return rows.map(({ body }) => this.#parse(body, "a book") as Book);
  }

  saveBook(book: Book): void {
    const kept = keptBook(book);
    this.#late.keepBook(kept);
    this.#known.keepBook(kept);
  }

  hasMoved(account: AccountId, symbol: string, after: number): boolean {
    const behind = (this.lastEvent()?.sequence ?? 0) - after;
    return behind > MOVES_LOOKAHEAD || hasMove(this.#statements, account, symbol, after);
  }

  #writeBook(book: Book): void {
    this.#prepare(
      `INSERT INTO books (account, symbol, body) VALUES (?, ?, ?)
       ON CONFLICT (account, symbol) DO UPDATE SET body = excluded.body`,
    ).run(book.account, book.symbol, JSON.stringify(book));
  }

  markAdopted(account: AccountId, at: number): boolean {
    const result = this.#prepare(
      "INSERT INTO accounts (account, adopted_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
    ).run(account, at);
    return result.changes === 1;
  }

  accounts(): AccountId[] {
    const sql = "SELECT account FROM accounts ORDER BY adopted_at DESC, account";
    return this.#prepare(sql).pluck().all() as AccountId[];
  }

  accountOf(login: string): AccountId | undefined {
    const row = this.#prepare("SELECT account FROM logins WHERE login = ?").get(login) as
      | { account: AccountId }
      | undefined;
    return row?.account;
  }

  saveLogin(login: string, account: AccountId): void {
    this.#prepare(
      `INSERT INTO logins (login, account) VALUES (?, ?)
       ON CONFLICT (login) DO UPDATE SET account = excluded.account`,
    ).run(login, account);
  }

  /** Inside a transaction only: until it ends nobody else appends. */
  #head(account: AccountId): ChainHead {
    const known = this.#known;
    if (known.sequence === undefined) {
      const last = this.lastEvent();
      known.sequence = last?.sequence ?? 0;
      if (last !== undefined) known.keepHash(last.account, last.hash);
    }
    const hash = known.hash(account) ?? this.#lastHashOf(account);
    known.keepHash(account, hash);
    return { sequence: known.sequence, hash };
  }

  /** Of the whole log. */
  lastEvent(): LastEvent | undefined {
    return this.#prepare(
      "SELECT sequence, account, hash FROM events ORDER BY sequence DESC LIMIT 1",
    ).get() as LastEvent | undefined;
  }

  /** Of an account that shares the log with others: they are stepped over, back to its own. */
  #lastHashOf(account: AccountId): string {
    const found = this.#prepare(
      "SELECT hash FROM events WHERE account = ? ORDER BY sequence DESC LIMIT 1",
    )
      .pluck()
      .get(account) as string | undefined;
    return found ?? GENESIS_HASH;
  }

  lastEventAt(): number | undefined {
    return latestTime(this.#statements);
  }

  append(event: LedgerEvent, at: EpochMs): void {
    this.appendStored(chainEvent(this.#head(accountOf(event)), event, at));
  }

  /** An event whose place is behind the last one. */
  appendStored(event: StoredEvent): void {
    this.#insertEvent(event);
    this.#known.keepHash(accountOf(event), event.hash);
    this.#known.sequence = event.sequence;
    this.#late.seen = event.sequence;
  }

  #insertEvent(event: StoredEvent): void {
    const claimKey = event.subject === "book" ? undefined : event.key;
    this.#prepare(
      `INSERT INTO events (sequence, at, subject, account, agent, request_id, symbol, body,
         previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      event.sequence,
      event.at,
      event.subject,
      accountOf(event),
      claimKey?.agent ?? null,
      claimKey?.requestId ?? null,
      event.symbol,
      bodyTextOf(event),
      event.previousHash,
      event.hash,
    );
  }

  /**
   * Notes how far the log reached at a synced commit. Counts as well: a row that does not change is
   * not written, and then the commit would sync nothing.
   */
  saveSyncMark(sequence: number): void {
    this.#prepare(
      `INSERT INTO sync_mark (id, sequence, times) VALUES (1, ?, 1)
       ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, times = times + 1`,
    ).run(sequence);
  }

  events(after: number, through: number, limit: number): StoredEvent[] {
    const rows = this.#prepare(
      "SELECT * FROM events WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
    ).all(after, through, limit) as EventRow[];
    return rows.map((row) => this.#event(row));
  }

  scan(scan: EventScan, last: number): ScannedEvents {
    const stretch = stretchOf(scan, last);
    const rows = scannedRows(this.#statements, scan, stretch);
    return scanned(
      scan,
      stretch,
      last,
      rows.map((row) => this.#event(row)),
    );
  }

  keepCheckpoint({ sequence, at, text }: KeptCheckpoint): void {
    this.#prepare(
      "INSERT INTO checkpoints (sequence, at, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    ).run(sequence, at, text);
  }

  checkpoints(after: number, limit: number): KeptCheckpoint[] {
    const sql = "SELECT * FROM checkpoints WHERE sequence > ? ORDER BY sequence LIMIT ?";
    return this.#prepare(sql).all(after, limit) as KeptCheckpoint[];
  }

  lastCheckpoint(): KeptCheckpoint | undefined {
    const sql = "SELECT * FROM checkpoints ORDER BY sequence DESC LIMIT 1";
    return this.#prepare(sql).get() as KeptCheckpoint | undefined;
  }

  #event(row: EventRow): StoredEvent {
    return storedEvent(row, this.#parse(row.body, `event ${row.sequence}`));
  }

  #claims(bodies: readonly string[]): Claim[] {
    return bodies.map((body) => this.#parse(body, "a claim") as Claim);
  }

  #parse(body: string, what: string): unknown {
    try {
      return JSON.parse(body);
    } catch (error) {
      const message = `the ledger ${this.#database.name} is damaged: ${what} is not JSON`;
      throw new LatchError("store_corrupt", message, { cause: error });
    }
  }

  #prepare(sql: string): Statement {
    return this.#statements.of(sql);
  }
}
