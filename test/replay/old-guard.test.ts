import { describe, expect, test } from "vitest";
import { NaiveBook } from "../../src/replay/believed-positions.ts";
import { OldGuard } from "../../src/replay/old-guard.ts";
import type { OrderEvent } from "../../src/replay/session.ts";
import { sessionOfRows } from "./made-up-worlds.ts";
import { order } from "./session-file.ts";

const CLOSING = { side: "sell", effect: "close", leg: "exit", bar: undefined, stage: undefined };
const SESSION = sessionOfRows(
  order({ id: "add", time: "09:42:00" }),
  order({ id: "again", time: "09:42:02", instance: "b", duplicateOf: "add" }),
  order({ id: "next-bar", time: "09:43:00", bar: "09:43" }),
  order({ id: "exit", time: "09:49:00", ...CLOSING }),
);
const [ADD, AGAIN, NEXT_BAR, EXIT] = SESSION.events as [
  OrderEvent,
  OrderEvent,
  OrderEvent,
  OrderEvent,
];

describe("the guard of old", () => {
  test("skips an entry whose key was used, and asks nothing of an exit", () => {
    const guard = new OldGuard();
    expect([ADD, AGAIN, NEXT_BAR].map((event) => guard.ask(event))).toEqual([
      "claimed",
      "skip",
      "claimed",
    ]);
    expect([EXIT, EXIT].map((event) => guard.ask(event))).toEqual(["not_asked", "not_asked"]);
  });

  test("fails open while it cannot write, and knows nothing of it afterwards", () => {
    const guard = new OldGuard();
    guard.fail();
    expect(guard.ask(ADD)).toBe("failed_open");
    guard.recover();
    expect([AGAIN, ADD].map((event) => guard.ask(event))).toEqual(["claimed", "skip"]);
  });
});

describe("the bot's own book", () => {
  test("takes every answer for a fill of the whole order", () => {
    const book = new NaiveBook(SESSION);
    for (const event of [ADD, AGAIN, EXIT]) book.book(event);
    expect(book.positions()).toEqual({ TQQQ: "6" });
  });
});
