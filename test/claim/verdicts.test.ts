/** What a refused close meant: each verdict with the evidence that it needs, and no less (I4). */
import { describe, expect, test } from "vitest";
import type { Book } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import {
  decideVerdict,
  holdsExit,
  isMalformed,
  type PositionRead,
  withoutExit,
} from "../../src/claim/decide-verdict.ts";
import type { RefusalReason } from "../../src/claim/evidence.ts";
import { evolveClaim } from "../../src/claim/evolve.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { RequestId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { buy, orderOf, proceeded, refusal, SECOND, START, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

function latched(intent: Intent = sell("6"), held = "6", reason?: RefusalReason) {
  const ledger = new MemoryLedger().adopt(held, "70");
  const claim = proceeded(ledger.claim(intent));
  const said = refusal(reason === undefined ? {} : { reason });
  ledger.answer(claim, { kind: "refused", refusal: said });
  return { claim: ledger.get(claim.key), book: ledger.book() };
}

function read(quantity: string, after: number, available = quantity): PositionRead {
  return {
    at: START + after,
    quantity: decimal(quantity),
    available: decimal(available),
    averagePrice: decimal("70"),
  };
}

interface Changes {
  readonly isExplained?: boolean;
  readonly isEntryAtWork?: boolean;
  readonly bookNet?: string;
  readonly movedAt?: number;
  /** The last event that has moved the book; the reads know of those up to 40. */
  readonly lastMove?: number;
  readonly fencing?: number;
  /** Other claims in the symbol. */
  readonly others?: readonly Claim[];
}

function judged(
  { claim, book }: { claim: Claim; book: Book },
  reads: readonly PositionRead[],
  changes: Changes = {},
) {
  const { isExplained = false, bookNet = book.net, movedAt = null, others = [] } = changes;
  const { lastMove = 40, fencing = claim.fencing, isEntryAtWork = false } = changes;
  const now = START + 60 * SECOND;
  const seen = { reads, bookNet: decimal(bookNet), seenThrough: 40, fencing };
  const hasMoved = (after: number) => lastMove > after;
  const snapshot = { book, claims: [claim, ...others], hasMoved };
  return decideVerdict(claim, snapshot, { ...seen, movedAt, isExplained, isEntryAtWork, now });
}

/** Two reads that agree and span enough. */
function twice(quantity: string, available = quantity): readonly PositionRead[] {
  return [read(quantity, 0, available), read(quantity, 10_000, available)];
}

describe("a fill of late", () => {
  test.each(["0", "4", "9"])(
    "leaves open what a position of %s means, until it must show",
    (net) => {
      const question = latched();
      for (const ago of [0, 10 * SECOND, 30 * SECOND - 1]) {
        const movedAt = START + 60 * SECOND - ago;
        expect(judged(question, twice(net), { movedAt })).toBeUndefined();
      }
      const movedAt = START + 30 * SECOND;
      expect(judged(question, twice(net), { movedAt })).toEqual(judged(question, twice(net)));
      expect(judged(question, twice(net))).toBeDefined();
    },
  );

  test("keeps no exit that is still held from its verdict", () => {
    const movedAt = START + 60 * SECOND;
    expect(judged(latched(), twice("6"), { movedAt })).toMatchObject({ kind: "still_held" });
  });
});

describe("another order in the symbol", () => {
  function sent(intent: Intent) {
    const ledger = new MemoryLedger().adopt("6", "70");
    return { ledger, claim: proceeded(ledger.claim(intent)) };
  }

  test.each([
    ["an entry", buy("2")],
    ["an exit", sell("2")],
  ])("without an answer leaves open what the position means: %s", (_, intent) => {
    const { ledger, claim } = sent(intent);
    for (const other of [claim, ledger.loseAnswer(claim)]) {
      for (const net of ["0", "4", "8"]) {
        expect(judged(latched(), twice(net), { others: [other] })).toBeUndefined();
      }
      const kept = judged(latched(), twice("6"), { others: [other] });
      expect(kept).toMatchObject({ kind: "still_held" });
    }
  });

  test.each<[string, () => Claim]>([
    [
      "at work",
      () => {
        const { ledger, claim } = sent(buy("2"));
        return ledger.accept(claim, orderOf(claim));
      },
    ],
    ["that was refused and is a close too", () => latched(sell("3")).claim],
  ])("leaves nothing open: one %s", (_, other) => {
    const verdict = judged(latched(), twice("0"), { others: [other()] });
    expect(verdict).toEqual(judged(latched(), twice("0")));
    expect(verdict).toMatchObject({ kind: "already_flat" });
  });
});

