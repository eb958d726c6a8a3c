/**
 * Rows that this connection has read or written itself, as values, for as long as nobody else has
 * written to the file: an order's settlement then need not read what its claim has just written.
 *
 * 1. SQLite's own number says whether another connection, here or elsewhere, has committed since;
 *    then everything is forgotten. It is asked at the begin of every transaction, and once in a
 *    turn of the event loop for reads.
 * 2. What a transaction that failed had written is forgotten with all the rest.
 * 3. Somebody else may also be a newer program that has brought the file to a schema of its own.
 *    This one's rules hold no longer then, and nothing is decided by them.
 * 4. What is kept cannot be changed by whoever gets it. A claim with terms that came from its
 *    caller as they were (a bracket's) is not kept: they are not ours to freeze.
 */
import type { Database, Statement } from "better-sqlite3";
import type { Book } from "../../book/book.ts";
import type { Claim } from "../../claim/claim.ts";
import type { AccountId, ClaimKey } from "../../core/ids.ts";
import { frozen } from "./frozen.ts";
import { refuseNewer } from "./schema-version.ts";

/** So many claims are kept, those that were written last. */
const CLAIMS_MAX = 500;
const BOOKS_MAX = 500;

export class KnownRows {
  readonly #database: Database;
  readonly #dataVersion: Statement;
  #version: unknown;
  readonly #claims = new Map<string, Claim>();
  readonly #books = new Map<string, Book>();
  readonly #hashes = new Map<AccountId, string>();
  /** The number of the last event; undefined where it is to be read. */
  sequence: number | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#dataVersion = database.prepare("PRAGMA data_version").pluck();
  }

  /**
   * Forgets everything where somebody else has written, and says so. Throws LatchError
   * `store_newer`, again and again, once that was a newer program's schema.
   */
  refresh(): boolean {
    const version = this.#dataVersion.get();
    if (version === this.#version) return false;
    this.forget();
    refuseNewer(this.#database, this.#database.name);
    this.#version = version;
    return true;
  }

  forget(): void {
    this.#version = undefined;
    this.#claims.clear();
    this.#books.clear();
    this.#hashes.clear();
    this.sequence = undefined;
  }

  claim(key: ClaimKey): Claim | undefined {
    const claim = this.#claims.get(key.requestId);
    return claim !== undefined && isSame(claim.key, key) ? claim : undefined;
  }

  keepClaim(claim: Claim): void {
    const { requestId } = claim.key;
    this.#claims.delete(requestId);
    if (claim.intent.extension !== null) return;
    this.#claims.set(requestId, claim);
    dropOldest(this.#claims, CLAIMS_MAX);
  }

  book(account: AccountId, symbol: string): Book | undefined {
    const book = this.#books.get(symbol);
    return book?.account === account ? book : undefined;
  }

  keepBook(book: Book): void {
    this.#books.set(book.symbol, frozen(book));
    dropOldest(this.#books, BOOKS_MAX);
  }

  /** The hash of the account's last event. */
  hash(account: AccountId): string | undefined {
    return this.#hashes.get(account);
  }

  keepHash(account: AccountId, hash: string): void {
    this.#hashes.set(account, hash);
  }
}

function isSame(a: ClaimKey, b: ClaimKey): boolean {
  return a.requestId === b.requestId && a.agent === b.agent && a.account === b.account;
}

function dropOldest(rows: Map<string, unknown>, most: number): void {
  if (rows.size <= most) return;
  for (const [first] of rows) {
    rows.delete(first);
    return;
  }
}
