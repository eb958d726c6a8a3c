/** What the book permits, and how each refusal names what brought it about (I5, I8). */
import { describe, expect, test } from "vitest";
import { emptyBook } from "../../src/book/book.ts";
import { admit } from "../../src/claim/admission.ts";
import { phaseOf } from "../../src/claim/answer.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { Intent } from "../../src/identity/intent.ts";
import {
  ACCOUNT,
  AGENT,
  blockOf,
  buy,
  filledOrder,
  intent,
  OTHER_AGENT,
  orderOf,
  POLICY,
  proceeded,
  refusal,
  SECOND,
  sell,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const MINUTE = 60 * SECOND;

describe("a close", () => {
  test("reserves exactly its shares, in its own transaction", () => {
    const ledger = new MemoryLedger().adopt("18", "75");
    const first = proceeded(ledger.claim(sell("6")));
    const second = proceeded(ledger.claim(sell("12")));
    expect(ledger.book().reservations).toEqual([
      { agent: AGENT, requestId: first.key.requestId, quantity: "6" },
      { agent: AGENT, requestId: second.key.requestId, quantity: "12" },
    ]);
  });

  test("of a part that comes to nothing is refused, and says of what it is a part", () => {
    const ledger = new MemoryLedger().adopt("-1", "75");
    const half = sell("0", { side: "buy", portion: "50%" });
    expect(blockOf(ledger.claim(half))).toMatchObject({
      code: "part_too_small",
      message: "qty must be > 0; 50% of 1 TQQQ, rounded down, is 0",
    });
  });

  test("of more than is free is refused in Alpaca's words, naming who holds the shares", () => {
    const ledger = new MemoryLedger().adopt("18", "75");
    const holder = proceeded(ledger.claim(sell("12")));
    const block = blockOf(ledger.claim(sell("7", { agent: OTHER_AGENT })));
    expect(block).toMatchObject({
      code: "insufficient_quantity",
      cause: holder.key,
      availableQuantity: "6",
      difference: null,
    });
    expect(block.message).toBe(
      "insufficient qty available for order (requested: 7, available: 6); " +
        "other closes hold 12 of 18 TQQQ",
    );
    expect(ledger.claims.size).toBe(1);
  });

  test("does not name a holder whose shares are all filled", () => {
    const ledger = new MemoryLedger().adopt("18", "75");
    const done = proceeded(ledger.claim(sell("6")));
    ledger.accept(done, orderOf(done, { status: "partially_filled", filled: "6" }));
    const holder = proceeded(ledger.claim(sell("10")));
    expect(blockOf(ledger.claim(sell("5"))).cause).toEqual(holder.key);
  });

  test("while flat is refused, with the claim that closed the position", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const exit = proceeded(ledger.claim(sell("12", { agent: OTHER_AGENT })));
    ledger.accept(exit, filledOrder(exit));
    const block = blockOf(ledger.after(2 * SECOND).claim(sell("12")));
    expect(block).toMatchObject({ code: "close_while_flat", cause: exit.key });
    expect(block.message).toBe("no TQQQ is held, a close of 12 came");
  });

  test("repeated after the dedupe window is refused too, with that same cause", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const exit = proceeded(ledger.claim(sell("12")));
    ledger.accept(exit, filledOrder(exit));
    expect(ledger.after(44 * SECOND).claim(sell("12")).kind).toBe("skip");
    const block = blockOf(ledger.after(MINUTE).claim(sell("12")));
    expect(block).toMatchObject({ code: "close_while_flat", cause: exit.key });
  });

  test("in a symbol that was never held is refused without a cause", () => {
    const block = blockOf(new MemoryLedger().claim(sell("12")));
    expect(block).toMatchObject({ code: "close_while_flat", cause: null });
  });

  test("that would cross through zero is refused, whatever shorts are permitted", () => {
    const ledger = new MemoryLedger({ allowShort: true }).adopt("6", "75");
    const block = blockOf(ledger.claim(sell("6.000000001")));
    expect(block.code).toBe("close_crosses_zero");
    expect(block.message).toBe("a close of 6.000000001 TQQQ would cross through zero: 6 are held");
    expect(ledger.claim(sell("6")).kind).toBe("proceed");
  });

  test("on the side of the position is refused", () => {
    const long = new MemoryLedger().adopt("6", "75");
    const block = blockOf(long.claim(buy("6", { effect: "close" })));
    expect(block.code).toBe("close_wrong_side");
    expect(block.message).toBe("a buy does not close the 6 TQQQ that are held");
    const short = new MemoryLedger().adopt("-6", "75");
    expect(blockOf(short.claim(sell("6"))).code).toBe("close_wrong_side");
    expect(short.claim(buy("6", { effect: "close" })).kind).toBe("proceed");
  });

  test("in dollars holds all shares, and waits for other closes to end", () => {
    const dollars = intent({
      side: "sell",
      effect: "close",
      quantity: null,
      notional: decimal("450"),
    });
    const free = new MemoryLedger().adopt("18", "75");
    proceeded(free.claim(dollars));
    expect(free.book().reservations.map(({ quantity }) => quantity)).toEqual(["18"]);
    const shared = new MemoryLedger().adopt("18", "75");
    const holder = proceeded(shared.claim(sell("6")));
    const block = blockOf(shared.claim(dollars));
    expect(block).toMatchObject({ code: "insufficient_quantity", cause: holder.key });
    expect(block.message).toContain("requested: 450 USD, available: 12");
  });

  test("gives its shares back when it ends, and keeps what was not filled until then", () => {
    const ledger = new MemoryLedger().adopt("18", "75");
    const exit = proceeded(ledger.claim(sell("12")));
    ledger.accept(exit, orderOf(exit, { status: "partially_filled", filled: "5" }));
    expect(ledger.book()).toMatchObject({ net: "13", reservations: [{ quantity: "7" }] });
    ledger.read(exit, orderOf(exit, { status: "canceled", filled: "5" }));
    expect(ledger.book()).toMatchObject({ net: "13", reservations: [] });
  });

  test("that filled keeps its shares held while their price is unknown", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const exit = proceeded(ledger.claim(sell("12")));
    ledger.accept(exit, filledOrder(exit, null));
    const block = blockOf(ledger.claim(sell("12", { agent: OTHER_AGENT })));
    expect(block).toMatchObject({ code: "insufficient_quantity", cause: exit.key });
    ledger.read(exit, filledOrder(exit));
    expect(ledger.get(exit.key).status).toBe("SETTLED");
    expect(ledger.book()).toMatchObject({ net: "0", reservations: [] });
  });

  test("frees nothing while its outcome is unknown", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const exit = proceeded(ledger.claim(sell("12")));
    ledger.loseAnswer(exit);
    const block = blockOf(ledger.after(60 * MINUTE).claim(sell("6")));
    expect(block).toMatchObject({ code: "insufficient_quantity", cause: exit.key });
    ledger.proveAbsent(exit);
    expect(ledger.claim(sell("6")).kind).toBe("proceed");
  });
});

