/**
 * What a ledger tells of its claims, books and incidents, beside what its log comes to. Whoever
 * keeps rows in memory, or writes them behind the events, has to tell the same.
 */
import canonicalize from "canonicalize";
import type { Claim } from "../../src/claim/claim.ts";
import type { AccountId } from "../../src/core/ids.ts";
import type { Incident } from "../../src/incident/incident.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { type MemoryRows, nameOf } from "./memory-rows.ts";

/** Each question with its answer. */
type Answers = ReadonlyMap<string, unknown>;

/** What differs where each thing is asked for by itself, which writes no rows. */
export async function differencesOfEach(
  ledger: Ledger,
  rows: MemoryRows,
): Promise<readonly string[]> {
  // All of it is of one moment, and so are the answers: nothing is waited for in between.
  const expected = expectedOfEach(rows);
  return differences(expected, await answersOfEach(ledger, rows));
}

/** The same of lists, for which the store brings its rows up to the events. */
export async function differencesOfLists(
  ledger: Ledger,
  rows: MemoryRows,
): Promise<readonly string[]> {
  const expected = new Map<string, unknown>();
  const told = new Map<string, unknown>();
  const actions = [...rows.guardsByName.values()];
  expected.set("the number of actions", actions.length);
  told.set("the number of actions", await ledger.countGuardClaims());
  expected.set(
    "the unsettled actions",
    byName(actions.filter(({ status }) => status !== "SETTLED")),
  );
  const unsettled = await ledger.unsettledGuardClaims(0, 500);
  told.set("the unsettled actions", byName(unsettled.map(({ claim }) => claim)));
  for (const account of accountsOf(rows)) {
    const isOwn = (one: { account: AccountId }) => one.account === account;
    const claims = [...rows.claims.values()].filter(({ key }) => isOwn(key));
    const counts: Record<string, number> = {};
    for (const { status } of claims) counts[status] = (counts[status] ?? 0) + 1;
    expected.set("the claims", byName(claims));
    expected.set("the counts", counts);
    expected.set("the books", [...rows.books.values()].filter(isOwn).sort(bySymbol));
    expected.set("the incidents", [...rows.incidentsById.values()].filter(isOwn).sort(byId));
    const listed = await ledger.claims({ account, limit: 500 });
    told.set("the claims", byName(listed.claims));
    told.set("the counts", await ledger.countByStatus(account));
    told.set("the books", [...(await ledger.books(account))].sort(bySymbol));
    told.set("the incidents", [...(await ledger.incidents(account, { limit: 500 }))].sort(byId));
  }
  return differences(expected, told);
}

function expectedOfEach(rows: MemoryRows): Answers {
  const expected = new Map<string, unknown>();
  for (const claim of rows.claims.values()) expected.set(nameOf(claim.key), claim);
  for (const action of rows.guardsByName.values()) expected.set(nameOf(action.key), action);
  for (const [order, account] of ordersOf(rows)) {
    const holder = rows.holder(account, order);
    expected.set(`the holder of ${order}`, holder && rows.claim(holder));
  }
  for (const account of accountsOf(rows)) {
    expected.set("the unsettled claims", byName(rows.unsettledClaims(account)));
  }
  for (const book of rows.books.values()) expected.set(`the book ${book.symbol}`, book);
  for (const one of rows.incidentsById.values()) expected.set(`the incident ${one.id}`, one);
  for (const [symbol, open] of openIncidents(rows)) {
    expected.set(`what is open in ${symbol}`, [...open].sort(byId));
  }
  return expected;
}

async function answersOfEach(ledger: Ledger, rows: MemoryRows): Promise<Answers> {
  const asked: (readonly [string, Promise<unknown>])[] = [
    ...[...rows.claims.values()].map(({ key }) => [nameOf(key), ledger.claimOf(key)] as const),
    ...[...rows.guardsByName.values()].map(
      ({ key }) => [nameOf(key), ledger.guardClaimsOf([key]).then(([action]) => action)] as const,
    ),
    ...[...ordersOf(rows)].map(
      ([order, account]) =>
        [`the holder of ${order}`, ledger.claimOfOrder(account, order as never)] as const,
    ),
    ...accountsOf(rows).map(
      (account) => ["the unsettled claims", ledger.unsettledClaims(account).then(byName)] as const,
    ),
    ...[...rows.books.values()].map(
      ({ account, symbol }) => [`the book ${symbol}`, ledger.book(account, symbol)] as const,
    ),
    ...[...rows.incidentsById.values()].map(
      ({ account, id }) => [`the incident ${id}`, ledger.incident(account, id)] as const,
    ),
    ...[...rows.incidentsById.values()].map(
      ({ account, symbol }) =>
        [`what is open in ${symbol}`, openOf(ledger, account, symbol)] as const,
    ),
  ];
  const answers = await Promise.all(asked.map(([, answer]) => answer));
  return new Map(asked.map(([question], index) => [question, answers[index]]));
}

async function openOf(ledger: Ledger, account: AccountId, symbol: string) {
  const open = await ledger.incidents(account, { symbol, isOpen: true, limit: 500 });
  return [...open].sort(byId);
}

function differences(expected: Answers, told: Answers): readonly string[] {
  return [...expected].flatMap(([question, value]) => {
    const [wanted, found] = [value, told.get(question)].map((one) => canonicalize(one));
    return wanted === found
      ? []
      : [`${question} is told as ${found}, and its events say ${wanted}`];
  });
}

/** Every order that an event speaks of, also one that was replaced, which is nobody's by then. */
function ordersOf(rows: MemoryRows): ReadonlyMap<string, AccountId> {
  return new Map(
    rows.events.flatMap((event) =>
      event.subject === "claim" && "order" in event.body
        ? [[event.body.order.brokerOrderId, event.key.account] as const]
        : [],
    ),
  );
}

/** What is open, by the symbols in which something ever was: each answer names it. */
function openIncidents(rows: MemoryRows): ReadonlyMap<string, readonly Incident[]> {
  const all = [...rows.incidentsById.values()];
  return new Map(
    all.map(({ account, symbol }) => [symbol, rows.incidents.openIn(account, symbol)] as const),
  );
}

function accountsOf(rows: MemoryRows): readonly AccountId[] {
  return [...new Set([...rows.claims.values()].map(({ key }) => key.account))];
}

function byName<Kind extends Pick<Claim, "key">>(claims: readonly Kind[]): readonly Kind[] {
  return [...claims].sort((a, b) => (nameOf(a.key) < nameOf(b.key) ? -1 : 1));
}

function bySymbol(a: { symbol: string }, b: { symbol: string }): number {
  return a.symbol < b.symbol ? -1 : 1;
}

function byId(a: { id: number }, b: { id: number }): number {
  return a.id - b.id;
}
