import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import { fingerprintOf, firstDifference } from "../../src/identity/fingerprint.ts";
import type { OrderTerms } from "../../src/identity/intent.ts";
import { buy, intent, underRequestId } from "../claim/builders.ts";

const BASE = intent();

/** One change for every field, in the order in which a difference is to be reported. */
const CHANGES: readonly (readonly [keyof OrderTerms, Partial<OrderTerms>, string, string])[] = [
  ["symbol", { symbol: "SQQQ" }, "TQQQ", "SQQQ"],
  ["side", { side: "sell" }, "buy", "sell"],
  ["effect", { effect: "close" }, "open", "close"],
  ["quantity", { quantity: decimal("12") }, "6", "12"],
  ["notional", { notional: decimal("452") }, "null", "452"],
  ["type", { type: "stop_limit" }, "market", "stop_limit"],
  ["timeInForce", { timeInForce: "gtc" }, "day", "gtc"],
  ["limitPrice", { limitPrice: decimal("75.1") }, "null", "75.1"],
  ["stopPrice", { stopPrice: decimal("74") }, "null", "74"],
  ["trailPrice", { trailPrice: decimal("1") }, "null", "1"],
  ["trailPercent", { trailPercent: decimal("2") }, "null", "2"],
  ["extendedHours", { extendedHours: true }, "false", "true"],
];

describe("a fingerprint", () => {
  test("is the hash of every term by name, null where it is absent", () => {
    const written =
      '{"effect":"open","extendedHours":false,"limitPrice":null,"notional":null,"quantity":"6",' +
      '"side":"buy","stopPrice":null,"symbol":"TQQQ","timeInForce":"day","trailPercent":null,' +
      '"trailPrice":null,"type":"market"}';
    expect(fingerprintOf(BASE)).toBe(createHash("sha256").update(written).digest("hex"));
  });

  test("says nothing of who asks, under which id, on which bar or why", () => {
    const anchor = { bar: "09:42", stage: "base" };
    const other = buy("6", { ...underRequestId("r-1"), anchor, decisionId: "d", reason: "r" });
    expect(fingerprintOf(other)).toBe(fingerprintOf(BASE));
    expect(firstDifference(BASE, other)).toBeUndefined();
  });

  test.each(CHANGES)("differs in %s alone", (field, change, first, second) => {
    const changed = { ...BASE, ...change };
    expect(fingerprintOf(changed)).not.toBe(fingerprintOf(BASE));
    expect(firstDifference(BASE, changed)).toEqual({ field, first, second });
    expect(firstDifference(changed, BASE)).toEqual({ field, first: second, second: first });
  });

  test("has the broker's own terms in it where there are any, compared by value", () => {
    const stop = { ...BASE, extension: { stop_loss: { stop_price: "60" }, order_class: "oto" } };
    const same = { ...BASE, extension: { order_class: "oto", stop_loss: { stop_price: "60" } } };
    expect(fingerprintOf(same)).toBe(fingerprintOf(stop));
    expect(firstDifference(stop, same)).toBeUndefined();
    expect(fingerprintOf(stop)).not.toBe(fingerprintOf(BASE));
    expect(firstDifference(BASE, stop)).toEqual({
      ...{ field: "extension", first: "null" },
      second: '{"order_class":"oto","stop_loss":{"stop_price":"60"}}',
    });
  });

  test("of a part of the position is that part, whatever side and shares it comes to", () => {
    const half = { ...BASE, portion: "50%", side: "sell", effect: "close" } as const;
    const less = { ...half, side: "buy", quantity: decimal("3") } as const;
    expect(fingerprintOf(less)).toBe(fingerprintOf(half));
    expect(firstDifference(half, less)).toBeUndefined();
    expect(fingerprintOf({ ...half, portion: "all" })).not.toBe(fingerprintOf(half));
    expect(firstDifference(half, { ...half, portion: "all" })).toEqual({
      ...{ field: "portion", first: "50%", second: "all" },
    });
  });

  test("tells a part of the position from a number of shares", () => {
    const shares = { ...BASE, side: "sell", effect: "close" } as const;
    const part = { ...shares, portion: "all" };
    expect(fingerprintOf(part)).not.toBe(fingerprintOf(shares));
    expect(firstDifference(shares, part)).toEqual({
      ...{ field: "side", first: "sell", second: "null" },
    });
  });

  test("names the first of several fields that differ", () => {
    for (const [place, [field]] of CHANGES.entries()) {
      const rest = CHANGES.slice(place).map(([, change]) => change);
      expect(firstDifference(BASE, Object.assign({}, BASE, ...rest))?.field).toBe(field);
    }
  });
});
