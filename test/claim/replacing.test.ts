/** Replaced orders: a chain of them is one order, and a close never asks for more than is held. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyBook } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { decideRecord } from "../../src/claim/decide-record.ts";
import { decideReplace, replacedEvents } from "../../src/claim/decide-replace.ts";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId, ClientOrderId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import {
  ACCOUNT,
  buy,
  type OrderChanges,
  orderOf,
  proceeded,
  SECOND,
  START,
  sell,
} from "./builders.ts";
import { adopted, BRACKET, legOf, OCO, parentOf } from "./family-builders.ts";
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

/** The request that was made now, unless another is named by its end. */
function drop(
  ledger: MemoryLedger,
  claim: Claim,
  isOrderAsItWas = false,
  busyUntil = ledger.now + 11 * SECOND,
) {
  const request = { clientOrderId: NEXT_ID, busyUntil, reason: "refused", isOrderAsItWas };
  ledger.record(claim.key, { type: "replace_dropped", ...request, now: ledger.now });
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
    const unnamed = { replacedBy: null };
    const strangers = [
      [first(claim, "0", unnamed), next(claim, "6", { replaces: null })],
      [first(claim, "0", unnamed), next(claim, "6", { replaces: "another" as BrokerOrderId })],
      [first(claim, "0", { replacedBy: "another" as BrokerOrderId }), next(claim, "6")],
      [first(claim, "0", { status: "pending_replace" }), next(claim, "6")],
      [first(claim, "0"), next(claim, "6", { symbol: "SQQQ" })],
      [first(claim, "0"), next(claim, "6", { side: "sell" })],
    ] as const;
    for (const [order, successor] of strangers) {
      expect(replaced(ledger, claim, order, successor).brokerOrderId).not.toBe(NEXT);
    }
  });

  test("that does not name the order in its place is left for the one that names it", () => {
    const ledger = new MemoryLedger();
    const claim = working(ledger);
    const after = replaced(
      ledger,
      claim,
      first(claim, "2", { replacedBy: null }),
      next(claim, "4"),
    );
    expect(after).toMatchObject({ brokerOrderId: NEXT, bookedQuantity: "2" });
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

describe("a new order that counts what the ones before it have filled", () => {
  function counting(intent: Intent, filled: string, changes: OrderChanges) {
    const ledger = new MemoryLedger().adopt("10", "70");
    const claim = working(ledger, intent);
    const [order, successor] = [first(claim, filled), next(claim, "6", changes)];
    const read = { order, successor, source: "poll", now: ledger.now } as const;
    ledger.record(claim.key, { type: "replaced", ...read, countsChain: true });
    return { ledger, claim: ledger.get(claim.key) };
  }

  test("adds what is beyond that, and the log says how it counts", () => {
    const { ledger, claim } = counting(buy("6"), "2", { filled: "3", price: "72" });
    expect(claim).toMatchObject({ bookedQuantity: "3", bookedCost: "216" });
    expect(ledger.book()).toMatchObject({ net: "13" });
    expect(ledger.replayed().get(claim.key)).toEqual(claim);
  });

  test("holds of a close what is left of it", () => {
    const { ledger } = counting(sell("6"), "2", {});
    expect(ledger.book()).toMatchObject({ net: "8", reservations: [{ quantity: "4" }] });
  });

  test("holds no number of shares where it is in dollars", () => {
    const dollars = sell("1", { quantity: null, notional: decimal("280") });
    const { claim } = counting(dollars, "2", { quantity: null });
    expect(claim).toMatchObject({ brokerOrderId: NEXT, bookedQuantity: "2" });
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
    drop(ledger, claim);
    expect(ledger.book().reservations).toMatchObject([{ quantity: "6" }]);
    drop(ledger, claim);
    expect(ledger.book().reservations).toMatchObject([{ quantity: "6" }]);
  });

  test("keeps them while nobody knows, also where a later try of it was refused", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    ask(ledger, claim, "9");
    ledger.after(12 * SECOND);
    expect(ask(ledger, claim, "9").kind).toBe("proceed");
    drop(ledger, claim);
    expect(ledger.book().reservations).toMatchObject([{ quantity: "9" }]);
    drop(ledger, claim, true);
    expect(ledger.book().reservations).toMatchObject([{ quantity: "6" }]);
    expect(ledger.replayed().book()).toEqual(ledger.book());
  });

  test("is not dropped by what is told of an earlier request for the same", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    const first = ledger.now + 11 * SECOND;
    ask(ledger, claim, "9");
    ask(ledger.after(12 * SECOND), claim, "9");
    drop(ledger, claim, true, first);
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

  test("is known to the claim that asks for it, with what it holds besides", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    const decision = ask(ledger, claim, "9");
    const replacing = { clientOrderId: NEXT_ID, busyUntil: ledger.now + 11 * SECOND, extra: "3" };
    expect(decision).toMatchObject({ kind: "proceed", claim: { replacing } });
    expect(ledger.get(claim.key)).toMatchObject({ replacing });
  });

  test("is open to the next caller as soon as the first one's time is over", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    ask(ledger, claim, "6");
    expect(ask(ledger.after(11 * SECOND - 1), claim, "6").kind).toBe("pending");
    expect(ask(ledger.after(1), claim, "6").kind).toBe("proceed");
  });

  test("by a smaller order gives nothing back before the broker shows it", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    expect(ask(ledger, claim, "4").kind).toBe("proceed");
    expect(ledger.book().reservations).toMatchObject([{ quantity: "6" }]);
    replaced(ledger, claim, first(claim, "0"), next(claim, "4"));
    expect(ledger.book().reservations).toMatchObject([{ quantity: "4" }]);
  });

  test("waits where its order has moved on since it was read, or has ended", () => {
    const ledger = held();
    const claim = working(ledger, sell("6"));
    replaced(ledger, claim, first(claim, "0"), next(claim, "6"));
    expect(ask(ledger, claim, "4")).toMatchObject({
      ...{ kind: "pending", claim: { brokerOrderId: NEXT } },
    });
    const ended = working(ledger, sell("4"));
    ledger.read(ended, orderOf(ended, { status: "canceled" }));
    expect(ask(ledger, ended, "2").kind).toBe("pending");
  });

  test("is refused where it could sell more than is held, what was filled counted twice", () => {
    const ledger = new MemoryLedger().adopt("6", "70");
    const claim = working(ledger, sell("6"));
    expect(ask(ledger, claim, "7")).toMatchObject({
      kind: "blocked",
      block: {
        ...{ code: "insufficient_quantity", availableQuantity: "6", cause: claim.key },
        message:
          "insufficient qty available for order (requested: 7, available: 6); " +
          "of 6 TQQQ other closes hold the rest, or this one has filled them",
      },
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
    replaced(ledger, claim, first(claim, "0"), next(claim, "600"));
    expect(ledger.book().reservations).toEqual([]);
  });
});

describe("the replacement of a leg", () => {
  function asked(quantity: string | null, legQuantity = "6") {
    const parent = parentOf(BRACKET);
    const order = legOf(parent, "limit", { quantity: decimal(legQuantity) });
    const times = { now: START, busyUntil: START + SECOND };
    const wanted = quantity === null ? null : decimal(quantity);
    return decideReplace(adopted(parent, order), emptyBook(ACCOUNT, "TQQQ"), {
      ...{ order, clientOrderId: NEXT_ID, quantity: wanted, ...times },
    }).decision.kind;
  }

  test("by one of the same size needs no shares: its family holds them, or will", () => {
    expect([asked(null), asked("6"), asked("4")]).toEqual(["proceed", "proceed", "proceed"]);
  });

  test("by a larger one needs what is free", () => {
    expect([asked("7"), asked("5", "4")]).toEqual(["blocked", "blocked"]);
  });

  test("is another matter than that of the order which it is a leg of", () => {
    const order = { ...parentOf(OCO), bookedQuantity: decimal("4") };
    const family = { parent: null, legs: [], filledByLegs: decimal("0"), quantity: decimal("6") };
    const book = { ...emptyBook(ACCOUNT, "TQQQ"), net: decimal("2") };
    const command = { order: orderOf(order), clientOrderId: NEXT_ID, quantity: null, now: START };
    expect(
      decideReplace({ ...order, family }, book, { ...command, busyUntil: START }).decision.kind,
    ).toBe("blocked");
  });

  test("leaves the reservation with its family", () => {
    const parent = parentOf(BRACKET);
    const leg = adopted(parent, legOf(parent, "limit"));
    const order = legOf(parent, "limit", { status: "replaced", replacedBy: NEXT });
    const successor = { ...legOf(parent, "next"), replaces: order.brokerOrderId };
    const command = { order, successor, source: "poll", now: START } as const;
    const replacing = (claim: Claim) =>
      replacedEvents(claim, command).filter(({ type }) => type === "order_replaced");
    expect(replacing(leg)).toMatchObject([{ reserved: null, replaces: "limit" }]);
    const { family: _, ...alone } = leg;
    expect(replacing(alone)).toMatchObject([{ reserved: "6" }]);
    expect(replacedEvents({ ...leg, status: "SETTLED" }, command)).toEqual([]);
  });
});

test("a replacement that another claim has is not booked twice", () => {
  const ledger = new MemoryLedger();
  const claim = working(ledger);
  const other = working(ledger, buy("5"));
  ledger.read(other, orderOf(other));
  const [order, successor] = [first(claim, "0"), next(claim, "6")];
  const command = { type: "replaced", order, successor, source: "poll", now: ledger.now } as const;
  expect(decideRecord(ledger.get(claim.key), command, other.key)).toEqual([]);
  expect(decideRecord(ledger.get(claim.key), command, claim.key)).not.toEqual([]);
  expect(decideRecord(ledger.get(claim.key), command, undefined)).not.toEqual([]);
});

test("a look at a claim that takes long tells nothing new of it", () => {
  const ledger = new MemoryLedger();
  const claim = working(ledger);
  const before = ledger.log.length;
  expect(ledger.record(claim.key, { type: "overdue", now: ledger.now })).toMatchObject({
    status: "IN_RECONCILIATION",
  });
  expect(ledger.log.length).toBe(before);
});
