/** Replaced orders: a chain of them is one order, and a close never asks for more than is held. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId, ClientOrderId } from "../../src/core/ids.ts";
import { buy, type OrderChanges, orderOf, proceeded, SECOND, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const NEXT = "next" as BrokerOrderId;
const NEXT_ID = "tl-next" as ClientOrderId;

/** The claim's first order, filled in part and replaced. */
function first(claim: Claim, filled: string, changes: OrderChanges = {}): BrokerOrder {
  return orderOf(claim, { status: "replaced", replacedBy: NEXT, filled, price: "70", ...changes });
}

/** The order in its place. */
function next(claim: Claim, quantity: string, changes: OrderChanges = {}): BrokerOrder {
  const { brokerOrderId } = orderOf(claim);
  return orderOf(claim, {
    ...{ brokerOrderId: NEXT, clientOrderId: NEXT_ID, replaces: brokerOrderId },
    ...{ quantity: decimal(quantity), price: "80", ...changes },
  });
}

function working(ledger: MemoryLedger, intent = buy("6")): Claim {
  const claim = proceeded(ledger.claim(intent));
  return ledger.accept(claim, orderOf(claim));
}

function replaced(ledger: MemoryLedger, claim: Claim, order: BrokerOrder, successor: BrokerOrder) {
  const read = { order, successor, source: "poll", now: ledger.now } as const;
  return ledger.record(claim.key, { type: "replaced", ...read }) ?? claim;
}

function ask(ledger: MemoryLedger, claim: Claim, quantity: string | null, filled = "0") {
  return ledger.requestReplace(claim.key, {
    order: orderOf(claim, { filled, status: "new" }),
    clientOrderId: NEXT_ID,
    quantity: quantity === null ? null : decimal(quantity),
    busyUntil: ledger.now + 11 * SECOND,
  });
}

describe("a replaced order", () => {
  test("leaves its fills with the claim, and the new order's are added to them", () => {
    const ledger = new MemoryLedger();
    const claim = working(ledger);
    replaced(ledger, claim, first(claim, "2"), next(claim, "4", { filled: "1" }));
    expect(ledger.book()).toMatchObject({ net: "3" });
    const ended = ledger.read(claim, next(claim, "4", { status: "filled", filled: "4" }));
    expect(ended).toMatchObject({
      status: "SETTLED",
      outcome: "filled",
      bookedQuantity: "6",
      bookedCost: "460",
      brokerOrderId: NEXT,
    });
    expect(ledger.book()).toMatchObject({ net: "6" });
  });

  test("is not left for an order that it does not name, or that is for another symbol", () => {
    const ledger = new MemoryLedger();
    const claim = working(ledger);
    const strangers = [
      [first(claim, "0", { replacedBy: "another" as BrokerOrderId }), next(claim, "6")],
      [first(claim, "0", { status: "pending_replace" }), next(claim, "6")],
      [first(claim, "0"), next(claim, "6", { symbol: "SQQQ" })],
      [first(claim, "0"), next(claim, "6", { side: "sell" })],
    ] as const;
    for (const [order, successor] of strangers) {
      expect(replaced(ledger, claim, order, successor).brokerOrderId).not.toBe(NEXT);
    }
  });

  test("counts every fill once, in whatever order and however often its reads arrive", () => {
    const reads = ["old", "old replaced", "both", "new 1", "new all"] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...reads), { maxLength: 12 }), (drawn) => {
        const ledger = new MemoryLedger();
        const claim = working(ledger);
        const act = {
          old: () => ledger.read(claim, orderOf(claim, { filled: "1", price: "70" })),
          "old replaced": () => ledger.read(claim, first(claim, "2")),
          both: () => replaced(ledger, claim, first(claim, "2"), next(claim, "4")),
          "new 1": () => ledger.read(claim, next(claim, "4", { filled: "1" })),
          "new all": () => ledger.read(claim, next(claim, "4", { status: "filled", filled: "4" })),
        };
        for (const read of [...drawn, "both", "new all"] as const) act[read]();
        expect(ledger.get(claim.key)).toMatchObject({ status: "SETTLED", bookedCost: "460" });
        expect(ledger.book()).toMatchObject({ net: "6" });
        expect(ledger.replayed().book()).toEqual(ledger.book());
      }),
    );
  });
});

describe("the replacement of a close", () => {
  const held = () => new MemoryLedger().adopt("10", "70");

  test("holds the shares that it may sell besides, until the broker shows the new order", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    expect(ask(ledger, claim, "9").kind).toBe("proceed");
    expect(ledger.book().reservations).toMatchObject([{ quantity: "9" }]);
    expect(ledger.claim(sell("2")).kind).toBe("blocked");
    replaced(ledger, claim, first(claim, "0"), next(claim, "9"));
    expect(ledger.book().reservations).toMatchObject([{ quantity: "9" }]);
  });

  test("gives back what it held besides where it was certainly not made", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    ask(ledger, claim, "9");
    const dropped = { type: "replace_dropped", clientOrderId: NEXT_ID, reason: "refused" } as const;
    ledger.record(claim.key, { ...dropped, now: ledger.now });
    expect(ledger.book().reservations).toMatchObject([{ quantity: "6" }]);
    ledger.record(claim.key, { ...dropped, now: ledger.now });
    expect(ledger.book().reservations).toMatchObject([{ quantity: "6" }]);
  });

  test("keeps them while nobody knows, also where a later try of it was refused", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    ask(ledger, claim, "9");
    ledger.after(12 * SECOND);
    expect(ask(ledger, claim, "9").kind).toBe("proceed");
    const dropped = {
      type: "replace_dropped",
      clientOrderId: NEXT_ID,
      reason: "replaced",
    } as const;
    ledger.record(claim.key, { ...dropped, now: ledger.now });
    expect(ledger.book().reservations).toMatchObject([{ quantity: "9" }]);
  });

  test("is one caller's at a time", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    expect([ask(ledger, claim, "6").kind, ask(ledger, claim, "6").kind]).toEqual([
      "proceed",
      "pending",
    ]);
  });

  test("is refused where it could sell more than is held, what was filled counted twice", () => {
    const ledger = new MemoryLedger().adopt("6", "70");
    const claim = working(ledger, sell("6"));
    expect(ask(ledger, claim, "7")).toMatchObject({
      kind: "blocked",
      block: { code: "insufficient_quantity", availableQuantity: "6" },
    });
    ledger.read(claim, orderOf(claim, { filled: "2" }));
    expect(ask(ledger, claim, null, "2")).toMatchObject({
      kind: "blocked",
      block: { availableQuantity: "4" },
    });
    expect(ask(ledger, claim, "4", "2").kind).toBe("proceed");
  });

  test("of an open reserves nothing", () => {
    const ledger = new MemoryLedger();
    const claim = working(ledger);
    expect(ask(ledger, claim, "600").kind).toBe("proceed");
    expect(ledger.book().reservations).toEqual([]);
  });
});
