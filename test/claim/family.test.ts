/** An order and its legs: who belongs to whom, and what each of them may still fill. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import {
  asksForLegs,
  hidesLegs,
  parentKeyOf,
  remainingOf,
  reservedUnder,
} from "../../src/claim/family.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { ClientOrderId } from "../../src/core/ids.ts";
import { AGENT, buy, filledOrder, orderOf, proceeded, sell } from "./builders.ts";
import { adopted, BRACKET, legOf, OCO, parentOf } from "./family-builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

describe("an order has legs of its own", () => {
  test.each(["bracket", "oco", "oto"])("where its class is %s", (order_class) => {
    expect(asksForLegs({ extension: { order_class } })).toBe(true);
  });

  test.each([[null], [{}], [{ order_class: "simple" }], [{ order_class: "mleg" }]])(
    "but not with the terms %j",
    (extension) => expect(asksForLegs({ extension })).toBe(false),
  );
});

describe("a leg", () => {
  test("knows the claim whose order it is in, and holds its shares under that one's name", () => {
    const parent = parentOf(BRACKET);
    const leg = adopted(parent, legOf(parent, "limit"));
    expect(parentKeyOf(leg)).toEqual(parent.key);
    expect(reservedUnder(leg)).toEqual({ agent: AGENT, requestId: parent.key.requestId });
  });

  test("is none of a claim that stands alone, or that has legs itself", () => {
    const parent = parentOf(BRACKET);
    const legs = { parent: null, legs: [], filledByLegs: decimal("0"), quantity: null };
    for (const claim of [parent, { ...parent, family: legs }]) {
      expect(parentKeyOf(claim)).toBeUndefined();
      expect(reservedUnder(claim)).toEqual({ agent: AGENT, requestId: parent.key.requestId });
    }
  });
});

describe("what an order may still fill", () => {
  test("is what it asked for, less what is booked", () => {
    expect(remainingOf(parentOf(buy("6")))).toBe("6");
    const half = parentOf(buy("6"), { status: "partially_filled", filled: "2" });
    expect(remainingOf(half)).toBe("4");
  });

  test("is nothing once it has ended with shares left, and nothing in an order in dollars", () => {
    expect(remainingOf(parentOf(buy("6"), { status: "canceled", filled: "2" }))).toBe("0");
    const dollars = buy("1", { quantity: null, notional: decimal("140") });
    expect(remainingOf(parentOf(dollars))).toBe("0");
  });

  test("is what the broker has lowered it to, where another exit of its family has sold", () => {
    const parent = parentOf(BRACKET);
    const lowered = adopted(parent, legOf(parent, "limit", { quantity: decimal("4") }));
    expect(remainingOf(lowered)).toBe("4");
    const beyond = { ...lowered, bookedQuantity: decimal("5") };
    expect(remainingOf(beyond)).toBe("0");
  });

  test("counts a replacement's further shares, and not what replaced orders have filled", () => {
    const ledger = new MemoryLedger().adopt("10", "70");
    const claim = proceeded(ledger.claim(sell("6")));
    const order = orderOf(claim, { status: "partially_filled", filled: "2" });
    ledger.accept(claim, order);
    ledger.requestReplace(claim.key, {
      ...{ order, clientOrderId: "second" as ClientOrderId, quantity: decimal("8") },
      busyUntil: ledger.now + 1_000,
    });
    const asked = ledger.get(claim.key);
    expect(remainingOf(asked)).toBe("8");
    expect(remainingOf({ ...asked, replacing: null, carriedQuantity: decimal("2") })).toBe("6");
  });
});

describe("an ended order may hide legs that nobody has seen", () => {
  function ended(claim: Claim, changes = {}) {
    return hidesLegs(claim, orderOf(claim, { status: "canceled", ...changes }));
  }

  function entered(): Claim {
    return { ...parentOf(BRACKET), bookedQuantity: decimal("2") };
  }

  test("where it is an exit, or an entry with fills", () => {
    expect(ended(parentOf(OCO))).toBe(true);
    expect(ended(entered())).toBe(true);
  });

  test.each<[string, () => boolean]>([
    ["where its legs are shown", () => ended(entered(), { legs: [legOf(entered(), "limit")] })],
    ["where they are claims", () => ended({ ...parentOf(OCO), family: familyOf(entered()) })],
    ["where it asked for none", () => ended(parentOf(sell("6")))],
    ["where it was rejected", () => ended(parentOf(OCO), { status: "rejected" })],
    ["where the entry has no fill", () => ended(parentOf(BRACKET))],
  ])("but not %s", (_, hides) => {
    expect(hides()).toBe(false);
  });

  test("also where it is shown with an empty list of them", () => {
    expect(ended(entered(), { legs: [] })).toBe(true);
  });

  test("and is not settled until they are seen", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(BRACKET));
    expect(ledger.accept(claim, filledOrder(claim))).toMatchObject({
      ...{ status: "FINAL", outcome: "filled" },
    });
    const legs = [legOf(claim, "limit")];
    expect(ledger.read(claim, { ...filledOrder(claim), legs })).toMatchObject({
      status: "SETTLED",
    });
  });
});

function familyOf(parent: Claim) {
  return { parent: null, legs: [parent.key.requestId], filledByLegs: decimal("0"), quantity: null };
}
