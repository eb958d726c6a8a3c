/** Whether the event log, the claims, the books and the broker tell one and the same story. */
import { expect } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";
import type { Simulator } from "../../src/simulator/index.ts";
import { foldEvents } from "../ledger/fold.ts";
import type { KillableProgram } from "./killable-program.ts";

/** What is compared of a claim and of a book, wherever they were read. */
export type ClaimRecord = Pick<Claim, "status" | "outcome" | "brokerOrderId"> & {
  readonly requestId: string;
};
export interface BookRecord {
  readonly symbol: string;
  readonly net: string;
  readonly reservations: readonly unknown[];
}

export interface Records {
  readonly events: readonly StoredEvent[];
  readonly claims: readonly ClaimRecord[];
  readonly books: readonly BookRecord[];
}

const PAGE = 500;

/** Every order ended, nothing is reserved, and the broker has exactly what the claims own. */
export function expectAgreement({ events, claims, books }: Records, broker: Simulator): void {
  expect(firstBreak(events)).toBeUndefined();
  const told = foldEvents(events);
  expect(sorted(claims)).toEqual(sorted(told.claims.map(recordOf)));
  expect(claims.filter(({ status }) => status !== "SETTLED")).toEqual([]);
  const bookOf = ({ symbol, net, reservations }: BookRecord) => ({ symbol, net, reservations });
  expect(books.map(bookOf)).toEqual(told.books.map(bookOf));
  expect(books.filter(({ reservations }) => reservations.length > 0)).toEqual([]);
  const owned = claims.flatMap(({ brokerOrderId }) => brokerOrderId ?? []);
  const orders = broker.orders();
  expect(owned.sort()).toEqual(orders.map(({ id }) => id).sort());
  expect(new Set(orders.map(({ qty }) => qty)).size).toBe(orders.length);
  const held = broker.positions().map(({ symbol, qty }) => ({ symbol, quantity: qty }));
  const booked = books.map(({ symbol, net }) => ({ symbol, quantity: net }));
  expect(booked.filter(({ quantity }) => quantity !== "0")).toEqual(held);
}

export function recordOf({ key, status, outcome, brokerOrderId }: Claim): ClaimRecord {
  return { requestId: key.requestId, status, outcome, brokerOrderId };
}

/** What a running program publishes; reading the events writes and syncs all that it knows. */
export async function publishedBy(program: KillableProgram): Promise<Records> {
  const events = await eventsOf(program);
  const { books } = await program.page("/latch/v1/books");
  const claims: ClaimRecord[] = [];
  let place = "";
  for (;;) {
    const page = await program.page(`/latch/v1/claims?limit=${PAGE}${place}`);
    for (const claim of page.claims) claims.push(claim);
    if (page.next === null) break;
    place = `&cursor=${encodeURIComponent(page.next)}`;
  }
  const bare = claims.map(({ requestId, status, outcome, brokerOrderId }) => {
    return { requestId, status, outcome, brokerOrderId };
  });
  return { events, claims: bare, books };
}

export async function eventsOf(program: KillableProgram): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.sequence ?? 0;
    const page = await program.page(`/latch/v1/events?limit=${PAGE}&after=${after}`);
    if (page.events.length === 0) return events;
    for (const event of page.events) events.push({ ...event, at: Date.parse(event.at) });
  }
}

function sorted(claims: readonly ClaimRecord[]): readonly ClaimRecord[] {
  return [...claims].sort((a, b) => (a.requestId < b.requestId ? -1 : 1));
}
