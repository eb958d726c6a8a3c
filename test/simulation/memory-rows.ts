/**
 * The rows of a ledger in memory, with what a power failure needs: every transaction can be undone,
 * the latest first. The product's own transactions run on it unchanged.
 */
import { type Book, emptyBook } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { type LedgerEvent, MOVES } from "../../src/claim/claim-event.ts";
import type { GuardClaim } from "../../src/claim/guard-claim.ts";
import type { EpochMs } from "../../src/core/clock.ts";
import { InvariantError } from "../../src/core/errors.ts";
import type { AccountId, AgentId, ClaimKey } from "../../src/core/ids.ts";
import type { Incident } from "../../src/incident/incident.ts";
import { equalsIn, isCause } from "../../src/ledger/among-claims.ts";
import { accountOf, chainEvent, GENESIS_HASH } from "../../src/ledger/event-chain.ts";
import type { KeptCheckpoint, StoredEvent } from "../../src/ledger/ledger.ts";
import {
  CAUSES_LOOKBACK,
  CAUSES_MAX,
  type GuardRows,
  type IncidentRows,
  MOVES_LOOKAHEAD,
  type Rows,
} from "../../src/ledger/rows.ts";

/** Takes one transaction back. */
export type Undo = () => void;

export class MemoryRows implements Rows {
  /** By key, in the order in which they were made. */
  readonly claims = new Map<string, Claim>();
  readonly guardsByName = new Map<string, GuardClaim>();
  readonly books = new Map<string, Book>();
  readonly incidentsById = new Map<number, Incident>();
  readonly adoptedAt = new Map<AccountId, EpochMs>();
  readonly logins = new Map<string, AccountId>();
  readonly checkpoints = new Map<number, KeptCheckpoint>();
  readonly events: StoredEvent[] = [];
  readonly incidents: IncidentRows;
  readonly guards: GuardRows = {
    get: (key) => this.guardsByName.get(nameOf(key)),
    save: (claim) => this.put(this.guardsByName, nameOf(claim.key), claim),
  };
  #undo: Undo[] = [];

  constructor() {
    this.incidents = new MemoryIncidentRows(this);
  }

  /** All that `run` writes or, where it throws, nothing. */
  transaction<Value>(run: () => Value): { readonly value: Value; readonly undo: Undo } {
    this.#undo = [];
    try {
      return { value: run(), undo: undoing(this.#undo) };
    } catch (error) {
      undoing(this.#undo)();
      throw error;
    }
  }

  /** Writes so that it can be undone. */
  put<Key, Value>(table: Map<Key, Value>, key: Key, value: Value): void {
    const before = table.get(key);
    const isNew = !table.has(key);
    table.set(key, value);
    this.#undo.push(() => {
      if (isNew) table.delete(key);
      else table.set(key, before as Value);
    });
  }

  claim(key: ClaimKey): Claim | undefined {
    return this.claims.get(nameOf(key));
  }

  equals(account: AccountId, agent: AgentId, fingerprint: string, episode: number): Claim[] {
    const equal = [...this.claims.values()]
      .filter(
        ({ key, fingerprint: own }) =>
          key.account === account && key.agent === agent && own === fingerprint,
      )
      .reverse();
    return equalsIn(equal, episode);
  }

  holder(account: AccountId, brokerOrderId: string): ClaimKey | undefined {
    for (const { key, brokerOrderId: own } of this.claims.values()) {
      if (own === brokerOrderId && key.account === account) return key;
    }
    return undefined;
  }

  unsettledClaims(account: AccountId): Claim[] {
    const claims = [...this.claims.values()];
    return claims.filter(({ key, status }) => key.account === account && status !== "SETTLED");
  }

  saveClaim(claim: Claim): void {
    this.put(this.claims, nameOf(claim.key), claim);
  }

  book(account: AccountId, symbol: string): Book {
    return this.books.get(JSON.stringify([account, symbol])) ?? emptyBook(account, symbol);
  }

  saveBook(book: Book): void {
    this.put(this.books, JSON.stringify([book.account, book.symbol]), book);
  }

  hasMoved(account: AccountId, symbol: string, after: number): boolean {
    if (this.events.length - after > MOVES_LOOKAHEAD) return true;
    return this.events
      .slice(after)
      .some(
        (one) => MOVES.has(one.body.type) && one.symbol === symbol && accountOf(one) === account,
      );
  }

  markAdopted(account: AccountId, at: EpochMs): boolean {
    if (this.adoptedAt.has(account)) return false;
    this.put(this.adoptedAt, account, at);
    return true;
  }

  append(event: LedgerEvent, at: EpochMs): void {
    if (!Number.isInteger(at)) throw new InvariantError(`an event at ${at}`);
    const account = accountOf(event);
    const last = this.events.findLast((earlier) => accountOf(earlier) === account);
    const head = { sequence: this.events.length, hash: last?.hash ?? GENESIS_HASH };
    this.appendStored(chainEvent(head, event, at));
  }

  /** An event that has its place already. */
  appendStored(event: StoredEvent): void {
    this.events.push(event);
    this.#undo.push(() => this.events.pop());
  }
}

class MemoryIncidentRows implements IncidentRows {
  readonly #rows: MemoryRows;

  constructor(rows: MemoryRows) {
    this.#rows = rows;
  }

  next(): number {
    return this.#rows.incidentsById.size + 1;
  }

  get(account: AccountId, id: number): Incident | undefined {
    const incident = this.#rows.incidentsById.get(id);
    return incident?.account === account ? incident : undefined;
  }

  open(account: AccountId, subject: string): Incident | undefined {
    return this.#open(account).find((incident) => incident.subject === subject);
  }

  openIn(account: AccountId, symbol: string): Incident[] {
    return this.#open(account).filter((incident) => incident.symbol === symbol);
  }

  save(incident: Incident): void {
    this.#rows.put(this.#rows.incidentsById, incident.id, incident);
  }

  causes(account: AccountId, symbol: string, episode: number): ClaimKey[] {
    const claims = [...this.#rows.claims.values()].filter(({ key }) => key.account === account);
    const late = new Set(byTime(claims).slice(-CAUSES_LOOKBACK));
    return claims
      .filter((claim) => late.has(claim) && isCause(claim, symbol, episode))
      .slice(-CAUSES_MAX)
      .map(({ key }) => key);
  }

  #open(account: AccountId): Incident[] {
    const all = [...this.#rows.incidentsById.values()];
    return all.filter((one) => one.account === account && one.resolution === null);
  }
}

/** Oldest first. */
export function byTime(claims: readonly Claim[]): readonly Claim[] {
  return [...claims].sort((a, b) => a.claimedAt - b.claimedAt);
}

export function nameOf({ account, agent, requestId }: ClaimKey): string {
  return JSON.stringify([account, agent, requestId]);
}

function undoing(steps: readonly Undo[]): Undo {
  return () => {
    for (const step of [...steps].reverse()) step();
  };
}
