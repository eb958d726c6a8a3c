/** To which life of the position an entry belongs. */
import { describe, expect, test } from "vitest";
import { type Book, emptyBook, withAdjustment } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { ClaimEvent } from "../../src/claim/claim-event.ts";
import { evolveBookByClaim, evolveClaim } from "../../src/claim/evolve.ts";
import { endAmid, ofTheirEpisode } from "../../src/claim/own-episode.ts";
import type { EpochMs } from "../../src/core/clock.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { ACCOUNT, buy, orderOf, proceeded, START, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const FILL: ClaimEvent & { type: "fill_booked" | "late_fill_booked" } = {
  type: "fill_booked",
  brokerOrderId: "order" as BrokerOrderId,
  quantity: decimal("6"),
  cost: decimal("420"),
  source: "poll",
};

function claimOf(intent: Intent): Claim {
  const ledger = new MemoryLedger();
  ledger.adopt("6", "70");
  const claim = proceeded(ledger.claim(intent));
  ledger.accept(claim, orderOf(claim));
  return ledger.get(claim.key);
}

const book = (net: string, episode: number): Book => ({
  ...emptyBook(ACCOUNT, "TQQQ"),
  ...{ net: decimal(net), episode },
});

const seen = (at: Book, exit?: Claim, filledAt?: EpochMs) => ({
  bookOf: () => at,
  claimOf: () => exit,
  filledAt,
  submittedAtOf: () => null,
});

const told = (claim: Claim, at: Book, events: readonly ClaimEvent[] = [FILL]) =>
  ofTheirEpisode(events, claim, seen(at));

test("an entry of the life before belongs to the one that its fill begins", () => {
  const claim = claimOf(buy("6"));
  expect(claim.episode).toBe(1);
  const [fill] = told(claim, book("0", 1));
  expect(fill).toEqual({ ...FILL, episode: 2 });
  const after = fill && evolveClaim(claim, claim.key, fill, START);
  expect(after).toMatchObject({ episode: 2, bookedQuantity: "6" });
});

test("so does one whose fill comes late, and what is told beside the fill stays as it is", () => {
  const claim = claimOf(buy("6"));
  const late = { ...FILL, type: "late_fill_booked" } as const;
  const sealed = { type: "sealed" } as const;
  expect(told(claim, book("0", 1), [late, sealed])).toEqual([{ ...late, episode: 2 }, sealed]);
});