describe("the verdict on a refused close", () => {
  test.each<[string, Intent, string, string, string | null, string]>([
    [
      "still held, where the broker holds what the book does",
      sell("6"),
      "6",
      "6",
      null,
      "still_held",
    ],
    ["still held, for a part of it", sell("2"), "6", "6", null, "still_held"],
    ["still held, for a short", buyToClose("6"), "-6", "-6", null, "still_held"],
    ["already flat, where nothing is left", sell("6"), "6", "0", "0", "already_flat"],
    [
      "already flat, where just the exit's shares are gone",
      sell("2"),
      "6",
      "4",
      "4",
      "already_flat",
    ],
    ["already flat, for a short", buyToClose("6"), "-6", "0", "0", "already_flat"],
    ["already flat, for a part of a short", buyToClose("2"), "-6", "-4", "-4", "already_flat"],
    ["changed elsewhere, where less is held", sell("6"), "6", "2", "2", "changed_elsewhere"],
    ["changed elsewhere, where more is held", sell("6"), "6", "9", "9", "changed_elsewhere"],
    ["changed elsewhere, on the other side", sell("6"), "6", "-6", "-6", "changed_elsewhere"],
  ])("is %s", (_, intent, held, broker, net, kind) => {
    const verdict = judged(latched(intent, held), twice(broker));
    expect(verdict).toMatchObject({ kind });
    expect(verdict?.adjustment?.net ?? null).toBe(net);
  });

  test.each([
    ["already flat, where fills have sold the rest meanwhile", "0", "already_flat"],
    ["changed elsewhere, where fills have left fewer than it asks for", "4", "changed_elsewhere"],
    ["changed elsewhere, where fills have turned the position", "-6", "changed_elsewhere"],
  ])("is %s, and the book stays as it is", (_, net, kind) => {
    const { claim, book } = latched();
    const moved = { ...book, net: decimal(net) };
    expect(judged({ claim, book: moved }, twice(net))).toMatchObject({
      ...{ kind, adjustment: null, provenance: "venue" },
    });
  });

  test.each<RefusalReason>([
    "sub_penny",
    "not_fractionable",
    "quantity_not_accepted",
    "asset_not_found",
    "terms_not_accepted",
  ])("is malformed at once for %s, whatever is held", (reason) => {
    const question = latched(sell("6"), "6", reason);
    expect(isMalformed(question.claim)).toBe(true);
    expect(judged(question, [])).toMatchObject({
      ...{ kind: "malformed", adjustment: null, provenance: "venue" },
      event: { type: "malformed" },
    });
  });

  test.each([
    ["6", "still_held"],
    ["0", undefined],
    ["4", undefined],
    ["9", undefined],
  ])("of a position of %s beside an entry at work is %s", (net, kind) => {
    const verdict = judged(latched(), twice(net), { isEntryAtWork: true });
    expect(verdict?.kind).toBe(kind);
  });

  test("is not given while an entry at work may bring the shares that fills have taken", () => {
    const { claim, book } = latched();
    for (const net of ["0", "4"]) {
      const question = { claim, book: { ...book, net: decimal(net) } };
      expect(judged(question, twice(net), { isEntryAtWork: true })).toBeUndefined();
    }
  });

  test("is inferred where nothing explains what is gone, and the venue's where orders do", () => {
    const gone = latched();
    expect(judged(gone, twice("0"))).toMatchObject({ provenance: "inferred" });
    expect(judged(gone, twice("0"), { isExplained: true })).toMatchObject({ provenance: "venue" });
  });

  test.each<[string, readonly PositionRead[], string | undefined]>([
    ["no read", [], undefined],
    ["one read", [read("6", 0)], undefined],
    ["reads that are less than ten seconds apart", [read("6", 0), read("6", 9_999)], undefined],
    ["reads that differ", [read("6", 0), read("0", 10_000)], undefined],
    ["a first read that differs", [read("0", 0), read("6", 5_000), read("6", 15_000)], undefined],
    ["a read between that differs", [read("6", 0), read("0", 5_000), read("6", 10_000)], undefined],
    ["shares that another order holds", twice("6", "0"), undefined],
    ["shares of which too few are free", twice("6", "5"), undefined],
    ["a book that has moved since the last read", twice("6"), "4"],
  ])("is not given for %s", (_, reads, bookNet) => {
    expect(judged(latched(), reads, bookNet === undefined ? {} : { bookNet })).toBeUndefined();
  });

  test.each(["6", "0", "9"])("is not given for a position of %s from before a move", (net) => {
    expect(judged(latched(), twice(net), { lastMove: 41 })).toBeUndefined();
    expect(judged(latched(), twice(net), { lastMove: 40 })).toBeDefined();
  });

  test("is not given for what was read after another refusal of the claim", () => {
    expect(judged(latched(), twice("6"), { fencing: 2 })).toBeUndefined();
    const malformed = latched(sell("6"), "6", "sub_penny");
    expect(judged(malformed, [], { fencing: 2 })).toBeUndefined();
    expect(judged(malformed, [])).toMatchObject({ kind: "malformed" });
  });

  test("is not given for a claim that was not refused", () => {
    const ledger = new MemoryLedger().adopt("6", "70");
    const claim = proceeded(ledger.claim(sell("6")));
    expect(isMalformed(claim)).toBe(false);
    expect(judged({ claim, book: ledger.book() }, twice("6"))).toBeUndefined();
  });

  test("is given once: a refusal that was judged is no question any more", () => {
    const { claim, book } = latched();
    const event = judged({ claim, book }, twice("6"))?.event ?? { type: "malformed" };
    const over = evolveClaim(claim, claim.key, event, START + 60 * SECOND);
    expect(over).toMatchObject({ status: "FINAL", outcome: "rejected" });
    expect(judged({ claim: over, book }, twice("6"))).toBeUndefined();
  });

  test("rests on the last of the reads, with its price and the shares that it shows free", () => {
    const priced = { ...read("9", 20_000), averagePrice: decimal("71") };
    const gone = judged(latched(), [read("9", 0), read("9", 10_000), priced]);
    expect(gone?.adjustment).toEqual({ net: "9", averagePrice: "71" });
    const freed = [read("6", 0, "0"), read("6", 10_000, "0"), read("6", 20_000, "6")];
    expect(judged(latched(), freed)).toMatchObject({ kind: "still_held" });
  });
});

