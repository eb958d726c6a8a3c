/** What is held while orders are in doubt: where, what an exit may free, and what an order is. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { openInDoubt, symbolsInDoubt } from "../../src/claim/orders-in-doubt.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { blockOf, buy, orderOf, proceeded, sell, underRequestId } from "./builders.ts";
import { CALL, COMBO, PUT } from "./combo-builders.ts";
import { adopted, BRACKET, legOf } from "./family-builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const LOST = underRequestId("lost");

describe("a close while another one at work holds its shares", () => {
  const cause = { requestId: "exit" };

  function holding() {
    const ledger = new MemoryLedger().adopt("6", "75");
    const claimed = proceeded(ledger.claim(sell("6", underRequestId("exit"))));
    return { ledger, exit: ledger.accept(claimed, orderOf(claimed)) };
  }

  test("is not refused for certain where that one was not read: it may have been canceled", () => {
    for (const unreadOf of [() => undefined, () => "all" as const, (exit: Claim) => [exit]]) {
      const { ledger, exit } = holding();
      const block = blockOf(ledger.claim(sell("4"), { unread: unreadOf(exit) }));
      expect(block).toMatchObject({ code: "not_sent", cause });
    }
  });

  test("is refused for certain once it was read", () => {
    const block = blockOf(holding().ledger.claim(sell("4"), { unread: [] }));
    expect(block).toMatchObject({ code: "insufficient_quantity", cause });
  });

  test("is refused for certain where another order is in its place", () => {
    const { ledger, exit } = holding();
    ledger.read(exit, orderOf(exit, { status: "replaced" }));
    const block = blockOf(ledger.claim(sell("4"), { unread: "all" }));
    expect(block).toMatchObject({ code: "insufficient_quantity", cause });
  });

  test("and is for more than the book has, is refused for certain: no cancel makes it more", () => {
    const block = blockOf(holding().ledger.claim(sell("7"), { unread: "all" }));
    expect(block.code).toBe("close_crosses_zero");
  });

  test("is refused for certain where only an exit was not read that waits for its entry, and holds nothing", () => {
    const { ledger } = holding();
    const entry = proceeded(ledger.claim(BRACKET));
    const working = ledger.accept(entry, orderOf(entry));
    const leg = adopted(working, legOf(working, "waits"));
    ledger.claims.set("leg", leg);
    const block = blockOf(ledger.claim(sell("4"), { unread: [leg] }));
    expect(block).toMatchObject({ code: "insufficient_quantity", cause });
  });
});

describe("where only a flat book says whether an order opens or closes,", () => {
  const cause = { requestId: "lost" };
  const byBook = (unread: readonly Claim[] | "all" = []) => ({ unread, isEffectByBook: true });
  const short = (changes: Partial<Intent> = {}) => sell("6", { effect: "open", ...changes });

  function shorting(changes: Partial<Intent> = {}) {
    const ledger = new MemoryLedger({ allowShort: true });
    return {
      ledger,
      open: ledger.loseAnswer(proceeded(ledger.claim(buy("6", { ...LOST, ...changes })))),
    };
  }

  test("one on the other side of an open that nobody knows of is not sent", () => {
    const block = blockOf(shorting().ledger.claim(short(), byBook()));
    expect(block).toMatchObject({ code: "not_sent", cause });
  });

  test("one on the same side goes out", () => {
    expect(shorting().ledger.claim(buy("2"), byBook()).kind).toBe("proceed");
  });

  test("one against a combo in its contract is not sent, on either side", () => {
    const ways = [
      [CALL, "sell", "buy"],
      [PUT, "buy", "sell"],
    ] as const;
    for (const [symbol, against, along] of ways) {
      const { ledger } = shorting(COMBO);
      const asked = short({ symbol, side: against });
      expect(blockOf(ledger.claim(asked, byBook()))).toMatchObject({ code: "not_sent", cause });
      expect(ledger.claim(short({ symbol, side: along }), byBook()).kind).toBe("proceed");
    }
  });

  test("one behind an open at work waits until that was read", () => {
    const { ledger, open } = shorting();
    const working = ledger.read(open, orderOf(open));
    for (const unread of ["all", [working]] as const) {
      const block = blockOf(ledger.claim(short(), byBook(unread)));
      expect(block).toMatchObject({ code: "not_sent", cause });
    }
    expect(ledger.claim(short(), byBook()).kind).toBe("proceed");
  });

  test("one behind a close that nobody knows of goes out", () => {
    const ledger = new MemoryLedger({ allowShort: true }).adopt("-6", "75");
    ledger.loseAnswer(proceeded(ledger.claim(buy("6", { effect: "close" }))));
    ledger.adopt("0", "75");
    expect(ledger.claim(short(), byBook()).kind).toBe("proceed");
  });

  test("a bot that says itself that it opens is not kept back (I9)", () => {
    expect(shorting().ledger.claim(short()).kind).toBe("proceed");
  });
});

describe("what is held is not known", () => {
  /** An open without an answer, one at work, a combo at work, and an exit at work. */
  function several() {
    const ledger = new MemoryLedger().adopt("6", "75");
    const worked = (intent: Intent) => {
      const claim = proceeded(ledger.claim(intent));
      return ledger.accept(claim, orderOf(claim));
    };
    const lost = ledger.loseAnswer(proceeded(ledger.claim(buy("1", { symbol: "SOXL" }))));
    const open = worked(buy("1", { symbol: "SQQQ" }));
    const combo = worked(buy("1", COMBO));
    const exit = worked(sell("6"));
    return { claims: [lost, open, combo, exit], lost, open, combo, exit };
  }

  test("in each symbol of an open without an answer, and of one at work that was not read", () => {
    const { claims, open, combo, exit } = several();
    expect([...symbolsInDoubt(claims, [])]).toEqual(["SOXL"]);
    expect([...symbolsInDoubt(claims, [exit, open])]).toEqual(["SOXL", "SQQQ"]);
    expect([...symbolsInDoubt(claims, [combo])]).toEqual(["SOXL", CALL, PUT]);
    expect([...symbolsInDoubt(claims, "all")]).toEqual(["SOXL", "SQQQ", CALL, PUT]);
  });

  test("of a symbol because of the open that may move it", () => {
    const { claims, lost, open, combo, exit } = several();
    expect(openInDoubt(claims, "SOXL", [])).toBe(lost);
    expect(openInDoubt(claims, "SQQQ", [])).toBeUndefined();
    expect(openInDoubt(claims, "SQQQ", [exit, open])).toBe(open);
    expect(openInDoubt(claims, PUT, "all")).toBe(combo);
    expect(openInDoubt(claims, "TQQQ", "all")).toBeUndefined();
    expect(openInDoubt(claims, "UPRO", undefined)).toBeUndefined();
  });
});
