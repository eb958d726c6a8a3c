/** Rows made of a log alone, one event after the other, by nothing that a store has. */
import { evolveBook, evolveBookByClaim, evolveClaim } from "../../src/claim/evolve.ts";
import { evolveGuard } from "../../src/claim/evolve-guard.ts";
import { evolveIncident } from "../../src/incident/incident.ts";
import { LEAVES_ROWS, type StoredEvent } from "../../src/ledger/ledger.ts";
import type { MemoryRows } from "./memory-rows.ts";

/** Inside a transaction of `rows`. Throws what evolve throws of an event that cannot follow. */
export function foldInto(rows: MemoryRows, event: StoredEvent): void {
  rows.appendStored(event);
  if (event.subject === "claim") foldOfClaim(rows, event);
  else if (event.subject === "book") foldOfBook(rows, event);
  else {
    const { key, body, at } = event;
    rows.guards.save(evolveGuard(rows.guards.get(key), key, body, at), undefined);
  }
}

function foldOfClaim(
  rows: MemoryRows,
  { key, symbol, body, at }: Extract<StoredEvent, { subject: "claim" }>,
): void {
  if (LEAVES_ROWS.has(body.type)) return;
  const before = rows.claim(key);
  const after = evolveClaim(before, key, body, at);
  const book = rows.book(key.account, symbol);
  const moved = evolveBookByClaim(book, body, before?.status ?? "NONE", after);
  rows.saveClaim(after);
  if (moved !== book) rows.saveBook(moved);
}

function foldOfBook(
  rows: MemoryRows,
  { account, symbol, body, at }: Extract<StoredEvent, { subject: "book" }>,
): void {
  switch (body.type) {
    case "intent_blocked":
      return;
    case "incident_opened":
    case "incident_evidence":
    case "incident_resolved": {
      const known = rows.incidents.get(account, body.incident);
      rows.incidents.save(evolveIncident(known, { account, symbol }, body, at));
      return;
    }
    default:
      rows.saveBook(evolveBook(rows.book(account, symbol), body));
  }
}
