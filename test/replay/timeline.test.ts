import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import type { GuardedWorld } from "../../src/replay/guarded-world.ts";
import { timelineOf } from "../../src/replay/timeline.ts";
import type { RowOrder, UnguardedWorld } from "../../src/replay/unguarded-world.ts";
import { guarded, rowOrder, sessionOfRows, unguarded } from "./made-up-worlds.ts";
import { fault } from "./replayed-session.ts";
import { type Fields, order } from "./session-file.ts";

const FIRST = order({ id: "first", time: "09:42:00", mark: "inferred" });
const AGAIN = order({ id: "again", time: "09:42:02", duplicateOf: "first" });
const INSUFFICIENT = "403 insufficient qty available for order (requested: 18, available: 6)";
const MISMATCH = "422 position intent mismatch, inferred: sell_to_open, specified: sell_to_close";

function lastRow(
  rows: Fields[],
  without: Partial<UnguardedWorld>,
  latched?: Partial<GuardedWorld>,
) {
  const session = sessionOfRows(...rows);
  const timeline = timelineOf(session, unguarded(without), guarded([], latched));
  return timeline[timeline.length - 1];
}

function refused(message: string, times = 3): Partial<UnguardedWorld> {
  const failures = Array.from({ length: times }, () => message);
  return { tried: new Map([["again", { result: null, failures }]]) };
}

describe("an order's row", () => {
  test("says what was wanted and why, with the row's own mark", () => {
    expect(lastRow([FIRST], {})).toMatchObject({
      time: "09:42:00",
      mark: "inferred",
      event: "buy TQQQ 6, entry, base",
      highlight: "none",
    });
  });

  test("says again where it repeats another, and stands out", () => {
    expect(lastRow([FIRST, AGAIN], {})).toMatchObject({
      mark: "stated",
      event: "buy TQQQ 6 again",
      highlight: "duplicate",
    });
  });
});

describe("without the latch", () => {
  const text = (...orders: readonly ReturnType<typeof rowOrder>[]) =>
    lastRow([FIRST, AGAIN], { orders })?.unguarded;

  test("an order is shown with its price, and with its part where only a part is filled", () => {
    expect(text(rowOrder("again"))).toBe("filled @ 75.33");
    expect(text(rowOrder("again", { filledQuantity: decimal("2") }))).toBe("filled 2 of 6 @ 75.33");
    expect(text(rowOrder("again", { averagePrice: null, status: "canceled" }))).toBe("canceled");
  });

  test("an order is a DUPLICATE only where another of its action is at the broker", () => {
    expect(text(rowOrder("first"), rowOrder("again"))).toBe("DUPLICATE @ 75.33");
  });

  test("a lost answer shows with both orders that came of it", () => {
    const tried = new Map([["again", { result: "id", failures: ["no answer"] }]]);
    const orders = [rowOrder("again"), rowOrder("again")];
    expect(lastRow([FIRST, AGAIN], { orders, tried })?.unguarded).toBe(
      "failed once: no answer; filled @ 75.33; DUPLICATE @ 75.33",
    );
  });

  const refusedText = (message: string, times: number) =>
    lastRow([FIRST, AGAIN], refused(message, times))?.unguarded;

  test.each([
    [INSUFFICIENT, 3, "refused 3 times: 403 insufficient qty (available 6)"],
    [MISMATCH, 3, "refused 3 times: 422 position intent mismatch"],
    ["502 <html>\n<body>bad</body>", 2, "failed 2 times: 502 a web page"],
    ["no answer", 1, "failed once: no answer"],
  ])("a refusal %j is cut to what matters", (message, times, shown) => {
    expect(refusedText(message, times)).toBe(shown);
  });

  test("a message that nobody knows is cut short", () => {
    expect(refusedText(`403 ${"x".repeat(500)}`, 1)).toBe(`refused once: 403 ${"x".repeat(56)}...`);
  });

  test("an order that its bot never came to send says so", () => {
    expect(lastRow([FIRST, AGAIN], {})?.unguarded).toBe("not sent");
  });
});

describe("behind the guard of old", () => {
  const text = (answer: "skip" | "failed_open" | "claimed", ...orders: RowOrder[]) =>
    lastRow([FIRST, AGAIN], { orders, guardAnswers: new Map([["again", answer]]) })?.unguarded;

  test("a SKIP was taken for a fill, and an order whose claim failed went out", () => {
    expect(text("skip")).toBe("SKIP, not sent, taken for a fill");
    expect(text("failed_open", rowOrder("again"))).toBe(
      "no claim, sent all the same; filled @ 75.33",
    );
    expect(text("claimed", rowOrder("again"))).toBe("filled @ 75.33");
  });
});

describe("with the latch", () => {
  const text = (tried?: ReturnType<GuardedWorld["tried"]["get"]>) =>
    lastRow([FIRST, AGAIN], {}, { tried: new Map(tried === undefined ? [] : [["again", tried]]) })
      ?.guarded;
  const answered = (status: "SKIP" | "PENDING") =>
    text({ result: { status, requestId: "" }, failures: [] });

  test("an answer that sent nothing says so", () => {
    expect(answered("SKIP")).toBe("SKIP, not sent");
    expect(answered("PENDING")).toBe("PENDING, not sent");
  });

  test("a block names its code, and how often", () => {
    const failures = ["close_while_flat", "close_while_flat", "close_while_flat"];
    expect(text({ result: null, failures })).toBe("BLOCKED 3 times: close_while_flat");
  });

  test("a try that no claim could be written for fails closed", () => {
    const failures = ["store_failed", "store_failed", "store_failed"];
    expect(text({ result: null, failures })).toBe("fails closed 3 times: store_failed, not sent");
  });

  test("a call that has not returned by the end says so", () => {
    expect(text()).toBe("no answer by the end");
  });
});

describe("other rows", () => {
  test("a fault says what the broker does to what, and how often", () => {
    expect(lastRow([fault("refuse", { status: 422, message: "no" })], {})).toMatchObject({
      event: "fault: refuse /v2/orders: 422, once",
      highlight: "fault",
    });
  });

  test("a claim store that refuses says until when", () => {
    const refuses = { kind: "store_fault", from: "10:14:30", until: "10:15:30", mark: "inferred" };
    expect(lastRow([refuses], {})).toMatchObject({
      time: "10:14:30",
      mark: "inferred",
      event: "fault: no claim can be written until 10:15:30",
      highlight: "fault",
    });
  });

  test("a span of wanted entries shows the minutes that either world blocked", () => {
    const span = {
      kind: "entries_wanted",
      from: "11:33:00",
      until: "14:00:00",
      everyMinutes: 1,
      instance: "a",
      symbol: "TQQQ",
      mark: "stated",
    };
    const blockedMinutes = new Map([[0, 147]]);
    expect(lastRow([span], { blockedMinutes })).toMatchObject({
      time: "11:33:00",
      event: "wants TQQQ entry until 14:00:00",
      unguarded: "ENTRY BLOCKED for 147 minutes",
      guarded: "free",
      highlight: "blocked",
    });
  });
});