describe("an entry whose fill is read behind the exit that has ended the life it was claimed in", () => {
  /** The entry was claimed a second before the exit, or behind it. */
  function claimedInTurn(first: "entry" | "exit") {
    const ledger = new MemoryLedger();
    ledger.adopt("6", "70");
    const intents = first === "entry" ? [buy("8"), sell("6")] : [sell("6"), buy("8")];
    const [one, other] = intents.map((intent) => {
      ledger.after(1_000);
      return proceeded(ledger.claim(intent));
    }) as [Claim, Claim];
    const [entry, exit] = first === "entry" ? [one, other] : [other, one];
    return { entry, exit: { ...exit, outcome: "filled" } as Claim };
  }
  const flat = (exit: Claim, closedAt?: EpochMs): Book => ({
    ...book("0", 1),
    ...{ closedBy: exit.key, ...(closedAt !== undefined && { closedAt }) },
  });
  const lifeOf = (first: "entry" | "exit", filledAt?: EpochMs, closedAt?: EpochMs) => {
    const { entry, exit } = claimedInTurn(first);
    const events = ofTheirEpisode([FILL], entry, seen(flat(exit, closedAt), exit, filledAt));
    return events.map((event) => ("episode" in event ? event.episode : undefined));
  };

  test("goes on with that life where it filled before, by the broker's own times", () => {
    expect(lifeOf("entry", START, START + 1)).toEqual([1]);
    expect(lifeOf("exit", START, START + 1)).toEqual([1]);
    expect(lifeOf("entry", START + 1, START)).toEqual([2]);
    expect(lifeOf("exit", START + 1, START)).toEqual([2]);
  });

  test.each([
    ["one moment", START, START],
    ["no times", undefined, undefined],
    ["the entry's time alone", START, undefined],
    ["the exit's time alone", undefined, START],
  ])("where %s is told, goes on with it if it was sent first", (_, filledAt, closedAt) => {
    expect(lifeOf("entry", filledAt, closedAt)).toEqual([1]);
    expect(lifeOf("exit", filledAt, closedAt)).toEqual([2]);
  });

  test("begins the next where no exit of ours has ended it", () => {
    const { entry, exit } = claimedInTurn("entry");
    expect(told(entry, book("0", 1))).toEqual([{ ...FILL, episode: 2 }]);
    const unclosed = ofTheirEpisode([FILL], entry, seen(book("0", 1), exit));
    expect(unclosed).toEqual([{ ...FILL, episode: 2 }]);
    const gone: Claim = { ...exit, outcome: "already_flat" };
    expect(ofTheirEpisode([FILL], entry, seen(flat(gone), gone))).toMatchObject([{ episode: 2 }]);
    const leg = { symbol: "TQQQ", side: "sell", quantity: FILL.quantity, cost: FILL.cost } as const;
    const combo: Claim = { ...gone, outcome: null, legs: { leg } };
    expect(ofTheirEpisode([FILL], entry, seen(flat(combo), combo))).toMatchObject([{ episode: 1 }]);
  });

  test("leaves the book in that life, and in the next one where it says nothing", () => {
    const { entry, exit } = claimedInTurn("entry");
    const lifeAfter = (event: ClaimEvent) =>
      evolveBookByClaim(flat(exit), event, "IN_RECONCILIATION", entry).episode;
    expect([lifeAfter({ ...FILL, episode: 1 }), lifeAfter(FILL)]).toEqual([1, 2]);
  });
});

test("an entry is of the life that its fill adds to, if it was claimed in another", () => {
  const claim = claimOf(buy("6"));
  expect(told(claim, book("5", 2))).toEqual([{ ...FILL, episode: 2 }]);
  expect(told({ ...claim, episode: 3 }, book("5", 2))).toEqual([{ ...FILL, episode: 2 }]);
  expect(told({ ...claim, episode: 3 }, book("-5", 2))).toEqual([FILL]);
});

describe("an entry whose fill is booked behind another life's beginning", () => {
  const closedAt = START;
  const second: Book = { ...book("5", 2), closedAt };
  const entry = claimOf(buy("6"));
  const at = (before: Book, filledAt?: EpochMs, claim = entry) =>
    ofTheirEpisode([FILL], claim, seen(before, undefined, filledAt));

  test("makes one of that and the one before, where it came before its end", () => {
    expect(at(second, closedAt - 1)).toEqual([{ ...FILL, episode: 2, lifeFrom: 1 }]);
    expect(at(second, closedAt - 1, { ...entry, episode: 2 })).toEqual([{ ...FILL, lifeFrom: 1 }]);
  });

  test("makes no more of it than times prove", () => {
    for (const filledAt of [closedAt, closedAt + 1, undefined]) {
      expect(at(second, filledAt)).toEqual([{ ...FILL, episode: 2 }]);
    }
    expect(at(book("5", 2), closedAt - 1)).toEqual([{ ...FILL, episode: 2 }]);
    const flat = { ...second, net: decimal("0") };
    expect(at(flat, closedAt - 1)[0]).not.toHaveProperty("lifeFrom");
  });
});