describe("a verdict's reason", () => {
  test.each<[string, string]>([
    ["6", "still held and free: the broker shows 6 TQQQ, the book 6; the exit may be sent again"],
    ["0", "gone already: the broker shows 0 TQQQ, the book 6; nothing on record says by what"],
    ["9", "changed elsewhere: the broker shows 9 TQQQ, the book 6, and the exit was for 6"],
  ])("names what broker and book hold: %s", (broker, reason) => {
    expect(judged(latched(), twice(broker))).toMatchObject({ reason });
  });

  test("names the orders where they explain what is gone", () => {
    const verdict = judged(latched(), twice("0"), { isExplained: true });
    expect(verdict?.reason).toMatch(/; other orders closed them$/);
  });

  test.each([
    ["0", "gone already: the broker shows 0 TQQQ, the book 0"],
    ["4", "fewer are held: the broker shows 4 TQQQ, the book 4"],
  ])("names the fills where they have left %s", (net, shows) => {
    const { claim, book } = latched();
    const verdict = judged({ claim, book: { ...book, net: decimal(net) } }, twice(net));
    expect(verdict?.reason).toBe(`${shows}; fills that were booked account for it`);
  });

  test("repeats what the broker says of a malformed order", () => {
    const { reason } = judged(latched(sell("6"), "6", "sub_penny"), []) ?? {};
    expect(reason).toBe("the broker does not take such an order: position not found");
  });

  test.each(["6", "9"])("is the venue's own where the broker shows %s", (broker) => {
    expect(judged(latched(), twice(broker))).toMatchObject({ provenance: "venue" });
  });
});

describe("a broker that holds", () => {
  test.each<[string, Intent, string, string, boolean]>([
    ["all", sell("6"), "6", "6", true],
    ["one share of what the exit was for", sell("6"), "6", "1", true],
    ["nothing", sell("6"), "6", "0", false],
    ["a position on the other side", sell("6"), "6", "-1", false],
    ["just the rest of a long position", sell("2"), "6", "4", false],
    ["less than the rest", sell("2"), "6", "3", false],
    ["more than the rest", sell("2"), "6", "5", true],
    ["all of a short position", buyToClose("6"), "-6", "-6", true],
    ["nothing of it", buyToClose("6"), "-6", "0", false],
    ["just the rest of it", buyToClose("2"), "-6", "-4", false],
    ["less than that rest", buyToClose("2"), "-6", "-3", false],
    ["more than that rest", buyToClose("2"), "-6", "-5", true],
  ])("%s has shares of the exit's, or has not", (_, intent, held, broker, has) => {
    const { claim, book } = latched(intent, held);
    expect(holdsExit(claim, book, decimal(broker))).toBe(has);
  });
});

describe("what is left without a refused exit", () => {
  test.each<[string, Intent, string, string]>([
    ["the rest of a long position", sell("2"), "6", "4"],
    ["the rest of a short one", buyToClose("2"), "-6", "-4"],
    ["nothing, where it was for all", sell("6"), "6", "0"],
    ["nothing, where an exit in dollars holds all", inDollars("140"), "6", "0"],
  ])("is %s", (_, intent, held, left) => {
    const { claim, book } = latched(intent, held);
    expect(withoutExit(claim, book)).toBe(left);
  });

  test("is nothing where fewer are left than it was for: no exit turns a position", () => {
    const { claim, book } = latched();
    expect(withoutExit(claim, { ...book, net: decimal("4") })).toBe("0");
    expect(withoutExit(claim, { ...book, net: decimal("-4") })).toBe("0");
  });

  test("is what others hold, where an exit in dollars holds no share of its own", () => {
    const { claim, book } = latched(inDollars("140"));
    const others = [{ ...claim.key, requestId: "another" as RequestId, quantity: decimal("5") }];
    expect(withoutExit(claim, { ...book, reservations: others })).toBe("5");
  });

  test("leaves what an exit in dollars does not hold", () => {
    const { claim, book } = latched(inDollars("140"));
    const own = [{ ...claim.key, quantity: decimal("2") }];
    expect(withoutExit(claim, { ...book, reservations: own })).toBe("4");
  });
});

function inDollars(notional: string): Intent {
  return sell("1", { quantity: null, notional: decimal(notional) });
}

function buyToClose(quantity: string): Intent {
  return buy(quantity, { effect: "close" });
}
