/** How a claim ends by each kind of evidence, who proved it, and what later evidence corrects. */
import { describe, expect, test } from "vitest";
import { emptyBook } from "../../src/book/book.ts";
import { averagePriceOf, type Claim, receiptOf, wasFilled } from "../../src/claim/claim.ts";
import { type BookEvent, type ClaimEvent, MOVES } from "../../src/claim/claim-event.ts";
import { evolveBook, evolveBookByClaim, evolveClaim, nextAttempt } from "../../src/claim/evolve.ts";
import { decimal, ZERO } from "../../src/core/decimal.ts";
import { InvariantError } from "../../src/core/errors.ts";
import { ACCOUNT, buy, filledOrder, orderOf, proceeded, START, sell } from "./builders.ts";
import { BRACKET, parentOf } from "./family-builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const AT = START + 60_000;

/** A claim whose outcome nobody knows. */
function unknown(): Claim {
  const ledger = new MemoryLedger();
  return ledger.loseAnswer(proceeded(ledger.claim(buy("6"))));
}

const byOperator = (outcome: "absent" | "rejected" | "already_flat"): ClaimEvent => ({
  ...{ type: "operator_ended", outcome, by: "ada", reason: "seen in the account" },
});

describe("a claim in question ends", () => {
  test.each<[ClaimEvent, Claim["outcome"], Claim["provenance"]]>([
    [{ type: "malformed" }, "rejected", "venue"],
    [{ type: "still_held" }, "rejected", "venue"],
    [{ type: "changed_elsewhere" }, "rejected", "venue"],
    [{ type: "absence_proved" }, "absent", "venue"],
    [{ type: "flatness_proved", provenance: "venue" }, "already_flat", "venue"],
    [{ type: "flatness_proved", provenance: "inferred" }, "already_flat", "inferred"],
    [byOperator("absent"), "absent", "operator"],
    [byOperator("rejected"), "rejected", "operator"],
    [byOperator("already_flat"), "already_flat", "operator"],
  ])("by $type: %#", (event, outcome, provenance) => {
    const claim = unknown();
    expect(evolveClaim(claim, claim.key, event, AT)).toEqual({
      ...claim,
      ...{ status: "FINAL", outcome, provenance, certainAt: AT, unknownBecause: null },
    });
  });
});

describe("a person's word about an order that has filled in part", () => {
  const inPart = { ...unknown(), bookedQuantity: decimal("2"), bookedCost: decimal("150") };
  const ended = (outcome: Parameters<typeof byOperator>[0]) =>
    evolveClaim(inPart, inPart.key, byOperator(outcome), AT).outcome;

  test("is that the rest has not filled, whatever word it is", () => {
    expect(ended("absent")).toBe("partially_filled");
    expect(ended("rejected")).toBe("partially_filled");
  });

  test("is taken as it is where nothing was left to close", () => {
    expect(ended("already_flat")).toBe("already_flat");
  });
});

test("an order whose place another one of its family has taken ends canceled", () => {
  const claim = unknown();
  const order = orderOf(claim, { status: "replaced" });
  const event = { type: "order_ended", order, source: "poll" } as const;
  expect(evolveClaim(claim, claim.key, event, AT)).toMatchObject({ outcome: "canceled" });
});

describe("a fill that nobody had seen corrects an end", () => {
  /** The claim after it has settled as `first` shows, and then `second` was read. */
  function corrected(intent = buy("6"), first = {}, second = {}) {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(intent));
    ledger.accept(claim, orderOf(claim, { status: "canceled", ...first }));
    return ledger.after(1_000).read(claim, orderOf(claim, { status: "canceled", ...second }));
  }
  const dollars = () => buy("1", { quantity: null, notional: decimal("450") });

  test("to filled once all shares are there, to partially filled before", () => {
    const part = corrected(buy("6"), {}, { filled: "2" });
    expect(part).toMatchObject({ status: "SETTLED", outcome: "partially_filled" });
    expect(corrected(buy("6"), {}, { filled: "6" })).toMatchObject({
      ...{ outcome: "filled", provenance: "venue", certainAt: START + 1_000 },
    });
  });

  test("to partially filled, where the order was for dollars and had not filled", () => {
    expect(corrected(dollars(), {}, { filled: "2" }).outcome).toBe("partially_filled");
  });

  test("and leaves filled what had filled", () => {
    const first = { status: "filled", filled: "2" };
    const second = { status: "filled", filled: "3" };
    expect(corrected(dollars(), first, second).outcome).toBe("filled");
  });

  test("of which an operator had said that there was none", () => {
    const claim = unknown();
    const over = evolveClaim(claim, claim.key, byOperator("rejected"), AT);
    const { brokerOrderId } = orderOf(claim);
    const late = { type: "late_fill_booked", brokerOrderId, source: "poll" } as const;
    const fill = { ...late, quantity: decimal("6"), cost: decimal("450") };
    expect(evolveClaim(over, claim.key, fill, AT)).toMatchObject({
      ...{ outcome: "filled", provenance: "venue", brokerOrderId, bookedQuantity: "6" },
    });
  });
});

