/** I6: every fill is booked exactly once, in whatever order and however often it is told. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import { type DecimalText, decimal, divide, toFixed } from "../../src/core/decimal.ts";
import { cases } from "../property-cases.ts";
import {
  blockOf,
  buy,
  filledOrder,
  OTHER_AGENT,
  orderOf,
  proceeded,
  SECOND,
  sell,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

/** How each of an order's reads reaches us. */
type Path = "response" | "stream" | "poll";

interface Delivery {
  readonly place: number;
  readonly path: Path;
  /** Whether the broker already shows the average price of what is filled. */
  readonly priced: boolean;
}

interface Story {
  readonly side: "buy" | "sell";
  readonly fills: readonly (readonly [shares: number, cents: number])[];
  readonly end: "filled" | "canceled" | "expired";
  readonly extra: readonly Delivery[];
  readonly shuffle: readonly number[];
}

const anyPath = fc.constantFrom<Path>("response", "stream", "poll");
const anyStory: fc.Arbitrary<Story> = fc.record({
  side: fc.constantFrom("buy", "sell"),
  fills: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9_999 })), {
    minLength: 1,
    maxLength: 6,
  }),
  end: fc.constantFrom("filled", "canceled", "expired"),
  extra: fc.array(fc.record({ place: fc.nat({ max: 7 }), path: anyPath, priced: fc.boolean() }), {
    maxLength: 8,
  }),
  shuffle: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 }),
});

function sharesOf({ fills }: Story): number {
  return fills.reduce((sum, [shares]) => sum + shares, 0);
}

/** A ledger with one claim of the story's order, in a position that can take either side. */
function claimed(story: Story): { ledger: MemoryLedger; claim: Claim } {
  const ledger = new MemoryLedger().adopt("100", "50");
  const quantity = String(sharesOf(story) + (story.end === "filled" ? 0 : 3));
  const intent = story.side === "buy" ? buy(quantity) : sell(quantity);
  return { ledger, claim: proceeded(ledger.claim(intent)) };
}

/** The order as the broker showed it after each fill, from none to its end. */
function snapshotsOf(story: Story, claim: Claim): readonly BrokerOrder[] {
  let shares = 0;
  let cents = 0;
  const working = story.fills.map(([more, price]) => {
    shares += more;
    cents += more * price;
    const average = divide(decimal(String(cents / 100)), decimal(String(shares)));
    const filled = String(shares);
    return orderOf(claim, { status: "partially_filled", filled, price: average });
  });
  const last = working.at(-1) ?? orderOf(claim);
  return [orderOf(claim), ...working, { ...last, status: story.end }];
}

function deliver(ledger: MemoryLedger, claim: Claim, read: BrokerOrder, delivery: Delivery): void {
  const order = delivery.priced ? read : { ...read, filledAveragePrice: null };
  ledger.after(1);
  if (delivery.path === "response") ledger.accept(claim, order);
  else ledger.read(claim, order, delivery.path);
}

/** What must not depend on the order of delivery; averages to 20 digits, as division rounds. */
function result(ledger: MemoryLedger, claim: Claim) {
  const { status, outcome, bookedQuantity, bookedCost } = ledger.get(claim.key);
  const { net, averagePrice, realizedProfitUsd, episode, reservations } = ledger.book();
  const rounded = (value: DecimalText) => toFixed(value, 20);
  return {
    claim: { status, outcome, bookedQuantity, bookedCost: rounded(bookedCost) },
    book: { net, episode, reservations },
    figures: [averagePrice, realizedProfitUsd].map(rounded),
  };
}

describe("the reads of one order", () => {
  test("give the same book in any order, any multiplicity and by any path as once in order", () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const inOrder = claimed(story);
        for (const order of snapshotsOf(story, inOrder.claim)) {
          deliver(inOrder.ledger, inOrder.claim, order, { place: 0, path: "poll", priced: true });
        }
        const mixed = claimed(story);
        const snapshots = snapshotsOf(story, mixed.claim);
        const once = snapshots.map((_, place): Delivery => ({ place, path: "poll", priced: true }));
        const all = [...once, ...story.extra].map((delivery, index) => ({
          delivery,
          rank: story.shuffle[index % story.shuffle.length] ?? 0,
        }));
        for (const { delivery } of all.sort((a, b) => a.rank - b.rank)) {
          const order = snapshots[delivery.place % snapshots.length];
          if (order !== undefined) deliver(mixed.ledger, mixed.claim, order, delivery);
        }
        expect(result(mixed.ledger, mixed.claim)).toEqual(result(inOrder.ledger, inOrder.claim));
        const signed = (story.side === "buy" ? 1 : -1) * sharesOf(story);
        expect(mixed.ledger.book().net).toBe(String(100 + signed));
        expect(mixed.ledger.get(mixed.claim.key).status).toBe("SETTLED");
      }),
      { numRuns: cases(1_000) },
    );
  });
});

