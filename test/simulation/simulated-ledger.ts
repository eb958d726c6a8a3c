/**
 * The ledger's port over a simulated disk: the product's own transactions, each at a turn of its
 * process, so that a process can die or be paused before and after every one of them.
 */
import type { Book } from "../../src/book/book.ts";
import type { ClaimDecision } from "../../src/claim/answer.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { ClaimRequest } from "../../src/claim/decide-claim.ts";
import { isAcceptance } from "../../src/claim/decide-record.ts";
import type { GuardClaim } from "../../src/claim/guard-claim.ts";
import type { EpochMs } from "../../src/core/clock.ts";
import { LatchError } from "../../src/core/errors.ts";
import type { AccountId, BrokerOrderId, ClaimKey } from "../../src/core/ids.ts";
import type { Incident } from "../../src/incident/incident.ts";
import { isNamedTwice } from "../../src/ledger/among-claims.ts";
import type { ClaimsPage, ClaimsQuery } from "../../src/ledger/claims-query.ts";
import {
  EVENTS_DEFAULT,
  type EventQuery,
  type EventScan,
  type IncidentsQuery,
  type KeptCheckpoint,
  LAST_EVENTS,
  type Ledger,
  type Note,
  type NumberedGuardClaim,
  type ScannedEvents,
  type StoredEvent,
} from "../../src/ledger/ledger.ts";
import type { Rows } from "../../src/ledger/rows.ts";
import { type Subject, TransactedLedger } from "../../src/ledger/transacted-ledger.ts";
import { decideOn } from "../../src/ledger/transaction.ts";
import { claimsPage, countByStatus, incidentsList, scanEvents } from "./memory-lists.ts";
import type { MemoryRows } from "./memory-rows.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";

/** Whoever runs a process: its code goes on at turns, and never again once it is dead. */
export interface Host {
  /** Calls `action` after `delayMs` of the process's life. */
  turn(delayMs: number, action: () => void): () => void;
  /** How long something short takes, in milliseconds. */
  latency(): number;
}

const NOTE_DELAY_MS = 1_000;
/** Between two tries of writing what was told before. */
const RETRY_MS = 250;

interface WaitingNote {
  readonly note: Note;
  readonly at: EpochMs;
}

export class SimulatedLedger extends TransactedLedger implements Ledger {
  readonly #disk: SimulatedDisk;
  readonly #rows: Rows;
  readonly #host: Host;
  #notes: WaitingNote[] = [];
  #cancelNotes: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  /** What was asked for and has not ended. */
  readonly #underWay = new Set<Promise<unknown>>();

  readonly #tellsAhead: boolean;

  /**
   * `rows`: what the transactions see; the disk's own unless a defect stands between.
   * `tellsAhead`: that the broker has taken an order is told before its transaction, as by SQLite.
   */
  constructor(disk: SimulatedDisk, host: Host, rows: Rows = disk.rows, tellsAhead = false) {
    super();
    this.#disk = disk;
    this.#host = host;
    this.#rows = rows;
    this.#tellsAhead = tellsAhead;
  }

  guardClaimsOf(keys: readonly ClaimKey[]): Promise<readonly (GuardClaim | undefined)[]> {
    return this.#read((memory) => keys.map((key) => memory.guards.get(key)));
  }

