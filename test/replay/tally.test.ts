import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import { tallyGuarded, tallyUnguarded } from "../../src/replay/tally.ts";
import { guarded, rowOrder, sessionOfRows, turnedAway, unguarded } from "./made-up-worlds.ts";
import { order } from "./session-file.ts";

const FIRST = order({ id: "first", time: "09:42:00" });
const AGAIN = order({ id: "again", time: "09:42:02", duplicateOf: "first", recorded: true });
const OTHER = order({ id: "other", time: "09:43:00", bar: "09:43" });
const LATER = order({ id: "later", time: "09:44:00", duplicateOf: "other", bar: "09:43" });
const SESSION = sessionOfRows(FIRST, AGAIN, OTHER, LATER);

function duplicatesOf(...orders: readonly ReturnType<typeof rowOrder>[]) {
  const { brokerOrders, duplicateOrders, duplicateNotionalUsd } = tallyUnguarded(
    SESSION,
    unguarded({ orders }),
  );
  return [brokerOrders, duplicateOrders, duplicateNotionalUsd];
}

describe("an order at the broker is a duplicate", () => {
  test("when its row repeats one whose order is there, and is worth what was filled", () => {
    expect(duplicatesOf(rowOrder("first"), rowOrder("again"))).toEqual([2, 1, "451.98"]);
    const partly = rowOrder("again", { filledQuantity: decimal("2") });
    expect(duplicatesOf(rowOrder("first"), partly)).toEqual([2, 1, "150.66"]);
    const working = rowOrder("again", { filledQuantity: decimal("0"), averagePrice: null });
    expect(duplicatesOf(rowOrder("first"), working)).toEqual([2, 1, "0.00"]);
  });

  test("when it is its own row's second one", () => {
    expect(duplicatesOf(rowOrder("first"), rowOrder("first"))).toEqual([2, 1, "451.98"]);
  });

  test("when no row explains it", () => {
    expect(duplicatesOf(rowOrder(null), rowOrder("nobody's"))).toEqual([2, 2, "903.96"]);
  });

  test("but not when it is the only one of its action, whoever sent it", () => {
    expect(duplicatesOf(rowOrder("again"), rowOrder("other"))).toEqual([2, 0, "0.00"]);
  });
});

describe("an order of the guarded world", () => {
  test("that no claim of the ledger explains counts as a duplicate", () => {
    const world = guarded([], { orders: [rowOrder(null)] });
    expect(tallyGuarded(SESSION, world)).toMatchObject({ brokerOrders: 1, duplicateOrders: 1 });
  });
});

describe("tries that the latch refused", () => {
  test("are all listed, and a recorded row counts once however often its bot tried", () => {
    const events = ["again", "again", "again", "later"].map(turnedAway);
    const totals = tallyGuarded(SESSION, guarded(events));
    expect(totals.duplicatesBlocked.map(({ recorded }) => recorded)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(totals).toMatchObject({ recordedDuplicates: 1, recordedNotionalUsd: "452.00" });
  });

  test("and that ran into no claim are worth what the market says, and have no request id", () => {
    const [refused] = tallyGuarded(SESSION, guarded([turnedAway("later")])).duplicatesBlocked;
    expect(refused).toEqual({
      time: "10:00:00",
      symbol: "TQQQ",
      side: "buy",
      quantity: "6",
      notionalUsd: "452.00",
      requestId: "",
      answer: "BLOCKED",
      recorded: false,
    });
  });

  test("are no duplicates where their row repeats none, and nothing came of it before", () => {
    expect(tallyGuarded(SESSION, guarded([turnedAway("other")])).duplicatesBlocked).toEqual([]);
  });

  test("are not counted when no row of the session sent them", () => {
    expect(tallyGuarded(SESSION, guarded([turnedAway("gone")])).duplicatesBlocked).toEqual([]);
  });
});

describe("blocked minutes", () => {
  test("are summed over every span of the session", () => {
    const blockedMinutes = new Map([
      [3, 147],
      [9, 15],
    ]);
    expect(tallyUnguarded(SESSION, unguarded({ blockedMinutes })).blockedEntryMinutes).toBe(162);
    expect(tallyGuarded(SESSION, guarded([], { blockedMinutes })).blockedEntryMinutes).toBe(162);
  });
});
