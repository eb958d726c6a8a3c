/** Fills of a combo: each leg moves the book of its own contract, once, however it is told (I6). */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import { buy, type OrderChanges, orderOf, proceeded } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const CALL = "SPY260618C00500000";
const PUT = "SPY260618P00500000";

const COMBO = buy("3", {
  symbol: "MLEG",
  extension: {
    order_class: "mleg",
    legs: [
      { symbol: CALL, ratio_qty: "1", side: "buy" },
      { symbol: PUT, ratio_qty: "2", side: "sell" },
    ],
  },
});

function taken(): { ledger: MemoryLedger; claim: Claim } {
  const ledger = new MemoryLedger();
  const claim = proceeded(ledger.claim(COMBO));
  ledger.accept(claim, orderOf(claim));
  return { ledger, claim };
}

function leg(claim: Claim, symbol: string, filled: string, changes: OrderChanges = {}) {
  const side = symbol === CALL ? "buy" : "sell";
  const brokerOrderId = `leg-${symbol}` as BrokerOrderId;
  return orderOf(claim, { brokerOrderId, symbol, side, filled, price: "2", ...changes });
}

/** The combo with its legs as they are now; `filled` combos as a whole. */
function shown(claim: Claim, filled: string, ...legs: readonly BrokerOrder[]): BrokerOrder {
  const status = filled === "3" ? "filled" : "partially_filled";
  return orderOf(claim, { status, filled, price: "-1", legs });
}

describe("a combo's legs", () => {
  test("move the books of their contracts, and not one of the combo", () => {
    const { ledger, claim } = taken();
    const legs = [leg(claim, CALL, "3"), leg(claim, PUT, "6", { price: "1.5" })];
    const settled = ledger.read(claim, shown(claim, "3", ...legs));
    expect(ledger.book(CALL)).toMatchObject({ net: "3", averagePrice: "2" });
    expect(ledger.book(PUT)).toMatchObject({ net: "-6", averagePrice: "1.5" });
    expect(ledger.book("MLEG")).toMatchObject({ net: "0" });
    expect(settled).toMatchObject({
      ...{ status: "SETTLED", outcome: "filled", bookedQuantity: "3", bookedCost: "-3" },
      legs: {
        [`leg-${CALL}`]: { symbol: CALL, side: "buy", quantity: "3", cost: "6" },
        [`leg-${PUT}`]: { symbol: PUT, side: "sell", quantity: "6", cost: "9" },
      },
    });
  });

  test("count as so many combos as all of them account for", () => {
    const { ledger, claim } = taken();
    const booked = (filled: string, call: string, put: string) =>
      ledger.read(claim, shown(claim, filled, leg(claim, CALL, call), leg(claim, PUT, put)))
        .bookedQuantity;
    expect(booked("1", "1", "0")).toBe("0");
    expect(booked("1", "2", "2")).toBe("1");
    expect(booked("2", "2", "6")).toBe("2");
    expect(booked("3", "3", "6")).toBe("3");
  });

  test("are booked by what they have filled beyond before, at what that came to", () => {
    const { ledger, claim } = taken();
    ledger.read(claim, shown(claim, "1", leg(claim, CALL, "1"), leg(claim, PUT, "2")));
    const more = [leg(claim, CALL, "3", { price: "3" }), leg(claim, PUT, "6")];
    ledger.read(claim, shown(claim, "3", ...more));
    const events = ledger.log.flatMap(({ event }) => (event.type === "leg_booked" ? [event] : []));
    expect(events).toMatchObject([
      { symbol: CALL, side: "buy", quantity: "1", cost: "2", source: "poll" },
      { symbol: PUT, side: "sell", quantity: "2", cost: "4" },
      { symbol: CALL, quantity: "2", cost: "7", brokerOrderId: `leg-${CALL}` },
      { symbol: PUT, quantity: "4", cost: "8" },
    ]);
    expect(ledger.book(CALL)).toMatchObject({ net: "3", averagePrice: "3" });
  });

  test("are booked once, whatever is read again or late", () => {
    const { ledger, claim } = taken();
    const early = shown(claim, "1", leg(claim, CALL, "1"), leg(claim, PUT, "2"));
    const last = shown(claim, "3", leg(claim, CALL, "3"), leg(claim, PUT, "6"));
    for (const order of [early, last, early, last, last]) ledger.read(claim, order);
    expect(ledger.book(CALL).net).toBe("3");
    expect(ledger.book(PUT).net).toBe("-6");
    expect(ledger.story(claim.key).filter((type) => type === "leg_booked")).toHaveLength(4);
  });

  test("wait for their price, and the claim waits for them", () => {
    const { ledger, claim } = taken();
    const half = [leg(claim, CALL, "3"), leg(claim, PUT, "6", { price: null })];
    expect(ledger.read(claim, shown(claim, "3", ...half)).status).toBe("FINAL");
    expect(ledger.book(PUT).net).toBe("0");
    const whole = [leg(claim, CALL, "3"), leg(claim, PUT, "6")];
    expect(ledger.read(claim, shown(claim, "3", ...whole)).status).toBe("SETTLED");
    expect(ledger.book(PUT).net).toBe("-6");
  });

  test("count together where those of a replacement have ids of their own", () => {
    const { ledger, claim } = taken();
    ledger.read(claim, shown(claim, "1", leg(claim, CALL, "1"), leg(claim, PUT, "2")));
    const next = { brokerOrderId: "next" as BrokerOrderId, quantity: decimal("2") };
    const own = (symbol: string, filled: string) =>
      leg(claim, symbol, filled, { brokerOrderId: `next-${symbol}` as BrokerOrderId });
    const legs = [own(CALL, "2"), own(PUT, "4")];
    const filled = { status: "filled", filled: "2", price: "-1", legs } as const;
    const successor = orderOf(claim, { ...next, ...filled });
    const replaced = { status: "replaced", replacedBy: next.brokerOrderId } as const;
    const order = { ...shown(claim, "1"), ...replaced };
    const read = { type: "replaced", order, successor, source: "poll" } as const;
    ledger.record(claim.key, { ...read, now: ledger.now });
    expect(ledger.get(claim.key)).toMatchObject({ status: "SETTLED", bookedQuantity: "3" });
    expect([ledger.book(CALL).net, ledger.book(PUT).net]).toEqual(["3", "-6"]);
  });

  test("that fill after the end are booked all the same", () => {
    const { ledger, claim } = taken();
    const canceled = orderOf(claim, { status: "canceled", legs: [leg(claim, CALL, "0")] });
    expect(ledger.read(claim, canceled).status).toBe("SETTLED");
    ledger.read(claim, shown(claim, "3", leg(claim, CALL, "3"), leg(claim, PUT, "6")));
    expect(ledger.book(CALL).net).toBe("3");
    expect(ledger.get(claim.key)).toMatchObject({ bookedQuantity: "3" });
  });

  test("that the broker does not show are none", () => {
    const { ledger, claim } = taken();
    const order = orderOf(claim, { status: "canceled" });
    expect(ledger.read(claim, order)).toMatchObject({ status: "SETTLED", bookedQuantity: "0" });
    expect(ledger.book(CALL).net).toBe("0");
  });
});