  unsettledGuardClaims(after: number, limit: number): Promise<readonly NumberedGuardClaim[]> {
    return this.#read(({ guardsByName }) =>
      [...guardsByName.values()]
        .map((claim, index) => ({ id: index + 1, claim }))
        .filter(({ id, claim }) => id > after && claim.status !== "SETTLED")
        .slice(0, limit),
    );
  }

  countGuardClaims(): Promise<number> {
    return this.#read(({ guardsByName }) => guardsByName.size);
  }

  preview(request: ClaimRequest): Promise<ClaimDecision> {
    return this.#read(() => decideOn(this.#rows, request).decision);
  }

  knownAccount(login: string): Promise<AccountId | undefined> {
    return this.#read((memory) => memory.logins.get(login));
  }

  accounts(): Promise<readonly AccountId[]> {
    return this.#read((memory) => {
      const adopted = [...memory.adoptedAt].sort(([a, at], [b, bt]) => bt - at || (a < b ? -1 : 1));
      return adopted.map(([account]) => account);
    });
  }

  rememberAccount(login: string, account: AccountId): Promise<void> {
    const memory = this.#disk.rows;
    return this.#write(true, () => memory.put(memory.logins, login, account));
  }

  probe(): Promise<void> {
    return this.#write(true, () => undefined);
  }

  incident(account: AccountId, id: number): Promise<Incident | undefined> {
    return this.#read((memory) => memory.incidents.get(account, id));
  }

  incidents(account: AccountId, query: IncidentsQuery = {}): Promise<readonly Incident[]> {
    return this.#read((memory) => incidentsList(memory, account, query));
  }

  note(note: Note, at: EpochMs): void {
    if (this.#closing !== undefined) return;
    this.#notes.push({ note, at });
    this.#cancelNotes ??= this.#host.turn(NOTE_DELAY_MS, () => void this.#writeNotes());
  }

  claimOf(key: ClaimKey): Promise<Claim | undefined> {
    return this.#read(() => this.#rows.claim(key));
  }

  claimsOf(keys: readonly ClaimKey[]): Promise<readonly (Claim | undefined)[]> {
    return this.#read(() => keys.map((key) => this.#rows.claim(key)));
  }

  claimOfOrder(account: AccountId, brokerOrderId: BrokerOrderId): Promise<Claim | undefined> {
    return this.#read(() => {
      const key = this.#rows.holder(account, brokerOrderId);
      return key && this.#rows.claim(key);
    });
  }

  claims(query: ClaimsQuery): Promise<ClaimsPage> {
    return this.#read((memory) => claimsPage(memory, query));
  }

  unsettledClaims(account: AccountId): Promise<readonly Claim[]> {
    return this.#read(() => this.#rows.unsettledClaims(account));
  }

  countByStatus(account: AccountId): Promise<Readonly<Record<string, number>>> {
    return this.#read((memory) => countByStatus(memory, account));
  }

  book(account: AccountId, symbol: string): Promise<Book> {
    return this.#read(() => this.#rows.book(account, symbol));
  }

  books(account: AccountId): Promise<readonly Book[]> {
    return this.#read((memory) =>
      [...memory.books.values()]
        .filter((book) => book.account === account)
        .sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
    );
  }

  async events(query: EventQuery = {}): Promise<readonly StoredEvent[]> {
    const last = await this.lastSequence();
    const { after = 0, limit = EVENTS_DEFAULT } = query;
    return this.#read((memory) => memory.events.slice(after, Math.min(last, after + limit)));
  }

  scan(scan: EventScan): Promise<ScannedEvents> {
    return this.#read((memory) => scanEvents(memory, scan));
  }

  keepCheckpoint(checkpoint: KeptCheckpoint): Promise<void> {
    const { checkpoints } = this.#disk.rows;
    return this.#write(true, () => {
      if (!checkpoints.has(checkpoint.sequence)) {
        this.#disk.rows.put(checkpoints, checkpoint.sequence, checkpoint);
      }
    });
  }

  checkpoints(after: number, limit: number): Promise<readonly KeptCheckpoint[]> {
    return this.#read(({ checkpoints }) =>
      [...checkpoints.values()].filter(({ sequence }) => sequence > after).slice(0, limit),
    );
  }

  lastCheckpoint(): Promise<KeptCheckpoint | undefined> {
    return this.#read(({ checkpoints }) => [...checkpoints.values()].at(-1));
  }

  lastEventAt(): Promise<EpochMs | undefined> {
    return this.#read(({ events }) => {
      const latest = Math.max(0, ...events.slice(-LAST_EVENTS).map(({ at }) => at));
      return latest === 0 ? undefined : latest;
    });
  }

  async lastSequence(): Promise<number> {
    await this.#writeNotes();
    await this.#ended();
    return this.#write(true, () => this.#disk.rows.events.length);
  }

  close(): Promise<void> {
    this.#closing ??= this.#writeNotes().then(() => this.#ended());
    return this.#closing;
  }

  async #ended(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  protected write<Value>(
    durable: boolean,
    subject: Subject,
    run: (rows: Rows) => Value,
  ): Promise<Value> {
    const goesAhead =
      this.#tellsAhead &&
      subject.kind === "record" &&
      isAcceptance(subject.command) &&
      !this.#isNamedTwice(subject.key);
    return goesAhead ? this.#tellAhead(run) : this.#write(durable, run);
  }

  #isNamedTwice(key: ClaimKey): boolean {
    const { rows } = this.#disk;
    const claim = rows.claim(key);
    return claim !== undefined && isNamedTwice(claim, rows.unsettledClaims(key.account));
  }

  /** Told as it would come out now, and written at turns of its own until the disk takes it. */
  #tellAhead<Value>(run: (rows: Rows) => Value): Promise<Value> {
    return this.#at(0, () => {
      const { value, undo } = this.#disk.rows.transaction(() => run(this.#rows));
      undo();
      this.#writeBehind(run);
      return value;
    });
  }

  #writeBehind(run: (rows: Rows) => unknown): void {
    this.#write(false, run).catch(() => {
      if (this.#closing === undefined) this.#host.turn(RETRY_MS, () => this.#writeBehind(run));
    });
  }

  #write<Value>(isDurable: boolean, run: (rows: Rows) => Value): Promise<Value> {
    const takesMs = isDurable ? this.#disk.syncTakesMs : 0;
    return this.#at(takesMs + this.#host.latency(), () =>
      this.#disk.commit(isDurable, this.#rows, run),
    );
  }

  /** What is read may be old when it arrives. */
  #read<Value>(read: (rows: MemoryRows) => Value): Promise<Value> {
    return this.#at(this.#host.latency(), () => read(this.#disk.rows));
  }

  #at<Value>(delayMs: number, work: () => Value): Promise<Value> {
    if (this.#closing !== undefined) {
      return Promise.reject(new LatchError("store_closed", "the ledger is closed"));
    }
    const result = new Promise<Value>((resolve, reject) => {
      this.#host.turn(delayMs, () => {
        const told = outcomeOf(work);
        const tell = () => ("value" in told ? resolve(told.value) : reject(told.error));
        this.#host.turn(this.#host.latency(), tell);
      });
    });
    const settled = result.catch(() => undefined).finally(() => this.#underWay.delete(settled));
    this.#underWay.add(settled);
    return result;
  }

  async #writeNotes(): Promise<void> {
    this.#cancelNotes?.();
    this.#cancelNotes = undefined;
    const notes = this.#notes.splice(0);
    await Promise.allSettled(notes.map((note) => this.writeNotes([note])));
  }
}

function outcomeOf<Value>(work: () => Value): { value: Value } | { error: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}
