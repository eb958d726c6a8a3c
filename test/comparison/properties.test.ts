import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isToBeLookedAt } from "../../src/comparison/finding.ts";
import { cases } from "../property-cases.ts";
import { compared } from "./records.ts";

/** Few of everything, so that ids, terms and times meet. */
const id = fc.constantFrom("aaaaaaaa", "aaaaaaaa.1", "bbbbbbbb", "cccccccc", "dddddddd");
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
const time = fc.integer({ min: 0, max: 90 }).map((at) => 1_779_370_920 + at);
const scope = fc.record({
  symbol: maybe(fc.constantFrom("TQQQ", "SQQQ")),
  side: fc.constantFrom("buy", "sell"),
  qty: fc.constantFrom(6, "12"),
});

const claim = fc.record({
  request_id: id,
  client_order_id: maybe(id),
  order_id: maybe(id),
  status: fc.constantFrom("PENDING", "COMMITTED", "SKIP", "FAILED", "filled", "absent", "new"),
  result: fc.constantFrom(null, "SKIP", "see aaaaaaaa.1", { filled_qty: 6 }),
  timestamp: maybe(time),
  scope: maybe(scope),
});

const plainOrder = fc.record({
  id,
  client_order_id: maybe(id),
  symbol: fc.constantFrom("TQQQ", "SQQQ"),
  side: fc.constantFrom("buy", "sell"),
  qty: fc.constantFrom("6", "12"),
  filled_qty: fc.constantFrom("0", "6"),
  status: fc.constantFrom("new", "filled", "canceled", "rejected", "replaced"),
  submitted_at: maybe(time),
  replaces: maybe(id),
  replaced_by: maybe(id),
});
const order = fc.record({ plain: plainOrder, legs: fc.array(plainOrder, { maxLength: 2 }) });
const orders = fc.array(
  order.map(({ plain, legs }) => ({ ...plain, legs })),
  { maxLength: 8 },
);
const claims = fc.array(claim, { maxLength: 8 });

const shuffled = <Value>(values: readonly Value[]) =>
  fc.shuffledSubarray([...values], { minLength: values.length, maxLength: values.length });

function checked(property: fc.IProperty<unknown> | fc.IPropertyWithHooks<unknown>): void {
  fc.assert(property, { numRuns: cases(600) });
}

describe("of any claims and orders", () => {
  test("the order of the input changes nothing", () => {
    const both = fc
      .tuple(claims, orders)
      .chain(([some, others]) =>
        fc.tuple(fc.constant([some, others] as const), shuffled(some), shuffled(others)),
      );
    checked(
      fc.property(both, ([[some, others], otherClaims, otherOrders]) => {
        expect(compared(otherClaims, otherOrders)).toEqual(compared(some, others));
      }),
    );
  });

  test("every claim and every order has exactly one finding", () => {
    checked(
      fc.property(claims, orders, (some, others) => {
        const { findings, sizes } = compared(some, others);
        const records = findings.map((finding) => finding.claim?.records ?? 0);
        expect(records.reduce((sum, count) => sum + count, 0)).toBe(some.length);
        const named = findings.flatMap((finding) => finding.orders.map((one) => one.id));
        const given = others.flatMap(({ id: own, legs }) => [own, ...legs.map((leg) => leg.id)]);
        expect([...named].sort()).toEqual([...new Set(given)].sort());
        expect(sizes.orders.distinct).toBe(named.length);
      }),
    );
  });

  test("nothing is confirmed but by ids, and nothing that differs is confirmed", () => {
    checked(
      fc.property(claims, orders, (some, others) => {
        for (const finding of compared(some, others).findings) {
          if (finding.match === "heuristic") expect(finding.kind).toBe("uncertain");
          if (finding.kind !== "confirmed" || finding.orders.length === 0) continue;
          expect(["exact", "partial"]).toContain(finding.match);
          const [first] = finding.orders;
          const { symbol, side } = finding.claim ?? {};
          expect([symbol ?? first?.symbol, side ?? first?.side]).toEqual([
            first?.symbol,
            first?.side,
          ]);
        }
      }),
    );
  });

  test("what was taken for a success without an order is never passed over", () => {
    checked(
      fc.property(claims, orders, (some, others) => {
        for (const finding of compared(some, others).findings) {
          if (finding.claim?.isSkipTakenForSuccess) expect(isToBeLookedAt(finding)).toBe(true);
        }
      }),
    );
  });
});
