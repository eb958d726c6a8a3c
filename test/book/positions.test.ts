import { describe, expect, test } from "vitest";
import {
  type Book,
  type BookFill,
  emptyBook,
  episodeOf,
  isFlat,
  livesOf,
  reduces,
  withAdjustment,
  withFill,
} from "../../src/book/book.ts";
import { decimal, multiply } from "../../src/core/decimal.ts";
import type { RequestId } from "../../src/core/ids.ts";
import type { Side } from "../../src/identity/intent.ts";
import { ACCOUNT, AGENT } from "../claim/builders.ts";

function fill(side: Side, quantity: string, price: string, by = "claim"): BookFill {
  const shares = decimal(quantity);
  const cost = multiply(shares, decimal(price));
  return { side, quantity: shares, cost, by: { agent: AGENT, requestId: by as RequestId } };
}

function bookOf(...fills: readonly BookFill[]): Book {
  return fills.reduce(withFill, emptyBook(ACCOUNT, "TQQQ"));
}

describe("a book", () => {
  test("begins flat, without a profit and before its first episode", () => {
    expect(emptyBook(ACCOUNT, "TQQQ")).toMatchObject({
      net: "0",
      averagePrice: "0",
      realizedProfitUsd: "0",
      episode: 0,
      reservations: [],
      closedBy: null,
    });
  });

  test("averages the price of what is bought, by shares", () => {
    const book = bookOf(fill("buy", "6", "75"), fill("buy", "12", "78"));
    expect(book).toMatchObject({ net: "18", averagePrice: "77", realizedProfitUsd: "0" });
  });

  test("keeps the average while a part is sold, and realizes that part's profit", () => {
    const book = bookOf(fill("buy", "12", "75"), fill("sell", "5", "77.5"));
    expect(book).toMatchObject({ net: "7", averagePrice: "75", realizedProfitUsd: "12.5" });
  });

  test("realizes a loss as well", () => {
    const book = bookOf(fill("buy", "12", "75.33"), fill("sell", "12", "75.17"));
    expect(book).toMatchObject({ net: "0", averagePrice: "0", realizedProfitUsd: "-1.92" });
  });

  test("realizes a short's profit when the price falls, and its loss when it rises", () => {
    const short = [fill("sell", "6", "80"), fill("sell", "6", "82")];
    expect(bookOf(...short)).toMatchObject({ net: "-12", averagePrice: "81" });
    expect(bookOf(...short, fill("buy", "4", "79")).realizedProfitUsd).toBe("8");
    expect(bookOf(...short, fill("buy", "4", "82.5")).realizedProfitUsd).toBe("-6");
  });

  test("adds up the profit over episodes", () => {
    const book = bookOf(
      fill("buy", "6", "75"),
      fill("sell", "6", "76"),
      fill("sell", "6", "76"),
      fill("buy", "6", "73"),
    );
    expect(book).toMatchObject({ net: "0", realizedProfitUsd: "24", episode: 2 });
  });

  test("that crosses zero closes the old position and opens the rest at the fill's price", () => {
    const book = bookOf(fill("buy", "6", "75", "entry"), fill("sell", "10", "77", "exit"));
    expect(book).toMatchObject({
      net: "-4",
      averagePrice: "77",
      realizedProfitUsd: "12",
      episode: 2,
      closedBy: { agent: AGENT, requestId: "exit" },
    });
  });

  test("has nothing behind an exit where what was bought says nothing of one", () => {
    const book = bookOf(fill("buy", "6", "75"), fill("buy", "6", "75"));
    expect(book).not.toHaveProperty("openedBehind");
  });

  test("counts the parts of shares exactly", () => {
    const book = bookOf(fill("buy", "0.1", "10"), fill("buy", "0.2", "10"));
    expect(bookOf(fill("buy", "0.1", "10"), fill("buy", "0.2", "10")).net).toBe("0.3");
    expect(withFill(book, fill("sell", "0.3", "10")).net).toBe("0");
  });
});

