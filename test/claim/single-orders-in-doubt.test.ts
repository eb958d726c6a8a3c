/** What of orders by themselves is told only once others were read. */
import { describe, expect, test } from "vitest";
import { type Book, emptyBook } from "../../src/book/book.ts";
import type { BlockCode, ClaimDecision } from "../../src/claim/answer.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { asksForOrders, type DecidedOn, unlessInDoubt } from "../../src/claim/orders-in-doubt.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { Intent } from "../../src/identity/intent.ts";
import {
  ACCOUNT,
  buy,
  orderOf,
  proceeded,
  SECOND,
  START,
  sell,
  underRequestId,
} from "./builders.ts";
import { CALL, PUT } from "./combo-builders.ts";
import { adopted, legOf, OCO, parentOf } from "./family-builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

/** A claim whose order works. */
function working(intent: Intent): Claim {
  const ledger = new MemoryLedger({ allowShort: true });
  if (intent.effect === "close") ledger.adopt(intent.side === "sell" ? "10" : "-10", "70");
  const claim = proceeded(ledger.after(SECOND).claim(intent));
  return ledger.accept(claim, orderOf(claim));
}

function bookOf(net: string, symbol = "TQQQ"): Book {
  return { ...emptyBook(ACCOUNT, symbol), net: decimal(net), episode: 1 };
}

function decidedOn(decision: ClaimDecision, changes: Partial<DecidedOn> = {}): DecidedOn {
  return {
    verdict: { event: null, decision },
    intent: buy("6"),
    ...{ isEffectByBook: false, isExit: false, identity: { requestId: null } },
    book: bookOf("6"),
    unread: undefined,
    ...changes,
  };
}

function refused(code: BlockCode): ClaimDecision {
  const block = { code, message: "", cause: null, difference: null, availableQuantity: null };
  return { kind: "blocked", block, claim: null };
}

const pending = (claim: Claim) => ({ kind: "pending", claim }) as ClaimDecision;
const goes = (claim: Claim): ClaimDecision => ({ kind: "proceed", claim, reopened: false });

describe("orders are read first", () => {
  test.each<[BlockCode, boolean]>([
    ["close_while_flat", true],
    ["close_crosses_zero", true],
    ["insufficient_quantity", true],
    ["part_too_small", true],
    ["close_wrong_side", false],
  ])("before a close is refused with %s: %s", (code, asks) => {
    expect(asksForOrders(decidedOn(refused(code), { intent: sell("6") }))).toBe(asks);
    expect(asksForOrders(decidedOn(refused(code)))).toBe(false);
  });

  test("before an open is added to a contract that is held, and not to shares that are", () => {
    const decision = goes(working(buy("6")));
    const held = (symbol: string, unread: DecidedOn["unread"]) =>
      asksForOrders(decidedOn(decision, { book: bookOf("6", symbol), unread }));
    expect([held("TQQQ", undefined), held(CALL, undefined), held(CALL, [])]).toEqual([
      ...[false, true, false],
    ]);
  });

  test("before a close under its own id is told to be at work, one way of which is over", () => {
    const profit = parentOf({ ...OCO, ...underRequestId("exit") });
    const over = { ...profit, outcome: "canceled" } as const;
    const { requestId } = profit.key;
    const asks = (decision: ClaimDecision, changes: Partial<DecidedOn> = {}) =>
      asksForOrders(
        decidedOn(decision, { intent: sell("6"), identity: { requestId }, ...changes }),
      );
    expect(asks(pending(over))).toBe(true);
    expect(asks(pending(profit))).toBe(false);
    expect(asks({ ...pending(over), kind: "skip" } as ClaimDecision)).toBe(false);
    expect(asks(pending(over), { unread: [] })).toBe(false);
    expect(asks(pending(over), { intent: buy("6") })).toBe(false);
  });
});

/** What is told of `before` beside one order, which nobody has read. */
function told(before: DecidedOn, order: Claim): string {
  const { decision } = unlessInDoubt(before, [order]);
  return decision.kind === "blocked" ? decision.block.code : decision.kind;
}

const spread = (call: "buy" | "sell") =>
  working(
    buy("1", {
      symbol: "MLEG",
      extension: {
        order_class: "mleg",
        legs: [
          { symbol: CALL, ratio_qty: "1", side: call },
          { symbol: PUT, ratio_qty: "1", side: call === "buy" ? "sell" : "buy" },
        ],
      },
    }),
  );

describe("an open that is like another one at work waits", () => {
  const alike = (intent: Intent) =>
    decidedOn(pending(working(intent)), { intent, book: bookOf("0") });

  test("for an order that closes, also on its own side", () => {
    const short = sell("6", { effect: "open" });
    expect(told(alike(short), working(sell("2")))).toBe("not_sent");
    expect(told(alike(short), working(buy("2")))).toBe("pending");
  });

  test("for a spread that trades its contract the other way, and for no other one", () => {
    const contract = buy("1", { symbol: CALL });
    expect(told(alike(contract), spread("sell"))).toBe("not_sent");
    expect(told(alike(contract), spread("buy"))).toBe("pending");
  });
});

test("a close that is like another one waits for that, and for the orders inside it", () => {
  const profit = parentOf(OCO);
  const stop = adopted(profit, legOf(profit, "stop"));
  const like = (claim: Claim) => decidedOn(pending(claim), { intent: OCO });
  expect(told(like(profit), profit)).toBe("not_sent");
  expect(told(like(profit), stop)).toBe("not_sent");
  expect(told(like(working(sell("6"))), stop)).toBe("pending");
});

