/** When an order at work whose reads fail is to be told of, by what else could be read meanwhile. */
import { expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import { OrderSightings } from "../../src/fills/order-sightings.ts";
import { unreadBecause } from "../../src/reconcile/unread-orders.ts";
import { buy, filledOrder, orderOf, proceeded, START } from "../claim/builders.ts";
import { MemoryLedger } from "../claim/memory-ledger.ts";

const MINUTE_MS = 60_000;
const ID = "order-1" as BrokerOrderId;

function accepted(order: (claim: Claim) => ReturnType<typeof orderOf> = orderOf): Claim {
  const ledger = new MemoryLedger();
  const claim = proceeded(ledger.claim(buy("6")));
  ledger.accept(claim, order(claim));
  return ledger.get(claim.key);
}

/** Reads that failed so many minutes after the start, and when positions were read. */
function told(failures: readonly number[], positions: number | null, claim = accepted()) {
  const sightings = new OrderSightings();
  for (const at of failures) sightings.noteFailure(ID, `failed at ${at}`, START + at * MINUTE_MS);
  const readAt = positions === null ? null : START + positions * MINUTE_MS;
  return unreadBecause({ sightingOf: () => sightings.of(ID) }, claim, readAt);
}

test("an order is told of once its reads fail behind positions that were read five minutes on", () => {
  expect(told([0, 3, 5], 5)).toBe("failed at 5");
  expect(told([0, 3, 6], 5)).toBe("failed at 6");
});

test.each([
  ["whose reads fail for less long", [0, 3, 5], 4.9],
  ["of which nothing was tried since positions were read", [0, 4], 5],
  ["while positions were not read since", [0, 3, 9], 1],
  ["while positions were never read", [0, 3, 9], null],
  ["that nobody has tried to read", [], 9],
] as const)("but not one %s", (_, failures, positions) => {
  expect(told(failures, positions)).toBeUndefined();
});

test("nor one that has ended", () => {
  expect(told([0, 6], 5, accepted(filledOrder))).toBeUndefined();
});

test("a read that succeeds ends it, whether it shows the order or not; a failure keeps what was seen", () => {
  const sightings = new OrderSightings();
  sightings.noteFailure(ID, "no answer", START);
  expect(sightings.of(ID)).toMatchObject({ isShown: null, failing: { because: "no answer" } });
  for (const isShown of [true, false]) {
    sightings.note(ID, isShown, START);
    expect(sightings.of(ID)).toEqual({ isShown, spanMs: 0, failing: null });
    sightings.noteFailure(ID, "again", START + 1);
    expect(sightings.of(ID)).toMatchObject({ isShown, failing: { firstAt: START + 1 } });
  }
  sightings.keep(new Set());
  expect(sightings.of(ID)).toBeUndefined();
});
