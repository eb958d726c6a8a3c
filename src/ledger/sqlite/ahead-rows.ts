/**
 * A record that is carried out before its transaction: what it reads is what the connection knows,
 * what it writes is kept here. The store then takes it over as a whole, or, where the record needs
 * more than events, claims and books, leaves it and carries the record out in a transaction.
 */
import { type Book, sameClaim } from "../../book/book.ts";
import type { Claim } from "../../claim/claim.ts";
import type { LedgerEvent } from "../../claim/claim-event.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { AccountId, ClaimKey } from "../../core/ids.ts";
import type { GuardRows, IncidentRows, Rows } from "../rows.ts";

/** Thrown by what only a transaction can do. */
export class NeedsTransaction extends Error {}

export interface UnwrittenEvent {
  readonly event: LedgerEvent;
  readonly at: EpochMs;
}

export interface SavedClaim {
  readonly claim: Claim;
  readonly before: Claim | undefined;
}

export class AheadRows implements Rows {
  readonly incidents: IncidentRows;
  readonly guards: GuardRows = { get: needsTransaction, save: needsTransaction };
  readonly events: UnwrittenEvent[] = [];
  readonly claims: SavedClaim[] = [];
  readonly books: Book[] = [];
  readonly #base: Rows;

  constructor(base: Rows) {
    this.#base = base;
    const { incidents } = base;
    this.incidents = {
      open: (account, subject) => incidents.open(account, subject),
      openIn: (account, symbol) => incidents.openIn(account, symbol),
      next: needsTransaction,
      get: needsTransaction,
      save: needsTransaction,
      causes: needsTransaction,
    };
  }

  claim(key: ClaimKey): Claim | undefined {
    const own = this.claims.findLast(({ claim }) => sameClaim(claim.key, key));
    return own === undefined ? this.#base.claim(key) : own.claim;
  }

  holder(account: AccountId, brokerOrderId: string): ClaimKey | undefined {
    const own = this.claims.findLast(({ claim }) => claim.brokerOrderId === brokerOrderId);
    return own === undefined ? this.#base.holder(account, brokerOrderId) : own.claim.key;
  }

  saveClaim(claim: Claim, before: Claim | undefined): void {
    this.claims.push({ claim, before });
  }

  book(account: AccountId, symbol: string): Book {
    const own = this.books.findLast((book) => book.account === account && book.symbol === symbol);
    return own ?? this.#base.book(account, symbol);
  }

  saveBook(book: Book): void {
    this.books.push(book);
  }

  hasMoved(): never {
    return needsTransaction();
  }

  /** Which place it has in the chain shows when it is written. */
  append(event: LedgerEvent, at: EpochMs): void {
    this.events.push({ event, at });
  }

  equals(): never {
    return needsTransaction();
  }

  unsettledClaims(): never {
    return needsTransaction();
  }

  markAdopted(): never {
    return needsTransaction();
  }
}

function needsTransaction(): never {
  throw new NeedsTransaction("only a transaction can do this");
}
