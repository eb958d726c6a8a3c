/**
 * Claims and books whose rows lag behind the events. A transaction on the order path writes its
 * events alone, which are the record; what they come to is kept here, and the rows are brought up
 * to the events later, many at once. Each row has indexes over random keys, which are pages of the
 * log that an order would otherwise wait for.
 *
 * 1. `mark` is the number of the last event that the rows hold. Whoever opens the file, or finds
 *    that somebody else has written, folds the events behind it and has the same as is kept here.
 * 2. What is here goes before the row of the same key.
 * 3. After a transaction that failed, all of it is folded anew.
 */
import type { Book } from "../../book/book.ts";
import type { Claim } from "../../claim/claim.ts";
import type { AccountId, ClaimKey } from "../../core/ids.ts";
import { bookName, claimName, namedBy } from "../../core/key-names.ts";

export interface LateClaim {
  readonly claim: Claim;
  /** As its row has it; undefined where there is none yet. */
  readonly row: Claim | undefined;
}

export class LateRows {
  /** Undefined where it is to be read. */
  mark: number | undefined;
  /** The last event that is taken in, here or by the rows. */
  seen = 0;
  /** In the order in which they came to be here, which is that of their beginnings. */
  readonly #claims = new Map<string, LateClaim>();
  readonly #books = new Map<string, Book>();
  readonly #fingerprints = new Set<string>();
  readonly #orders = new Map<string, string>();

  /** Begins anew behind the event `mark`. */
  reset(mark: number | undefined): void {
    this.mark = mark;
    this.seen = mark ?? 0;
    this.clear();
  }

  /** The rows hold everything. */
  clear(): void {
    this.#claims.clear();
    this.#books.clear();
    this.#fingerprints.clear();
    this.#orders.clear();
  }

  /** How many claims wait for their row. */
  get size(): number {
    return this.#claims.size;
  }

  get isEmpty(): boolean {
    return this.#claims.size === 0 && this.#books.size === 0;
  }

  keepClaim(claim: Claim, before: Claim | undefined): void {
    const name = claimName(claim.key);
    const known = this.#claims.get(name);
    this.#claims.set(name, { claim, row: known === undefined ? before : known.row });
    this.#fingerprints.add(claim.fingerprint);
    const { brokerOrderId } = claim;
    if (brokerOrderId === null) return;
    this.#orders.set(namedBy([claim.key.account, brokerOrderId]), name);
  }

  keepBook(book: Book): void {
    this.#books.set(bookName(book.account, book.symbol), book);
  }

  claim(key: ClaimKey): Claim | undefined {
    return this.#claims.size === 0 ? undefined : this.#claims.get(claimName(key))?.claim;
  }

  claims(): Iterable<LateClaim> {
    return this.#claims.values();
  }

  book(account: AccountId, symbol: string): Book | undefined {
    return this.#books.size === 0 ? undefined : this.#books.get(bookName(account, symbol));
  }

  books(): Iterable<Book> {
    return this.#books.values();
  }

  /** Whether a claim with this fingerprint is here, whoever's. */
  hasEqual(fingerprint: string): boolean {
    return this.#fingerprints.has(fingerprint);
  }

  /** The claim here that has the broker's order. */
  holder(account: AccountId, brokerOrderId: string): Claim | undefined {
    const name = this.#orders.get(namedBy([account, brokerOrderId]));
    const claim = name === undefined ? undefined : this.#claims.get(name)?.claim;
    return claim?.brokerOrderId === brokerOrderId ? claim : undefined;
  }
}
