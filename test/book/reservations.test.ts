import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Book,
  closable,
  emptyBook,
  type Reservation,
  reservedQuantity,
  withAdjustment,
  withFill,
  withoutReservation,
  withReservation,
} from "../../src/book/book.ts";
import { admit } from "../../src/claim/admission.ts";
import {
  absolute,
  compare,
  decimal,
  isZero,
  minimum,
  multiply,
  signOf,
} from "../../src/core/decimal.ts";
import type { RequestId } from "../../src/core/ids.ts";
import type { Side } from "../../src/identity/intent.ts";
import { ACCOUNT, AGENT, OTHER_AGENT, POLICY, sell } from "../claim/builders.ts";
import { cases } from "../property-cases.ts";

function held(net: string): Book {
  return withAdjustment(emptyBook(ACCOUNT, "TQQQ"), decimal(net), decimal("75"));
}

function reservation(requestId: string, quantity: string, agent = AGENT): Reservation {
  return { agent, requestId: requestId as RequestId, quantity: decimal(quantity) };
}

function filled(book: Book, side: Side, quantity: string, requestId: string, agent = AGENT): Book {
  const shares = decimal(quantity);
  const by = { agent, requestId: requestId as RequestId };
  return withFill(book, { side, quantity: shares, cost: multiply(shares, decimal("75")), by });
}

describe("a reservation", () => {
  test("takes its shares from what another close may claim", () => {
    const book = withReservation(
      withReservation(held("18"), reservation("a", "6")),
      reservation("b", "5"),
    );
    expect([reservedQuantity(book), closable(book), book.net]).toEqual(["11", "7", "18"]);
  });

  test("holds shares of a short position alike", () => {
    const book = withReservation(held("-12"), reservation("cover", "5"));
    expect([reservedQuantity(book), closable(book)]).toEqual(["5", "7"]);
  });

  test("shrinks with the fills of its own claim, so that the rest stays closable", () => {
    const book = withReservation(held("18"), reservation("a", "6"));
    const after = filled(book, "sell", "4", "a");
    expect([after.net, reservedQuantity(after), closable(after)]).toEqual(["14", "2", "12"]);
  });

  test("does not shrink with the fills of others, though their request id is the same", () => {
    const book = withReservation(held("18"), reservation("a", "6"));
    const after = filled(book, "sell", "4", "a", OTHER_AGENT);
    expect([after.net, reservedQuantity(after)]).toEqual(["14", "6"]);
  });

  test("never shrinks below nothing when more is filled than was held", () => {
    const book = withReservation(held("18"), reservation("a", "6"));
    expect(reservedQuantity(filled(book, "sell", "7", "a"))).toBe("0");
  });

  test("is given back by its own claim only", () => {
    const both = withReservation(held("18"), reservation("a", "6"));
    const book = withReservation(both, reservation("a", "5", OTHER_AGENT));
    const after = withoutReservation(book, { agent: AGENT, requestId: "a" as RequestId });
    expect(after.reservations).toEqual([reservation("a", "5", OTHER_AGENT)]);
  });

  test("stays when the broker's figures are taken over, and never makes closable negative", () => {
    const book = withReservation(held("18"), reservation("a", "12"));
    const less = withAdjustment(book, decimal("6"), decimal("75"));
    expect([reservedQuantity(less), closable(less)]).toEqual(["12", "0"]);
  });
});

/** A close that was admitted, with the shares that its order may still fill. */
interface LiveClose {
  readonly name: string;
  readonly left: string;
}

type Step =
  | { readonly type: "close"; readonly quantity: string; readonly clip: boolean }
  | { readonly type: "fill"; readonly which: number; readonly quantity: string }
  | { readonly type: "end"; readonly which: number }
  | { readonly type: "grow"; readonly quantity: string };

const shares = fc.integer({ min: 1, max: 24 }).map((halves) => String(halves / 2));
const which = fc.nat({ max: 3 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("close"), quantity: shares, clip: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("fill"), which, quantity: shares }) },
  fc.record({ type: fc.constant("end"), which }),
  fc.record({ type: fc.constant("grow"), quantity: shares }),
);

/** A position and the closes at work on it; whatever is admitted may fill as far as it goes. */
class Position {
  book: Book;
  readonly #side: Side;
  #live: LiveClose[] = [];
  #closes = 0;

  constructor(net: string) {
    this.book = held(net);
    this.#side = signOf(this.book.net) > 0 ? "sell" : "buy";
  }

  take(step: Step): void {
    switch (step.type) {
      case "close":
        this.#close(step.clip ? closable(this.book) : step.quantity);
        break;
      case "fill":
        this.#fill(this.#live[step.which], step.quantity);
        break;
      case "end":
        this.#end(this.#live[step.which]);
        break;
      case "grow":
        if (isZero(this.book.net)) break;
        this.book = filled(this.book, this.#side === "sell" ? "buy" : "sell", step.quantity, "add");
    }
  }

  #close(quantity: string): void {
    if (quantity === "0") return;
    const intent = sell(quantity, { side: this.#side });
    const admission = admit(this.book, intent, POLICY);
    if (admission.kind === "blocked") return;
    this.#closes += 1;
    const name = `close ${this.#closes}`;
    const reserved = admission.reserve ?? "0";
    this.book = withReservation(this.book, reservation(name, reserved));
    this.#live.push({ name, left: reserved });
  }

  #fill(close: LiveClose | undefined, wanted: string): void {
    if (close === undefined || close.left === "0") return;
    const quantity = minimum(decimal(wanted), decimal(close.left));
    this.book = filled(this.book, this.#side, quantity, close.name);
    const left = String(Number(close.left) - Number(quantity));
    this.#live = this.#live.map((other) => (other === close ? { ...close, left } : other));
  }

  #end(close: LiveClose | undefined): void {
    if (close === undefined) return;
    this.book = withoutReservation(this.book, {
      agent: AGENT,
      requestId: close.name as RequestId,
    });
    this.#live = this.#live.filter((other) => other !== close);
  }
}

describe("I5: whatever closes are admitted, filled and ended, in whatever order", () => {
  test.each([["9"], ["-9"]])("%s shares are never oversold and never turn over", (net) => {
    let admitted = 0;
    let flat = 0;
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        const position = new Position(net);
        for (const step of steps) {
          position.take(step);
          const { book } = position;
          const reserved = reservedQuantity(book);
          expect(compare(reserved, absolute(book.net))).toBeLessThanOrEqual(0);
          for (const { quantity } of book.reservations) {
            expect(signOf(quantity)).toBeGreaterThanOrEqual(0);
          }
          expect([0, net === "9" ? 1 : -1]).toContain(signOf(book.net));
          expect(book.episode).toBe(1);
        }
        admitted += position.book.reservations.length;
        flat += Number(isZero(position.book.net));
      }),
      { numRuns: cases(1_000) },
    );
    expect(admitted, "no run had a live close").toBeGreaterThan(0);
    expect(flat, "no run closed the position").toBeGreaterThan(0);
  });
});