test("a close like one that could not be read waits for it, where shares were opened behind", () => {
  const exit = working(sell("6"));
  const openedBehind = { quantity: decimal("6"), since: START };
  const like = (book: Book, unread: DecidedOn["unread"]) =>
    told(decidedOn(pending(exit), { intent: sell("6"), book, unread }), exit);
  expect(like({ ...bookOf("12"), openedBehind }, [exit])).toBe("not_sent");
  expect(like({ ...bookOf("12"), openedBehind }, "all")).toBe("not_sent");
  expect(like({ ...bookOf("12"), openedBehind }, [])).toBe("pending");
  expect(like(bookOf("12"), [exit])).toBe("pending");
});

describe("a close like one that seems to have ended the life before", () => {
  const endBefore = { ...working(sell("6")), status: "SETTLED" } as const;
  const open = (openedAt: number) => ({ ...working(buy("8")), openedAt });
  const before = open(endBefore.openedAt);
  const closing = (changes: Partial<DecidedOn> = {}) =>
    decidedOn(goes(working(sell("6"))), { intent: sell("6"), endBefore, ...changes });

  const unanswered = (openedAt: number) => {
    const ledger = new MemoryLedger();
    const lost = proceeded(ledger.claim(buy("8")));
    ledger.answer(lost, { kind: "ambiguous", reason: "timeout" });
    return { ...ledger.get(lost.key), openedAt };
  };

  test("waits for an open from before that, which nobody could read", () => {
    expect(told(closing(), before)).toBe("not_sent");
    expect(told(closing({ unread: [before] }), before)).toBe("not_sent");
    expect(told(closing({ unread: [] }), unanswered(endBefore.openedAt - 1))).toBe("not_sent");
  });

  test("and does not offer to go out by number, as a close of a part does", () => {
    const messageOf = (of: DecidedOn, order: Claim) => {
      const { decision } = unlessInDoubt(of, [order]);
      return decision.kind === "blocked" ? decision.block.message : decision.kind;
    };
    expect(messageOf(closing(), before)).toMatch(/an anchor tells them apart$/);
    const refusal = decidedOn(refused("insufficient_quantity"), { intent: sell("8") });
    expect(messageOf(refusal, before)).toMatch(
      /is not known; a close of up to 6, by number, goes out$/,
    );
    const part = { ...sell("6"), portion: "all" } as Intent;
    expect(messageOf(closing({ intent: part }), before)).toContain("; a close of up to 6, by");
  });

  test("goes out beside an open that came later or was read, an exit, and where it is no such one", () => {
    expect(told(closing(), open(endBefore.openedAt + 1))).toBe("proceed");
    expect(told(closing(), unanswered(endBefore.openedAt + 1))).toBe("proceed");
    expect(told(closing({ unread: [] }), before)).toBe("proceed");
    expect(told(closing(), working(sell("3")))).toBe("proceed");
    expect(told(closing({ endBefore: undefined }), before)).toBe("proceed");
  });

  test("has orders read first", () => {
    expect(asksForOrders(closing())).toBe(true);
    expect(asksForOrders(closing({ unread: [] }))).toBe(true);
    expect(asksForOrders(closing({ endBefore: undefined }))).toBe(false);
  });
});

describe("an open like one of the life that seems to be over", () => {
  const endBefore = { ...working(sell("6")), status: "SETTLED" } as const;
  const open = (openedAt: number) => ({ ...working(buy("8")), openedAt });
  const before = open(endBefore.openedAt);
  const opening = (changes: Partial<DecidedOn> = {}) =>
    decidedOn(goes(working(buy("6"))), {
      ...{ intent: buy("6"), book: bookOf("0"), endBefore },
      ...changes,
    });

  test("waits for an open from before its end, which nobody could read, whatever is held now", () => {
    for (const book of [bookOf("0"), bookOf("5")]) {
      expect(told(opening({ book, unread: [before] }), before)).toBe("not_sent");
      expect(told(opening({ book, unread: [] }), before)).toBe("proceed");
      expect(asksForOrders(opening({ book, unread: [] }))).toBe(true);
    }
  });

  test("says that nothing was sent and how to say that it is another one, and offers no close", () => {
    const { decision } = unlessInDoubt(opening(), [before]);
    const cause = before.key;
    const again =
      "this may be the order like it of a moment ago again: an id or an anchor tells them apart";
    const message = expect.stringMatching(`is not known; ${again}$`);
    expect(decision).toMatchObject({
      kind: "blocked",
      block: { code: "not_sent", cause, message },
    });
  });

  test("goes out beside an open that came later, an exit, and where nothing like it was", () => {
    expect(told(opening(), open(endBefore.openedAt + 1))).toBe("proceed");
    expect(told(opening(), working(sell("3")))).toBe("proceed");
    const unlike = opening({ endBefore: undefined, unread: [before] });
    expect(told(unlike, before)).toBe("proceed");
    expect(asksForOrders(unlike)).toBe(false);
  });
});

describe("an open in a contract that is held waits", () => {
  const contract = buy("1", { symbol: CALL });
  const adding = decidedOn(goes(working(contract)), { intent: contract, book: bookOf("6", CALL) });

  test("for a spread that may have ended the position", () => {
    expect(told(adding, spread("sell"))).toBe("not_sent");
    expect(told(adding, spread("buy"))).toBe("proceed");
  });

  test("for no other open, on whichever side", () => {
    const short = sell("1", { symbol: CALL, effect: "open" });
    expect(told(adding, working(short))).toBe("proceed");
  });
});