describe("an entry whose fill is booked while exits at work hold all that was there", () => {
  const exit = claimOf(sell("6"));
  const held: Book = {
    ...book("6", 2),
    reservations: [{ ...exit.key, quantity: decimal("6") }],
  };
  const entry = { ...claimOf(buy("6")), episode: 2 };
  const bought = (at: Book, submittedAt: EpochMs | null) =>
    ofTheirEpisode([FILL], entry, { ...seen(at), submittedAtOf: () => submittedAt });
  /** The book behind `entries`, each by when it came to the broker. */
  const behind = (...entries: EpochMs[]) =>
    entries.reduce(
      (at, submittedAt) =>
        evolveBookByClaim(at, { ...FILL, submittedAt }, "IN_RECONCILIATION", entry),
      held,
    );
  const lifeOfExit = (at: Book, filledAt?: EpochMs, quantity = "6") => {
    const fill = { ...FILL, quantity: decimal(quantity) };
    const events = ofTheirEpisode([fill], { ...exit, episode: 2 }, seen(at, undefined, filledAt));
    return events.map((event) => ("episode" in event ? event.episode : undefined));
  };

  test("says when its order came to the broker, where that is told", () => {
    expect(bought(held, START)).toEqual([{ ...FILL, submittedAt: START }]);
    expect(bought(held, null)).toEqual([FILL]);
    expect(bought({ ...held, net: decimal("7") }, START)).toEqual([FILL]);
    expect(bought(book("0", 1), START)).toEqual([FILL]);
  });

  test("says so of what follows too, until more is free than was opened behind them", () => {
    const later = [{ ...FILL, submittedAt: START + 9 }];
    expect(bought(behind(START), START + 9)).toEqual(later);
    expect(bought({ ...behind(START), net: decimal("13") }, START + 9)).toEqual([FILL]);
    expect(lifeOfExit(behind(START, START + 9), START - 1)).toEqual([1]);
  });

  test("leaves an exit of them that had filled before it in the life before", () => {
    expect(lifeOfExit(behind(START), START - 1)).toEqual([1]);
    expect(lifeOfExit(behind(START, START + 9), START - 1)).toEqual([1]);
  });

  test("leaves with it when that was", () => {
    const [fill] = ofTheirEpisode(
      ...([[FILL], { ...exit, episode: 2 }, seen(behind(START), undefined, START - 1)] as const),
    );
    expect(fill).toEqual({ ...FILL, episode: 1, filledAt: START - 1 });
  });

  test("leaves it where it is if the position may not have been flat in between", () => {
    expect(lifeOfExit(behind(START), START)).toEqual([undefined]);
    expect(lifeOfExit(behind(START + 9, START), START)).toEqual([undefined]);
    expect(lifeOfExit(behind(START))).toEqual([undefined]);
    expect(lifeOfExit(behind(START), START - 1, "5")).toEqual([undefined]);
    const added = evolveBookByClaim(behind(START), FILL, "IN_RECONCILIATION", entry);
    expect(lifeOfExit(added, START - 1)).toEqual([undefined]);
  });

  test("is forgotten once such an exit is over, and not where it is to hold more", () => {
    const sealed = { ...exit, status: "SETTLED" } as const;
    const free = evolveBookByClaim(behind(START), { type: "sealed" }, "FINAL", sealed);
    expect(free).toEqual({ ...held, net: "12", averagePrice: "35", reservations: [] });
    const { clientOrderId } = exit;
    const to = { clientOrderId, quantity: decimal("7"), busyUntil: START, extra: decimal("1") };
    const asked: ClaimEvent = { type: "replace_requested", ...to };
    const grown = evolveBookByClaim(behind(START), asked, "IN_RECONCILIATION", exit);
    expect(grown.openedBehind).toEqual(behind(START).openedBehind);
  });

  describe("of which an order behind them sells some", () => {
    const other = claimOf(sell("1"));
    const sold = (at: Book, quantity: string, submittedAt: EpochMs | null) => {
      const fill = { ...FILL, quantity: decimal(quantity) };
      const [event = fill] = ofTheirEpisode([fill], other, {
        ...seen(at, undefined, START + 99),
        submittedAtOf: () => submittedAt,
      });
      return { event, book: evolveBookByClaim(at, event, "IN_RECONCILIATION", other) };
    };

    test.each([START, START + 9])("leaves the rest behind them, where it came at %d", (at) => {
      const { event, book: left } = sold(behind(START), "2", at);
      expect(event).toEqual({ ...FILL, quantity: "2", submittedAt: at });
      expect(left).toMatchObject({ net: "10", openedBehind: { quantity: "4", since: START } });
      expect(lifeOfExit(left, START - 1)).toEqual([1]);
      expect(lifeOfExit(left, START)).toEqual([undefined]);
      expect(left.closedBy).toBeNull();
    });

    test.each([
      ["it came before the entry", "2", START - 1],
      ["nobody knows when it came", "2", null],
      ["it has sold all of it", "6", START + 9],
      ["it has sold more than that", "7", START + 9],
    ])("is forgotten where %s", (_, quantity, at) => {
      const { book: left } = sold(behind(START), quantity, at);
      expect(left).not.toHaveProperty("openedBehind");
    });

    test("says nothing of when it came where nothing is behind them", () => {
      expect(sold(held, "2", START + 9).event).toEqual({ ...FILL, quantity: "2" });
    });

    test("leaves none behind an exit of the life before that is known by then", () => {
      const { book: left } = sold(behind(START), "2", START + 9);
      const ended = { ...FILL, episode: 1, filledAt: START - 1 };
      const after = evolveBookByClaim(left, ended, "IN_RECONCILIATION", exit);
      expect(after).toMatchObject({ net: "4", closedBy: { requestId: exit.key.requestId } });
      expect(after).not.toHaveProperty("openedBehind");
    });
  });

  test("is forgotten once some of the rest was closed, or the broker's own figure is taken", () => {
    const sold = { ...FILL, quantity: decimal("1") };
    const after = evolveBookByClaim(behind(START), sold, "IN_RECONCILIATION", exit);
    expect(after).not.toHaveProperty("openedBehind");
    const adjusted = withAdjustment(behind(START), decimal("12"), decimal("75"));
    expect(adjusted).not.toHaveProperty("openedBehind");
  });
});

