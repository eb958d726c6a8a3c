/** Appends events inside an open transaction and writes the rows that they imply. */
import type { Book } from "../book/book.ts";
import type { Claim } from "../claim/claim.ts";
import { type BookEvent, bookOf, type ClaimEvent, NO_SYMBOL } from "../claim/claim-event.ts";
import { evolveBook, evolveBookByClaim, evolveClaim } from "../claim/evolve.ts";
import { evolveGuard } from "../claim/evolve-guard.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import type { GuardEvent } from "../claim/guard-event.ts";
import type { EpochMs } from "../core/clock.ts";
import { InvariantError } from "../core/errors.ts";
import type { AccountId, ClaimKey } from "../core/ids.ts";
import { evolveIncident } from "../incident/incident.ts";
import { LEAVES_ROWS, type StoredEvent } from "./ledger.ts";
import type { Rows } from "./rows.ts";

export function applyToClaim(
  rows: Rows,
  before: Claim | undefined,
  key: ClaimKey,
  symbol: string,
  events: readonly ClaimEvent[],
  at: EpochMs,
): Claim {
  let claim = before;
  const books = new Map<string, Book>();
  const loaded = new Set<Book>();
  for (const body of events) {
    const about = bookOf(body, symbol);
    rows.append({ subject: "claim", key, symbol: about, body }, at);
    const status = claim?.status ?? "NONE";
    claim = evolveClaim(claim, key, body, at);
    let book = books.get(about);
    if (book === undefined) {
      book = rows.book(key.account, about);
      loaded.add(book);
    }
    books.set(about, evolveBookByClaim(book, body, status, claim));
  }
  if (claim === undefined) throw new InvariantError("a claim needs at least one event");
  rows.saveClaim(claim, before);
  for (const book of books.values()) if (!loaded.has(book)) rows.saveBook(book);
  return claim;
}

/** A claim of an action that is no order moves no book. */
export function applyToGuard(
  rows: Rows,
  before: GuardClaim | undefined,
  key: ClaimKey,
  events: readonly GuardEvent[],
  at: EpochMs,
): GuardClaim {
  let claim = before;
  for (const body of events) {
    claim = evolveGuard(claim, key, body, at);
    rows.append({ subject: "guard", key, symbol: NO_SYMBOL, body }, at);
  }
  if (claim === undefined) throw new InvariantError("a claim needs at least one event");
  if (events.length > 0) rows.guards.save(claim, before);
  return claim;
}

/** Events about a symbol: its book's own, and those of incidents. */
export function applyToSymbol(
  rows: Rows,
  account: AccountId,
  symbol: string,
  events: readonly BookEvent[],
  at: EpochMs,
): void {
  for (const body of events) {
    rows.append({ subject: "book", account, symbol, body }, at);
    switch (body.type) {
      case "opening_adopted":
      case "position_adjusted":
        rows.saveBook(evolveBook(rows.book(account, symbol), body));
        break;
      case "incident_opened":
      case "incident_evidence":
      case "incident_resolved": {
        const known = rows.incidents.get(account, body.incident);
        rows.incidents.save(evolveIncident(known, { account, symbol }, body, at));
        break;
      }
      case "intent_blocked":
        break;
    }
  }
}

/** What a stored event makes of the rows of its claim and its book, which do not hold it yet. */
export function foldEvent(rows: Rows, event: StoredEvent): void {
  switch (event.subject) {
    case "claim":
      if (!LEAVES_ROWS.has(event.body.type)) foldClaimEvent(rows, event);
      return;
    case "book": {
      const book = rows.book(event.account, event.symbol);
      const after = evolveBook(book, event.body);
      if (after !== book) rows.saveBook(after);
      return;
    }
    case "guard":
      return;
  }
}

function foldClaimEvent(
  rows: Rows,
  { key, symbol, body, at }: Extract<StoredEvent, { subject: "claim" }>,
): void {
  const before = rows.claim(key);
  const after = evolveClaim(before, key, body, at);
  const book = rows.book(key.account, symbol);
  const bookAfter = evolveBookByClaim(book, body, before?.status ?? "NONE", after);
  rows.saveClaim(after, before);
  if (bookAfter !== book) rows.saveBook(bookAfter);
}
