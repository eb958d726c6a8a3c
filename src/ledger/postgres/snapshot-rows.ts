/**
 * The rows that a transaction works on, in memory: what was loaded under its lock, and what it has
 * written. A look-up that was not loaded throws {@link NotLoaded}; the transaction loads it and
 * runs that job again. So every store decides with the same code, and a job that fails harms none.
 */
import { type Book, emptyBook } from "../../book/book.ts";
import type { Claim } from "../../claim/claim.ts";
import { type LedgerEvent, MOVES } from "../../claim/claim-event.ts";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { AccountId, AgentId, ClaimKey } from "../../core/ids.ts";
import { bookName, claimName, namedBy } from "../../core/key-names.ts";
import type { Incident } from "../../incident/incident.ts";
import { equalsIn, isCause } from "../among-claims.ts";
import { accountOf, chainEvent, GENESIS_HASH } from "../event-chain.ts";
import type { AdoptedAccount, NumberedClaim } from "../ledger-content.ts";
import {
  CAUSES_MAX,
  type EqualsWanted,
  type GuardRows,
  type IncidentRows,
  MOVES_LOOKAHEAD,
  type Rows,
} from "../rows.ts";
import type { Changes } from "./changes.ts";
import type { RowValues } from "./joined-columns.ts";
import { EMPTY_HEAD, type LogHead } from "./log-head.ts";
import { type Question, questionName } from "./question.ts";
import { eventRow } from "./write-statements.ts";

/** A job asked for something that nobody foresaw. */
export class NotLoaded extends Error {
  readonly question: Question;

  constructor(question: Question) {
    super(`not loaded: ${questionName(question)}`);
    this.question = question;
  }
}

type Undo = () => void;
type Table = "claim" | "guard" | "book" | "incident" | "adopted";