test("the fill that ends the position says when it was, where that is told", () => {
  const claim = claimOf(sell("6"));
  const at = (net: string, filledAt?: EpochMs) =>
    ofTheirEpisode([FILL, { type: "sealed" }], claim, seen(book(net, 1), undefined, filledAt));
  expect(at("6", START)).toEqual([{ ...FILL, filledAt: START }, { type: "sealed" }]);
  expect(at("7", START)).toEqual([FILL, { type: "sealed" }]);
  expect(at("6")).toStrictEqual([FILL, { type: "sealed" }]);
});

test("one whose fill begins no life, or its own, stays where it is", () => {
  const claim = claimOf(buy("6"));
  expect(told(claim, book("6", 1))).toEqual([FILL]);
  expect(told({ ...claim, episode: 2 }, book("0", 1))).toEqual([FILL]);
});

test("a close stays one of the life that it has ended", () => {
  expect(told(claimOf(sell("6")), book("0", 1))).toEqual([FILL]);
});

test("what is no fill says nothing of it, and asks for no book", () => {
  const sealed: readonly ClaimEvent[] = [{ type: "sealed" }];
  const bookOf = () => {
    throw new Error("asked for the book");
  };
  const asked = { ...seen(book("0", 1)), bookOf };
  expect(ofTheirEpisode(sealed, claimOf(buy("6")), asked)).toEqual(sealed);
});

describe("the end of a position amid the fills of an order", () => {
  const CLOSED: Book = { ...book("0", 1), closedAt: START };
  const around = { submittedAt: START - 1, filledAt: START + 1 };

  test("is when it was, where the order came before it and filled behind it", () => {
    expect(endAmid(CLOSED, around)).toBe(START);
  });

  test.each([
    ["came when it ended", { ...around, submittedAt: START }],
    ["came behind it", { submittedAt: START + 1, filledAt: START + 2 }],
    ["filled when it ended", { ...around, filledAt: START }],
    ["filled before it", { submittedAt: START - 2, filledAt: START - 1 }],
    ["came nobody knows when", { ...around, submittedAt: null }],
  ])("is none where the order %s", (_, times) => {
    expect(endAmid(CLOSED, times)).toBeUndefined();
  });

  test("is none where something is held, or where nobody knows when it ended", () => {
    expect(endAmid({ ...CLOSED, net: decimal("6") }, around)).toBeUndefined();
    expect(endAmid(book("0", 1), around)).toBeUndefined();
  });
});
