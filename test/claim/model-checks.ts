/** What must hold after every step of the model, against the broker's own truth. */
import assert from "node:assert/strict";
import { expect } from "vitest";
import { reservedQuantity, sameClaim } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { isTerminalStatus } from "../../src/claim/evidence.ts";
import { isLive } from "../../src/claim/transitions.ts";
import { absolute, compare, signOf } from "../../src/core/decimal.ts";
import { latest, type ModelOrder } from "./model-broker.ts";
import { OPENING_SHARES, tellClaims, type World } from "./model-world.ts";

export function checkStep(world: World): void {
  checkOrders(world);
  checkRights(world);
  checkBook(world);
  for (const claim of world.ledger.claims.values()) checkEnd(world, claim);
  checkBlocks(world);
}

/** I1: at most one live order a claim, and at most one with fills for one logical action. */
function checkOrders({ ledger, broker }: World): void {
  const claims = [...ledger.claims.values()];
  for (const { key } of claims) {
    const sent = broker.orders.filter((order) => sameClaim(order.sentBy, key));
    const live = sent.filter((order) => !isTerminalStatus(latest(order).status));
    assert.ok(live.length <= 1, "I1: live orders of one claim");
    assert.ok(sent.filter(hasFilled).length <= 1, "I1: orders with fills");
  }
  const derived = claims.filter(
    (claim) =>
      claim.identity === "arrival" &&
      broker.orders.some((order) => sameClaim(order.sentBy, claim.key) && hasFilled(order)),
  );
  for (const [index, later] of derived.entries()) {
    for (const earlier of derived.slice(0, index)) {
      if (earlier.key.agent !== later.key.agent) continue;
      if (earlier.fingerprint !== later.fingerprint || earlier.episode !== later.episode) continue;
      const apart = Math.abs(later.claimedAt - earlier.claimedAt);
      assert.ok(apart >= ledger.policy.dedupeWindowMs, "I1: one intent filled twice");
    }
  }
}

function hasFilled(order: ModelOrder): boolean {
  return signOf(latest(order).filledQuantity) > 0;
}

/** I3: one permission an attempt, and never two that hold at the same time. */
function checkRights({ ledger, rights, hasty }: World): void {
  const names = rights.map(({ claim }) => JSON.stringify([claim.key, claim.fencing]));
  assert.equal(new Set(names).size, names.length, "I3: one permission given twice");
  for (const claim of ledger.claims.values()) {
    const holding = rights.filter(
      (right) => sameClaim(right.claim.key, claim.key) && right.claim.fencing === claim.fencing,
    );
    assert.equal(holding.length, 1, "I3: somebody owns every claim");
  }
  assert.equal(hasty.length, 0, "an explicit id was believed against an unanswered equal");
}

/** I5 and I6. */
function checkBook({ ledger, broker }: World): void {
  const book = ledger.book();
  const reserved = reservedQuantity(book);
  assert.ok(compare(reserved, absolute(book.net)) <= 0, "I5: oversold");
  for (const { quantity } of book.reservations) {
    assert.ok(signOf(quantity) >= 0, "I5: a negative reservation");
  }
  assert.ok(OPENING_SHARES + broker.net() >= 0, "I5: the position turned over");
  const booked = [...ledger.claims.values()].reduce(
    (sum, { intent, bookedQuantity }) =>
      sum + (intent.side === "buy" ? 1 : -1) * Number(bookedQuantity),
    OPENING_SHARES,
  );
  assert.equal(Number(book.net), booked, "I6: book and claims differ");
  for (const claim of ledger.claims.values()) {
    const order = broker.orders.find(
      (other) => latest(other).brokerOrderId === claim.brokerOrderId,
    );
    const filled = order === undefined ? "0" : latest(order).filledQuantity;
    assert.ok(Number(claim.bookedQuantity) <= Number(filled), "I6: more booked than filled");
  }
}

/** I4: an outcome says nothing that the broker's truth does not. */
function checkEnd({ broker }: World, claim: Claim): void {
  const name = `${claim.status} ${claim.outcome} for ${claim.clientOrderId}`;
  assert.equal(isLive(claim.status), claim.outcome === null, name);
  const order = broker.named(claim.clientOrderId);
  const truth = order === undefined || !sameClaim(order.sentBy, claim.key) ? null : latest(order);
  switch (claim.outcome) {
    case null:
      return;
    case "absent":
    case "not_sent":
    case "rejected":
      assert.equal(truth, null, `I4: ${name}`);
      return;
    default:
      if (truth === null || claim.status === "FINAL") return;
      assert.equal(isTerminalStatus(truth.status), true, `I4: ${name}`);
      assert.equal(claim.bookedQuantity, truth.filledQuantity, `I6: ${name}`);
  }
}

/** I8: a refusal that another claim brought about names it. */
function checkBlocks({ blocks }: World): void {
  for (const { code, named } of blocks) {
    const withoutClaim = code === "close_crosses_zero" || code === "open_against_position";
    assert.equal(named, !withoutClaim, `I8: ${code}`);
  }
}

/** At the end everything is read once more: then book and broker agree, and so does the log. */
export function checkEverythingRead(world: World): void {
  const { ledger, broker } = world;
  for (const order of broker.orders) tellClaims(world, order, latest(order), "poll");
  checkStep(world);
  expect(Number(ledger.book().net), "I6: fills of the broker's that no book has").toBe(
    OPENING_SHARES + broker.net(),
  );
  const again = ledger.replayed();
  expect(again.claims, "the log gives other claims").toEqual(ledger.claims);
  expect(again.books, "the log gives other books").toEqual(ledger.books);
}
