import { expect, test } from "vitest";
import { type Book, copiedBook } from "../../src/book/book.ts";
import { type Claim, copiedClaim } from "../../src/claim/claim.ts";

/** Every field that there is, so that one more is missed here first. */
const FIELDS_OF_CLAIM: Readonly<Record<keyof Claim, true>> = {
  key: true,
  status: true,
  intent: true,
  identity: true,
  fingerprint: true,
  episode: true,
  claimedAt: true,
  brokerClaimedAt: true,
  isBrokerTimeGuess: true,
  attempt: true,
  clientOrderId: true,
  owner: true,
  fencing: true,
  openedAt: true,
  sendDeadline: true,
  postEndedAt: true,
  idTaken: true,
  hasLostTry: true,
  earlierQuantities: true,
  unknownBecause: true,
  notFound: true,
  brokerOrderId: true,
  legs: true,
  family: true,
  orderStatus: true,
  bookedQuantity: true,
  bookedCost: true,
  carriedQuantity: true,
  carriedCost: true,
  replacing: true,
  refusal: true,
  outcome: true,
  provenance: true,
  certainAt: true,
  told: true,
};
const FIELDS_OF_BOOK: Readonly<Record<keyof Book, true>> = {
  account: true,
  symbol: true,
  net: true,
  averagePrice: true,
  realizedProfitUsd: true,
  episode: true,
  arrivals: true,
  reservations: true,
  closedBy: true,
  lifeFrom: true,
  closedAt: true,
  openedBehind: true,
  feeDueOn: true,
};

/** An object with another value in each field. */
function filledIn(fields: object): unknown {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, { of: name }]));
}

test("a copy of a claim has every field that a claim can have, and the very parts", () => {
  const claim = filledIn(FIELDS_OF_CLAIM) as Claim;
  expect(copiedClaim(claim)).toStrictEqual(claim);
  expect(copiedClaim(claim).intent).toBe(claim.intent);
});

test("a copy of a book has every field that a book can have", () => {
  const book = filledIn(FIELDS_OF_BOOK) as Book;
  expect(copiedBook(book)).toStrictEqual(book);
});

test("what a claim or a book lacks its copy lacks too", () => {
  const { brokerClaimedAt, isBrokerTimeGuess, ...others } = FIELDS_OF_CLAIM;
  const { hasLostTry, earlierQuantities, family, ...always } = others;
  const { lifeFrom, closedAt, openedBehind, feeDueOn, ...usual } = FIELDS_OF_BOOK;
  const [claim, book] = [filledIn(always) as Claim, filledIn(usual) as Book];
  expect(copiedClaim(claim)).toStrictEqual(claim);
  expect(copiedBook(book)).toStrictEqual(book);
});