describe("an episode", () => {
  test("lasts from flat to flat, however often the position grows and shrinks", () => {
    let book = bookOf();
    const episodes = [fill("buy", "6", "75"), fill("buy", "6", "75"), fill("sell", "11", "75")].map(
      (step) => {
        book = withFill(book, step);
        return book.episode;
      },
    );
    expect(episodes).toEqual([1, 1, 1]);
    expect(withFill(book, fill("sell", "1", "75")).episode).toBe(1);
    const flat = withFill(book, fill("sell", "1", "75"));
    expect(withFill(flat, fill("buy", "1", "75")).episode).toBe(2);
  });

  test("while flat is the next one for an open and the last one for a close", () => {
    const flat = bookOf(fill("buy", "6", "75"), fill("sell", "6", "75"));
    expect([episodeOf(flat, "open"), episodeOf(flat, "close")]).toEqual([2, 1]);
    const held = withFill(flat, fill("buy", "6", "75"));
    expect([episodeOf(held, "open"), episodeOf(held, "close")]).toEqual([2, 2]);
  });

  test("names the claim whose fill ended it, and only that one", () => {
    const held = bookOf(fill("buy", "6", "75", "entry"), fill("sell", "2", "75", "half"));
    expect(held.closedBy).toBeNull();
    const flat = withFill(held, fill("sell", "4", "75", "rest"));
    expect(flat.closedBy).toEqual({ agent: AGENT, requestId: "rest" });
  });

  test("keeps when it was ended, as far as that is told, until the next one is", () => {
    const filledAt = Date.UTC(2026, 4, 21, 14);
    const exit = fill("sell", "6", "75", "exit");
    const flat = bookOf(fill("buy", "6", "75"), { ...exit, filledAt });
    expect(flat.closedAt).toBe(filledAt);
    const held = withFill(flat, fill("buy", "6", "75"));
    expect(held.closedAt).toBe(filledAt);
    expect(withFill(held, exit)).not.toHaveProperty("closedAt");
    expect(withAdjustment(held, decimal("5"), decimal("75")).closedAt).toBe(filledAt);
    expect(withAdjustment(held, decimal("0"), decimal("0"))).not.toHaveProperty("closedAt");
    const first = withAdjustment(bookOf(fill("buy", "6", "75")), decimal("5"), decimal("75"));
    expect(first).not.toHaveProperty("closedAt");
  });

  test("is gone on with where a fill says so", () => {
    const flat = bookOf(fill("buy", "6", "75"), fill("sell", "6", "75"));
    expect(withFill(flat, { ...fill("buy", "6", "75"), episode: 1 }).episode).toBe(1);
  });

  test("may have ended before what is held was opened, where an exit's fill says so", () => {
    const filledAt = Date.UTC(2026, 4, 21, 14);
    const held = { ...bookOf(fill("buy", "12", "75")), episode: 2 };
    const last = { ...fill("sell", "6", "75", "exit"), episode: 1, filledAt };
    const closedBy = { agent: AGENT, requestId: "exit" };
    expect(withFill(held, last)).toMatchObject({
      ...{ net: "6", episode: 2, closedBy, closedAt: filledAt },
    });
    const { filledAt: _, ...untimed } = last;
    for (const other of [untimed, { ...last, episode: 2 }]) {
      expect(withFill(held, other)).toMatchObject({ net: "6", closedBy: null });
    }
  });
});

