/** What the event log alone says of every claim and book. */
import { type Book, emptyBook } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { evolveBook, evolveBookByClaim, evolveClaim } from "../../src/claim/evolve.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";

export interface Folded {
  readonly claims: readonly Claim[];
  /** In the order of their symbols. */
  readonly books: readonly Book[];
}

export function foldEvents(events: readonly StoredEvent[]): Folded {
  const claims = new Map<string, Claim>();
  const books = new Map<string, Book>();
  for (const event of events) {
    // Of an action that is no order: it moves no book.
    if (event.subject === "guard") continue;
    const account = event.subject === "claim" ? event.key.account : event.account;
    const bookName = JSON.stringify([account, event.symbol]);
    const book = books.get(bookName) ?? emptyBook(account, event.symbol);
    if (event.subject === "book") {
      if (event.body.type !== "intent_blocked") books.set(bookName, evolveBook(book, event.body));
      continue;
    }
    const { account: _, agent, requestId } = event.key;
    const name = JSON.stringify([account, agent, requestId]);
    const before = claims.get(name);
    const after = evolveClaim(before, event.key, event.body, event.at);
    claims.set(name, after);
    const moved = evolveBookByClaim(book, event.body, before?.status ?? "NONE", after);
    // A book that nothing has moved is no row.
    if (moved !== book) books.set(bookName, moved);
  }
  const bySymbol = (a: Book, b: Book) => (a.symbol < b.symbol ? -1 : 1);
  return { claims: [...claims.values()], books: [...books.values()].sort(bySymbol) };
}