export class SnapshotRows implements Rows {
  readonly incidents: IncidentRows;
  readonly guards: GuardRows;
  readonly #answered = new Set<string>();
  readonly #claims = new Map<string, NumberedClaim>();
  /** Names of the claims that have, or had for a while, an equal intent or that broker's order. */
  readonly #byFingerprint = new Map<string, string[]>();
  readonly #byOrder = new Map<string, string[]>();
  readonly #guards = new Map<string, GuardClaim>();
  readonly #books = new Map<string, Book>();
  readonly #incidents = new Map<number, Incident>();
  readonly #adopted = new Map<AccountId, AdoptedAccount>();
  /** The last event that is known to have moved a book, by the book's name. */
  readonly #moves = new Map<string, number>();
  readonly #changed: Readonly<Record<Table, Set<unknown>>> = {
    ...{ claim: new Set(), guard: new Set(), book: new Set(), incident: new Set() },
    adopted: new Set(),
  };
  readonly #events: RowValues[] = [];
  readonly #hashes = new Map<AccountId, string>();
  #head = EMPTY_HEAD;
  /** The last claim that has a row. */
  #written = 0;
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

  /** `name`: see {@link questionName}. */
  isAnswered(name: string): boolean {
    return this.#answered.has(name);
  }

  answered(name: string): void {
    this.#answered.add(name);
  }

  /** All that there is to `question` was loaded. */
  answer(question: Question): void {
    this.answered(questionName(question));
  }

  loadHead(head: LogHead): void {
    this.#head = head;
    this.#written = head.claims;
    for (const [account, hash] of head.hashes) this.#hashes.set(account, hash);
  }

  /** What was written since stays as it is. */
  loadClaim(id: number, claim: Claim): void {
    const name = claimName(claim.key);
    if (!this.#claims.has(name)) {
      this.#claims.set(name, { id, claim });
      this.#find(name, claim);
    }
    this.answer({ kind: "claim", key: claim.key });
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
    this.answer({ kind: "incident", account: incident.account, id: incident.id });
  }

  loadAdopted(account: AccountId, at: EpochMs): void {
    if (!this.#adopted.has(account)) this.#adopted.set(account, { account, at });
  }

  loadMove(account: AccountId, symbol: string, sequence: number): void {
    const name = bookName(account, symbol);
    this.#moves.set(name, Math.max(sequence, this.#moves.get(name) ?? 0));
  }

  /** Where the log has come to with what was written. */
  get end(): LogHead {
    return { ...this.#head, hashes: this.#hashes };
  }

  /** What the jobs have written since this was asked the last time. */
  takeChanges(): Changes {
    const { claim, guard, book, incident, adopted } = this.#changed;
    const claims = taken(this.#claims, claim);
    const written = this.#written;
    this.#written = this.#head.claims;
    return {
      events: this.#events.splice(0),
      newClaims: claims.filter(({ id }) => id > written),
      changedClaims: claims.filter(({ id }) => id <= written),
      guards: taken(this.#guards, guard),
      books: taken(this.#books, book),
      incidents: taken(this.#incidents, incident),
      adopted: taken(this.#adopted, adopted),
    };
  }

  claim(key: ClaimKey): Claim | undefined {
    this.#need({ kind: "claim", key });
    return this.#claims.get(claimName(key))?.claim;
  }

  equals(
    account: AccountId,
    agent: AgentId,
    fingerprint: string,
    episode: number,
    wanted: EqualsWanted = "all",
  ): Claim[] {
    const of = { account, agent, fingerprint } as const;
    const all: Question = { kind: "equals", ...of, episode };
    if (wanted === "all") this.#need(all);
    else if (!this.isAnswered(questionName(all))) this.#need({ kind: "unanswered", ...of });
    const names = this.#byFingerprint.get(namedBy([account, agent, fingerprint])) ?? [];
    const equals = names
      .flatMap((name) => this.#claims.get(name) ?? [])
      .filter(({ claim }) => claim.fingerprint === fingerprint);
    if (equals.length === 0) return [];
    return equalsIn(
      equals.sort((a, b) => b.id - a.id).map(({ claim }) => claim),
      episode,
    );
  }

  holder(account: AccountId, brokerOrderId: string): ClaimKey | undefined {
    this.#need({ kind: "holder", account, brokerOrderId });
    for (const name of this.#byOrder.get(namedBy([account, brokerOrderId])) ?? []) {
      const claim = this.#claims.get(name)?.claim;
      if (claim?.brokerOrderId === brokerOrderId) return claim.key;
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
    this.#find(name, claim);
  }

  book(account: AccountId, symbol: string): Book {
    this.#need({ kind: "book", account, symbol });
    return this.#books.get(bookName(account, symbol)) ?? emptyBook(account, symbol);
  }

  saveBook(book: Book): void {
    this.#put(this.#books, bookName(book.account, book.symbol), book, "book");
  }

  hasMoved(account: AccountId, symbol: string, after: number): boolean {
    if (this.#head.sequence - after > MOVES_LOOKAHEAD) return true;
    this.#need({ kind: "moves", account, symbol, after });
    return (this.#moves.get(bookName(account, symbol)) ?? 0) > after;
  }

  markAdopted(account: AccountId, at: EpochMs): boolean {
    this.#need({ kind: "adopted", account });
    if (this.#adopted.has(account)) return false;
    this.#put(this.#adopted, account, { account, at }, "adopted");
    return true;
  }

  append(event: LedgerEvent, at: EpochMs): void {
    const account = accountOf(event);
    const previousHash = this.#hashes.get(account) ?? GENESIS_HASH;
    const head = { sequence: this.#head.sequence, hash: previousHash };
    const stored = chainEvent(head, event, at);
    const { sequence, hash } = stored;
    this.#events.push(eventRow(stored));
    this.#hashes.set(account, hash);
    this.#undo.push(() => {
      this.#events.pop();
      if (previousHash === GENESIS_HASH) this.#hashes.delete(account);
      else this.#hashes.set(account, previousHash);
    });
    this.#setHead({ ...this.#head, sequence, at });
    if (MOVES.has(event.body.type)) this.#keepMove(bookName(account, event.symbol), sequence);
  }

  #keepMove(name: string, sequence: number): void {
    const before = this.#moves.get(name);
    this.#moves.set(name, sequence);
    this.#undo.push(() => {
      if (before === undefined) this.#moves.delete(name);
      else this.#moves.set(name, before);
    });
  }

  #saveIncident(incident: Incident): void {
    const { id } = incident;
    if (id > this.#head.incidents) this.#setHead({ ...this.#head, incidents: id });
    this.#put(this.#incidents, id, incident, "incident");
    this.answer({ kind: "incident", account: incident.account, id });
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
    if (!this.isAnswered(questionName(question))) throw new NotLoaded(question);
  }

  #setHead(head: LogHead): void {
    const before = this.#head;
    this.#head = head;
    this.#undo.push(() => {
      this.#head = before;
    });
  }

  #put<Key, Value>(table: Map<Key, Value>, key: Key, value: Value, kind: Table): void {
    const before = table.get(key);
    const isNew = !table.has(key);
    const changed = this.#changed[kind];
    const wasChanged = changed.has(key);
    table.set(key, value);
    changed.add(key);
    this.#undo.push(() => {
      if (isNew) table.delete(key);
      else table.set(key, before as Value);
      if (!wasChanged) changed.delete(key);
    });
  }

  /** What is taken back stays named here, and is looked for in vain. */
  #find(name: string, { key: { account, agent }, fingerprint, brokerOrderId }: Claim): void {
    addTo(this.#byFingerprint, namedBy([account, agent, fingerprint]), name);
    if (brokerOrderId !== null) addTo(this.#byOrder, namedBy([account, brokerOrderId]), name);
  }
}

/** The rows that `names` name, which then name none. */
function taken<Value>(table: ReadonlyMap<unknown, Value>, names: Set<unknown>): Value[] {
  const values = [...names].map((name) => table.get(name) as Value);
  names.clear();
  return values;
}

function addTo(index: Map<string, string[]>, key: string, name: string): void {
  const names = index.get(key);
  if (names === undefined) index.set(key, [name]);
  else if (!names.includes(name)) names.push(name);
}
