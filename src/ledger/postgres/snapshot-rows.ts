/**
 * The rows that a transaction works on, in memory: what was loaded under its lock, and what it has
 * written. A look-up that was not loaded throws {@link NotLoaded}; the transaction loads it and
 * runs that job again. So every store decides with the same code, and a job that fails harms none.
 */
import { type Book, emptyBook } from "../../book/book.ts";
import type { Claim } from "../../claim/claim.ts";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { AccountId, AgentId, ClaimKey } from "../../core/ids.ts";
import type { Incident } from "../../incident/incident.ts";
import { equalsIn, isCause } from "../among-claims.ts";
import { accountOf, type ChainHead, GENESIS_HASH } from "../event-chain.ts";
import type { StoredEvent } from "../ledger.ts";
import type { NumberedClaim } from "../ledger-content.ts";
import { CAUSES_MAX, type GuardRows, type IncidentRows, type Rows } from "../rows.ts";
import { EMPTY_HEAD, type LogHead } from "./log-head.ts";
import { type Question, questionName } from "./question.ts";

/** A job asked for something that nobody foresaw. */
export class NotLoaded extends Error {
  readonly question: Question;

  constructor(question: Question) {
    super(`not loaded: ${questionName(question)}`);
    this.question = question;
  }
}

/** What a transaction has to write. */
export interface Changes {
  readonly head: LogHead;
  readonly events: readonly StoredEvent[];
  readonly claims: readonly NumberedClaim[];
  readonly guards: readonly GuardClaim[];
  readonly books: readonly Book[];
  readonly incidents: readonly Incident[];
  readonly adopted: readonly { readonly account: AccountId; readonly at: EpochMs }[];
}

type Undo = () => void;

export class SnapshotRows implements Rows {
  readonly incidents: IncidentRows;
  readonly guards: GuardRows;
  readonly #answered = new Set<string>();
  readonly #claims = new Map<string, NumberedClaim>();
  readonly #guards = new Map<string, GuardClaim>();
  readonly #books = new Map<string, Book>();
  readonly #incidents = new Map<number, Incident>();
  readonly #adopted = new Map<AccountId, EpochMs>();
  readonly #changed = new Set<string>();
  readonly #events: StoredEvent[] = [];
  #head = EMPTY_HEAD;
  #undo: Undo[] = [];

  constructor() {
    this.guards = {
      get: (key) => {
        this.#need({ kind: "guard", key });
        return this.#guards.get(claimName(key));
      },
      save: (claim) => this.#put(this.#guards, claimName(claim.key), claim, "guard"),
    };
    this.incidents = {
      next: () => this.#head.incidents + 1,
      get: (account, id) => {
        this.#need({ kind: "incident", account, id });
        const incident = this.#incidents.get(id);
        return incident?.account === account ? incident : undefined;
      },
      open: (account, subject) => {
        this.#need({ kind: "open_incident", account, subject });
        return this.#open(account).find((incident) => incident.subject === subject);
      },
      openIn: (account, symbol) => {
        this.#need({ kind: "open_in", account, symbol });
        return this.#open(account).filter((incident) => incident.symbol === symbol);
      },
      save: (incident) => this.#saveIncident(incident),
      causes: (account, symbol, episode) => this.#causes(account, symbol, episode),
    };
  }