describe("a partial fill", () => {
  test("is booked at its own price, from the order's cumulative average", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim, { status: "partially_filled", filled: "2", price: "75" }));
    ledger.read(claim, orderOf(claim, { status: "filled", filled: "6", price: "76" }));
    expect(ledger.get(claim.key)).toMatchObject({ bookedQuantity: "6", bookedCost: "456" });
    const fills = ledger.log.flatMap(({ event }) => (event.type === "fill_booked" ? [event] : []));
    expect(fills.map(({ quantity, cost }) => [quantity, cost])).toEqual([
      ["2", "150"],
      ["4", "306"],
    ]);
  });

  test("that is canceled keeps what filled, and is known as partial", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim, { status: "partially_filled", filled: "2" }));
    const after = ledger.read(claim, orderOf(claim, { status: "canceled", filled: "2" }));
    expect(after).toMatchObject({ status: "SETTLED", outcome: "partially_filled" });
    expect(ledger.book().net).toBe("2");
  });

  test("is known as partial though the read that tells of the cancel lags behind", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim, { status: "partially_filled", filled: "2" }));
    const behind = ledger.read(claim, orderOf(claim, { status: "canceled" }));
    expect(behind).toMatchObject({ status: "FINAL", outcome: "partially_filled" });
    const read = ledger.read(claim, orderOf(claim, { status: "canceled", filled: "2" }));
    expect(read.status).toBe("SETTLED");
    expect(ledger.book().net).toBe("2");
  });

  test("is not forgotten by an older read", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim, { status: "partially_filled", filled: "2" }));
    const before = ledger.get(claim.key);
    const events = ledger.log.length;
    expect(ledger.read(claim, orderOf(claim))).toEqual(before);
    expect(ledger.log.length).toBe(events);
  });
});

describe("a filled order whose price is not known yet", () => {
  test("is final but not settled, and an older read does not settle it", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim));
    ledger.read(claim, filledOrder(claim, null));
    for (const older of [orderOf(claim), orderOf(claim, { status: "pending_new" })]) {
      expect(ledger.read(claim, older)).toMatchObject({ status: "FINAL", outcome: "filled" });
    }
    expect(ledger.book().net).toBe("0");
    expect(ledger.read(claim, filledOrder(claim))).toMatchObject({
      status: "SETTLED",
      bookedQuantity: "6",
    });
    expect(ledger.story(claim.key).slice(-2)).toEqual(["fill_booked", "sealed"]);
  });
});

describe("a fill that nobody had seen", () => {
  test("is booked though the order had been canceled, and corrects the outcome", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim, { status: "canceled" }));
    const late = orderOf(claim, { status: "canceled", filled: "2" });
    expect(ledger.read(claim, late)).toMatchObject({
      status: "SETTLED",
      outcome: "partially_filled",
      bookedQuantity: "2",
    });
    expect(ledger.read(claim, filledOrder(claim))).toMatchObject({ outcome: "filled" });
    expect(ledger.book().net).toBe("6");
    expect(ledger.story(claim.key).filter((type) => type === "late_fill_booked")).toHaveLength(2);
  });

  test("is booked once, however often it is told", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim, { status: "canceled" }));
    for (let told = 0; told < 3; told += 1) ledger.read(claim, filledOrder(claim));
    expect(ledger.book().net).toBe("6");
  });

  test("makes the same intent a repeat again for the window that follows", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.loseAnswer(claim);
    ledger.proveAbsent(claim);
    ledger.after(300 * SECOND).read(claim, filledOrder(claim));
    expect(ledger.after(44 * SECOND).claim(buy("6")).kind).toBe("skip");
  });

  test("leaves shares that another close holds to that close", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const first = proceeded(ledger.claim(sell("6")));
    ledger.accept(first, orderOf(first, { status: "canceled" }));
    const second = proceeded(ledger.claim(sell("12")));
    ledger.read(first, orderOf(first, { status: "canceled", filled: "2" }));
    expect(ledger.book()).toMatchObject({ net: "10", reservations: [{ quantity: "12" }] });
    const block = blockOf(ledger.claim(sell("1", { agent: OTHER_AGENT })));
    expect(block).toMatchObject({ cause: second.key, availableQuantity: "0" });
  });
});
