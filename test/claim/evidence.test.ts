/** What the broker's word for an order's status says of it. */
import { expect, test } from "vitest";
import { hasEnded, isTerminalStatus, withLegs } from "../../src/claim/evidence.ts";
import { orderOf } from "./builders.ts";
import { BRACKET, legOf, parentOf } from "./family-builders.ts";

test.each(["filled", "canceled", "expired", "rejected"])(
  "an order that is %s is over",
  (status) => {
    expect(isTerminalStatus(status)).toBe(true);
    expect(hasEnded(status)).toBe(true);
  },
);

test("one that was replaced is never at work again, and hands its shares to another", () => {
  expect(isTerminalStatus("replaced")).toBe(false);
  expect(hasEnded("replaced")).toBe(true);
});

test.each(["new", "held", "pending_replace", "done_for_day", "stopped", "nobody's word"])(
  "one that is %s may be at work again",
  (status) => {
    expect(isTerminalStatus(status)).toBe(false);
    expect(hasEnded(status)).toBe(false);
  },
);

test("a list of orders has each order's legs behind it", () => {
  const parent = parentOf(BRACKET);
  const legs = [legOf(parent, "limit"), legOf(parent, "stop")];
  const [entry, alone] = [orderOf(parent, { legs }), orderOf(parent)];
  expect(withLegs([entry, alone])).toEqual([entry, ...legs, alone]);
});