describe("what the book decides", () => {
  const decided = (intended: Intent, net: string) =>
    admit({ ...emptyBook(ACCOUNT, "TQQQ"), net: decimal(net) }, intended, POLICY);

  test("admits an open without, and a close with what it reserves", () => {
    const dollars = sell("1", { quantity: null, notional: decimal("450") });
    expect(decided(buy("6"), "6")).toEqual({ kind: "admitted", reserve: null });
    expect(decided(sell("6"), "6")).toEqual({ kind: "admitted", reserve: "6" });
    expect(decided(dollars, "6")).toEqual({ kind: "admitted", reserve: "6" });
  });

  test("names a holder of shares only where it refuses for want of them", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    proceeded(ledger.claim(sell("2")));
    expect(blockOf(ledger.claim(sell("7")))).toMatchObject({
      ...{ code: "close_crosses_zero", cause: null, availableQuantity: null },
    });
  });
});

test("an order is in flight from its claim until the answer is weighed", () => {
  const claim = proceeded(new MemoryLedger().claim(buy("6")));
  expect(phaseOf(claim)).toBe("in_flight");
  expect(phaseOf({ ...claim, status: "RESOLVED" })).toBe("in_flight");
});

describe("an open", () => {
  const short = sell("6", { effect: "open" });

  test("that is a short is refused unless shorts are permitted", () => {
    const block = blockOf(new MemoryLedger().claim(short));
    expect(block).toMatchObject({ code: "short_not_allowed", cause: null });
    expect(block.message).toBe("a sell of 6 TQQQ to open is a short");
    expect(new MemoryLedger({ allowShort: true }).claim(short).kind).toBe("proceed");
  });

  test("against the position is refused on both sides, shorts permitted or not", () => {
    const long = new MemoryLedger({ allowShort: true }).adopt("6", "75");
    expect(blockOf(long.claim(short)).code).toBe("open_against_position");
    const shorted = new MemoryLedger({ allowShort: true }).adopt("-6", "75");
    const block = blockOf(shorted.claim(buy("6")));
    expect(block.code).toBe("open_against_position");
    expect(block.message).toBe("a buy to open would reduce the -6 TQQQ that are held");
  });

  test("reserves nothing, and is not held up by closes at work (I9)", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const exit = proceeded(ledger.claim(sell("12")));
    ledger.answer(exit, { kind: "refused", refusal: refusal() });
    expect(ledger.claim(buy("6")).kind).toBe("proceed");
    expect(ledger.book().reservations).toHaveLength(1);
  });
});

test("a refusal leaves no claim, no event and no reservation behind", () => {
  const ledger = new MemoryLedger();
  ledger.claim(sell("6"));
  ledger.claim(sell("6", { effect: "open" }));
  expect([ledger.claims.size, ledger.log.length, ledger.book().arrivals]).toEqual([0, 0, 0]);
});