  /** All that `run` writes or, where it throws, nothing. */
  transaction<Value>(run: (rows: Rows) => Value): Value {
    this.#undo = [];
    try {
      return run(this);
    } catch (error) {
      for (const step of this.#undo.reverse()) step();
      throw error;
    }
  }

  isAnswered(question: Question): boolean {
    return this.#answered.has(questionName(question));
  }

  answered(question: Question): void {
    this.#answered.add(questionName(question));
  }

  loadHead(head: LogHead): void {
    this.#head = head;
  }

  /** What was written since stays as it is. */
  loadClaim(id: number, claim: Claim): void {
    const name = claimName(claim.key);
    if (!this.#claims.has(name)) this.#claims.set(name, { id, claim });
    this.answered({ kind: "claim", key: claim.key });
  }

  loadGuard(claim: GuardClaim): void {
    const name = claimName(claim.key);
    if (!this.#guards.has(name)) this.#guards.set(name, claim);
  }

  loadBook(book: Book): void {
    const name = bookName(book.account, book.symbol);
    if (!this.#books.has(name)) this.#books.set(name, book);
  }

  loadIncident(incident: Incident): void {
    if (!this.#incidents.has(incident.id)) this.#incidents.set(incident.id, incident);
    this.answered({ kind: "incident", account: incident.account, id: incident.id });
  }

  loadAdopted(account: AccountId, at: EpochMs): void {
    if (!this.#adopted.has(account)) this.#adopted.set(account, at);
  }

  /** What the jobs so far have written; undefined where that is nothing. */
  changes(): Changes | undefined {
    if (this.#changed.size === 0) return undefined;
    const isChanged = (table: string, name: unknown) => this.#changed.has(`${table} ${name}`);
    return {
      head: this.#head,
      events: this.#events,
      claims: [...this.#claims].filter(([name]) => isChanged("claim", name)).map(([, one]) => one),
      guards: [...this.#guards].filter(([name]) => isChanged("guard", name)).map(([, one]) => one),
      books: [...this.#books].filter(([name]) => isChanged("book", name)).map(([, book]) => book),
      incidents: [...this.#incidents.values()].filter(({ id }) => isChanged("incident", id)),
      adopted: [...this.#adopted]
        .filter(([account]) => isChanged("adopted", account))
        .map(([account, at]) => ({ account, at })),
    };
  }

  claim(key: ClaimKey): Claim | undefined {
    this.#need({ kind: "claim", key });
    return this.#claims.get(claimName(key))?.claim;
  }

  equals(account: AccountId, agent: AgentId, fingerprint: string, episode: number): Claim[] {
    this.#need({ kind: "equals", account, agent, fingerprint, episode });
    const equals = this.#latestFirst().filter(
      ({ key, fingerprint: own }) =>
        own === fingerprint && key.account === account && key.agent === agent,
    );
    return equalsIn(equals, episode);
  }

  holder(account: AccountId, brokerOrderId: string): ClaimKey | undefined {
    this.#need({ kind: "holder", account, brokerOrderId });
    for (const { claim } of this.#claims.values()) {
      if (claim.brokerOrderId === brokerOrderId && claim.key.account === account) return claim.key;
    }
    return undefined;
  }

  unsettledClaims(account: AccountId): Claim[] {
    this.#need({ kind: "unsettled", account });
    return this.#latestFirst()
      .filter(({ key, status }) => key.account === account && status !== "SETTLED")
      .reverse();
  }

  saveClaim(claim: Claim): void {
    const name = claimName(claim.key);
    const known = this.#claims.get(name);
    if (known === undefined) this.#setHead({ ...this.#head, claims: this.#head.claims + 1 });
    this.#put(this.#claims, name, { id: known?.id ?? this.#head.claims, claim }, "claim");
  }

  book(account: AccountId, symbol: string): Book {
    this.#need({ kind: "book", account, symbol });
    return this.#books.get(bookName(account, symbol)) ?? emptyBook(account, symbol);
  }

  saveBook(book: Book): void {
    this.#put(this.#books, bookName(book.account, book.symbol), book, "book");
  }

  markAdopted(account: AccountId, at: EpochMs): boolean {
    this.#need({ kind: "adopted", account });
    if (this.#adopted.has(account)) return false;
    this.#put(this.#adopted, account, at, "adopted");
    return true;
  }

  head(account: AccountId): ChainHead {
    const { sequence, hashes } = this.#head;
    return { sequence, hash: hashes.get(account) ?? GENESIS_HASH };
  }

  appendEvent(event: StoredEvent): void {
    const { sequence, hash, at } = event;
    this.#events.push(event);
    this.#undo.push(() => this.#events.pop());
    const hashes = new Map(this.#head.hashes).set(accountOf(event), hash);
    this.#setHead({ ...this.#head, sequence, hashes, at });
    this.#mark("event", sequence);
  }

  #saveIncident(incident: Incident): void {
    const { id } = incident;
    if (id > this.#head.incidents) this.#setHead({ ...this.#head, incidents: id });
    this.#put(this.#incidents, id, incident, "incident");
    this.answered({ kind: "incident", account: incident.account, id });
  }

  #causes(account: AccountId, symbol: string, episode: number): ClaimKey[] {
    this.#need({ kind: "causes", account, symbol, episode });
    return this.#latestFirst()
      .filter((claim) => claim.key.account === account && isCause(claim, symbol, episode))
      .slice(0, CAUSES_MAX)
      .reverse()
      .map(({ key }) => key);
  }

  #open(account: AccountId): Incident[] {
    return [...this.#incidents.values()]
      .filter((incident) => incident.account === account && incident.resolution === null)
      .sort((a, b) => a.id - b.id);
  }

  #latestFirst(): Claim[] {
    return [...this.#claims.values()].sort((a, b) => b.id - a.id).map(({ claim }) => claim);
  }

  #need(question: Question): void {
    if (!this.isAnswered(question)) throw new NotLoaded(question);
  }

  #setHead(head: LogHead): void {
    const before = this.#head;
    this.#head = head;
    this.#undo.push(() => {
      this.#head = before;
    });
  }

  #put<Key, Value>(table: Map<Key, Value>, key: Key, value: Value, kind: string): void {
    const before = table.get(key);
    const isNew = !table.has(key);
    table.set(key, value);
    this.#undo.push(() => {
      if (isNew) table.delete(key);
      else table.set(key, before as Value);
    });
    this.#mark(kind, key);
  }

  #mark(kind: string, key: unknown): void {
    const name = `${kind} ${key}`;
    if (this.#changed.has(name)) return;
    this.#changed.add(name);
    this.#undo.push(() => this.#changed.delete(name));
  }
}

export function claimName({ account, agent, requestId }: ClaimKey): string {
  return JSON.stringify([account, agent, requestId]);
}

function bookName(account: AccountId, symbol: string): string {
  return JSON.stringify([account, symbol]);
}