describe("a fill that the broker takes back", () => {
  /** Three were booked when the order ended with two. */
  function takenBack() {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim, { status: "partially_filled", filled: "3" }));
    const two = orderOf(claim, { status: "canceled", filled: "2" });
    expect(ledger.read(claim, two)).toMatchObject({ status: "FINAL", bookedQuantity: "3" });
    return { ledger, claim, two };
  }

  test("settles its claim once a read is so late that it lags behind no more", () => {
    const { ledger, claim, two } = takenBack();
    ledger.after(29_999);
    expect(ledger.read(claim, two).status).toBe("FINAL");
    ledger.after(1);
    expect(ledger.read(claim, two)).toMatchObject({ status: "SETTLED", bookedQuantity: "3" });
    expect(ledger.book().net).toBe("3");
  });

  test("is not believed of the stream, nor of an order that is shown at work", () => {
    const { ledger, claim, two } = takenBack();
    ledger.after(30_000);
    expect(ledger.read(claim, two, "stream").status).toBe("FINAL");
    expect(ledger.read(claim, { ...two, status: "partially_filled" }).status).toBe("FINAL");
  });

  test("is none where the rest is there by then, which is booked before the claim settles", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    const unpriced = ledger.accept(claim, filledOrder(claim, null));
    expect(unpriced).toMatchObject({ status: "FINAL", bookedQuantity: "0" });
    ledger.after(30_000);
    expect(ledger.read(claim, filledOrder(claim, null)).status).toBe("FINAL");
    const settled = ledger.read(claim, filledOrder(claim));
    expect(settled).toMatchObject({ status: "SETTLED", bookedQuantity: "6" });
  });
});

describe("a claim's receipt", () => {
  test("is none before its end, and says what was filled at what price after it", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    expect(receiptOf(claim)).toBeUndefined();
    expect(averagePriceOf(claim)).toBeNull();
    const { brokerOrderId } = orderOf(claim);
    expect(receiptOf(ledger.accept(claim, filledOrder(claim, "75.5")))).toEqual({
      ...{ requestId: claim.key.requestId, clientOrderId: claim.clientOrderId, brokerOrderId },
      ...{ status: "SETTLED", outcome: "filled", provenance: "venue", filledQuantity: "6" },
      ...{ averagePrice: "75.5", refusal: null },
    });
  });

  test("counts as filled what has shares in the book, or is known to have filled some", () => {
    const filled = (changes: object) => {
      const ledger = new MemoryLedger();
      const claim = proceeded(ledger.claim(buy("6")));
      return wasFilled(ledger.accept(claim, orderOf(claim, changes)));
    };
    expect(filled({})).toBe(false);
    expect(filled({ status: "canceled" })).toBe(false);
    expect(filled({ filled: "1" })).toBe(true);
    expect(filled({ status: "filled", filled: "6", price: null })).toBe(true);
    expect(filled({ status: "canceled", filled: "1", price: null })).toBe(true);
  });

  test("counts as filled what a leg of its has filled in its stead", () => {
    const claim = parentOf(BRACKET);
    const family = { parent: null, legs: [], filledByLegs: ZERO, quantity: null };
    expect(wasFilled({ ...claim, family })).toBe(false);
    expect(wasFilled({ ...claim, family: { ...family, filledByLegs: decimal("2") } })).toBe(true);
  });
});

describe("what a claim's events leave of its reservation", () => {
  test("legs hold theirs after their order is settled, whatever is said of it", () => {
    const settled = { ...parentOf(BRACKET), status: "SETTLED" } as const;
    const { agent, requestId } = settled.key;
    const held = [{ agent, requestId, quantity: decimal("6") }];
    const book = { ...emptyBook(ACCOUNT, "TQQQ"), net: decimal("6"), reservations: held };
    const told = { type: "caller_told", answer: "certain" } as const;
    expect(evolveBookByClaim(book, told, "SETTLED", settled)).toEqual(book);
  });

  test("a replacement gives back nothing where nothing is held", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const claim = proceeded(ledger.claim(sell("6")));
    const book = { ...ledger.book(), reservations: [] };
    const { clientOrderId } = claim;
    const dropped = { type: "replace_dropped", clientOrderId, reason: "refused" } as const;
    const event = { ...dropped, extra: decimal("3") };
    expect(evolveBookByClaim(book, event, "IN_RECONCILIATION", claim)).toEqual(book);
  });
});

describe("a book's own events", () => {
  const held = () => new MemoryLedger().adopt("6", "75").book();

  test("take the broker's figures over, naming the claim that it concludes", () => {
    const cause = proceeded(new MemoryLedger().claim(buy("6"))).key;
    const adjusted: BookEvent = {
      ...{ type: "position_adjusted", net: ZERO, averagePrice: ZERO, incident: 1, cause },
    };
    const { agent, requestId } = cause;
    expect(evolveBook(held(), adjusted)).toMatchObject({
      ...{ net: "0", closedBy: { agent, requestId } },
    });
    expect(held()).toMatchObject({ net: "6", averagePrice: "75", episode: 1 });
  });

  test("leave it alone where they only tell", () => {
    const book = held();
    const told = { type: "incident_evidence", incident: 1, text: "t", next: null } as const;
    expect(evolveBook(book, told)).toBe(book);
  });
});

test("a claim with fills is never opened for another attempt", () => {
  const claim = parentOf(buy("6"), { status: "canceled", filled: "1" });
  expect(() => nextAttempt(claim)).toThrow(
    new InvariantError("a claim with fills is never reopened"),
  );
});

test("a book is moved by fills and by what it takes over from the broker, and by no other event", () => {
  const fills = ["fill_booked", "late_fill_booked", "leg_booked"];
  expect([...MOVES]).toEqual([...fills, "opening_adopted", "position_adjusted"]);
});