describe("two episodes that a fill has joined", () => {
  const two = bookOf(fill("buy", "6", "75"), fill("sell", "6", "75"), fill("buy", "5", "75"));
  const joined = withFill(two, { ...fill("buy", "8", "75"), lifeFrom: 1 });

  test("are one life, the latest first", () => {
    expect(livesOf(two, "close")).toEqual([2]);
    expect([livesOf(joined, "close"), livesOf(joined, "open")]).toEqual([
      [2, 1],
      [2, 1],
    ]);
    expect(withFill(joined, { ...fill("buy", "1", "75"), lifeFrom: 0 }).lifeFrom).toBe(0);
    expect(withFill(joined, { ...fill("buy", "1", "75"), lifeFrom: 2 }).lifeFrom).toBe(1);
    expect(withFill(joined, fill("buy", "1", "75")).lifeFrom).toBe(1);
  });

  test("stay one while the book is flat, for a close, and where the life is gone on with", () => {
    const flat = withFill(joined, fill("sell", "13", "75"));
    expect([livesOf(flat, "close"), livesOf(flat, "open")]).toEqual([[2, 1], [3]]);
    const again = withFill(flat, { ...fill("buy", "1", "75"), episode: 2 });
    expect(livesOf(again, "close")).toEqual([2, 1]);
  });

  test("are forgotten once another one begins", () => {
    const flat = withFill(joined, fill("sell", "13", "75"));
    expect(withFill(flat, fill("buy", "1", "75"))).not.toHaveProperty("lifeFrom");
    expect(withFill(joined, fill("sell", "14", "75"))).not.toHaveProperty("lifeFrom");
  });

  test("are kept where the broker's figures are taken, unless these are of another", () => {
    expect(withAdjustment(joined, decimal("5"), decimal("75")).lifeFrom).toBe(1);
    expect(withAdjustment(joined, decimal("0"), decimal("0")).lifeFrom).toBe(1);
    expect(withAdjustment(joined, decimal("-5"), decimal("75"))).not.toHaveProperty("lifeFrom");
  });
});

test("an order reduces a position only from the other side", () => {
  const long = bookOf(fill("buy", "6", "75"));
  const short = bookOf(fill("sell", "6", "75"));
  const answers = [long, short, bookOf()].map((book) => [
    reduces(book, "buy"),
    reduces(book, "sell"),
  ]);
  expect(answers).toEqual([
    [false, true],
    [true, false],
    [false, false],
  ]);
});

describe("an adjustment to what the broker holds", () => {
  const held = bookOf(fill("buy", "6", "75"), fill("sell", "2", "76", "half"));

  test("takes the broker's figures and leaves the profit that was made", () => {
    const book = withAdjustment(held, decimal("10"), decimal("74"));
    expect(book).toMatchObject({ net: "10", averagePrice: "74", realizedProfitUsd: "2" });
    expect(book.episode).toBe(1);
  });

  test("begins an episode when the book was flat", () => {
    const book = withAdjustment(emptyBook(ACCOUNT, "TQQQ"), decimal("-12"), decimal("75"));
    expect(book).toMatchObject({ net: "-12", averagePrice: "75", episode: 1 });
  });

  test("begins an episode when the position turns out to be on the other side", () => {
    const book = withAdjustment(held, decimal("-12"), decimal("75"));
    expect(book).toMatchObject({ net: "-12", episode: 2, closedBy: null });
  });

  test("to nothing ends the episode, and blames no claim for it", () => {
    const earlier = bookOf(fill("buy", "6", "75"), fill("sell", "6", "75", "old exit"));
    const again = withFill(earlier, fill("buy", "6", "75"));
    const book = withAdjustment(again, decimal("0"), decimal("75"));
    expect(isFlat(book)).toBe(true);
    expect(book).toMatchObject({ averagePrice: "0", episode: 2, closedBy: null });
  });

  test("to nothing names the claim that it concludes as the one that closed the position", () => {
    const exit = { account: ACCOUNT, agent: AGENT, requestId: "exit" as RequestId };
    const flat = withAdjustment(held, decimal("0"), decimal("75"), exit);
    expect(flat.closedBy).toEqual({ agent: AGENT, requestId: "exit" });
    expect(withAdjustment(held, decimal("2"), decimal("75"), exit).closedBy).toBeNull();
  });

  test("of shares that are left, or of a new position, keeps who closed the last one", () => {
    const flat = bookOf(fill("buy", "6", "75"), fill("sell", "6", "75", "exit"));
    const closedBy = { agent: AGENT, requestId: "exit" };
    expect(withAdjustment(flat, decimal("4"), decimal("75")).closedBy).toEqual(closedBy);
    const again = withFill(flat, fill("buy", "6", "75"));
    expect(withAdjustment(again, decimal("4"), decimal("75")).closedBy).toEqual(closedBy);
  });

  test("that changes nothing changes nothing", () => {
    expect(withAdjustment(held, held.net, held.averagePrice)).toEqual(held);
    const flat = bookOf(fill("buy", "6", "75"), fill("sell", "6", "75", "exit"));
    expect(withAdjustment(flat, flat.net, flat.averagePrice)).toEqual(flat);
  });
});
