/** Closes while nobody knows what became of an open, and so nobody knows what is held. */
import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import type { Intent } from "../../src/identity/intent.ts";
import {
  AGENT,
  blockOf,
  buy,
  filledOrder,
  OTHER_AGENT,
  proceeded,
  SECOND,
  sell,
  underRequestId,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const CALL = "SPY260618C00500000";
const PUT = "SPY260618P00500000";
const COMBO: Partial<Intent> = {
  symbol: "MLEG",
  extension: {
    order_class: "mleg",
    legs: [
      { symbol: CALL, ratio_qty: "1", side: "buy" },
      { symbol: PUT, ratio_qty: "1", side: "sell" },
    ],
  },
};
const LOST = underRequestId("lost");
const cause = { agent: AGENT, requestId: "lost" };

/** As the book resolves them while it has six shares. */
const all = (changes: Partial<Intent> = {}) => sell("6", { portion: "all", ...changes });
const half = () => sell("3", { portion: "50%" });

/** A ledger that has `net` shares, and an open whose answer was lost. */
function doubtful(net = "0", changes: Partial<Intent> = {}) {
  const ledger = new MemoryLedger();
  if (net !== "0") ledger.adopt(net, "75");
  const open = ledger.loseAnswer(proceeded(ledger.claim(buy("6", { ...LOST, ...changes }))));
  return { ledger, open };
}

describe("behind an open that nobody knows of", () => {
  test.each<[string, string, Intent, string]>([
    ["a close while the book is flat", "0", sell("6"), "0"],
    ["a close of more than the book has", "6", sell("7"), "6"],
    ["a close of all that is held", "6", all(), "6"],
    ["a close of a part of what is held", "6", half(), "6"],
  ])("%s is not sent, and not refused for certain", (_, net, close, free) => {
    const { ledger } = doubtful(net);
    const block = blockOf(ledger.claim(close));
    expect(block).toMatchObject({ code: "not_sent", cause, availableQuantity: free });
    expect(ledger.claims.size).toBe(1);
  });

  test("so is a close of shares that another close holds", () => {
    const { ledger } = doubtful("6");
    proceeded(ledger.claim(sell("6")));
    const block = blockOf(ledger.claim(sell("5")));
    expect(block).toMatchObject({ code: "not_sent", cause, availableQuantity: "0" });
  });

  test("it is told by number what can be closed, where that is anything", () => {
    const unknown = "nobody knows yet what became of the open lost";
    const message = `no order was sent: ${unknown}, so what is held of TQQQ is not known`;
    expect(blockOf(doubtful("0").ledger.claim(sell("6"))).message).toBe(message);
    const goesOut = "; a close of up to 6, by number, goes out";
    expect(blockOf(doubtful("6").ledger.claim(all())).message).toBe(`${message}${goesOut}`);
  });

  test("a close of so many shares as the book has goes out", () => {
    expect(doubtful("6").ledger.claim(sell("6")).kind).toBe("proceed");
  });

  test("another open goes out (I9)", () => {
    expect(doubtful("6").ledger.claim(buy("2")).kind).toBe("proceed");
  });

  test("a close that never depended on shares is refused as ever", () => {
    const { ledger } = doubtful("6");
    const wrongSide = sell("6", { side: "buy" });
    expect(blockOf(ledger.claim(wrongSide)).code).toBe("close_wrong_side");
  });

  test("whoever closes is told, also another agent", () => {
    const block = blockOf(doubtful("0").ledger.claim(sell("6", { agent: OTHER_AGENT })));
    expect(block).toMatchObject({ code: "not_sent", cause });
  });

  test("a close in another symbol is refused as ever", () => {
    const other = sell("6", { symbol: "SQQQ" });
    expect(blockOf(doubtful().ledger.claim(other)).code).toBe("close_while_flat");
  });

  test("each contract of a combo is in doubt, and no other one", () => {
    const { ledger } = doubtful("0", COMBO);
    for (const symbol of [CALL, PUT]) {
      expect(blockOf(ledger.claim(sell("1", { symbol })))).toMatchObject({
        code: "not_sent",
        cause,
      });
    }
    expect(blockOf(ledger.claim(sell("1"))).code).toBe("close_while_flat");
  });

  test("an attempt that is under way is one of them", () => {
    const ledger = new MemoryLedger();
    proceeded(ledger.claim(buy("6", LOST)));
    expect(blockOf(ledger.claim(sell("6")))).toMatchObject({ code: "not_sent", cause });
  });

  test("a close that would be opened again is kept back under its own claim", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const close = all(underRequestId("exit"));
    const first = ledger.conclude(proceeded(ledger.claim(close)));
    ledger.loseAnswer(proceeded(ledger.claim(buy("6", LOST))));
    expect(blockOf(ledger.claim(close))).toMatchObject({ code: "not_sent", cause });
    const bigger = sell("7", underRequestId("bigger"));
    expect(ledger.claim(bigger)).toMatchObject({ kind: "blocked", claim: null });
    expect(ledger.get(first.key)).toEqual(first);
  });
});

describe("once it is known what became of the open", () => {
  test("a close of what it has filled goes out", () => {
    const { ledger, open } = doubtful();
    ledger.read(open, filledOrder(open));
    expect(ledger.claim(all()).kind).toBe("proceed");
  });

  test("a close of what it works for is refused for certain", () => {
    const { ledger, open } = doubtful();
    ledger.read(open, { ...filledOrder(open), status: "new", filledQuantity: decimal("0") });
    expect(blockOf(ledger.claim(sell("6"))).code).toBe("close_while_flat");
  });

  test("and that is that it never was, so is a close of it", () => {
    const { ledger, open } = doubtful();
    ledger.proveAbsent(open);
    expect(blockOf(ledger.claim(sell("6"))).code).toBe("close_while_flat");
  });

  test("and that is that it never left, so is a close of it", () => {
    const ledger = new MemoryLedger();
    ledger.conclude(proceeded(ledger.claim(buy("6"))));
    expect(blockOf(ledger.claim(sell("6"))).code).toBe("close_while_flat");
  });
});

describe("an equal close of a moment ago", () => {
  /** Six were sold, and then an open's answer was lost. */
  function afterClose(changes: Partial<Intent> = {}) {
    const ledger = new MemoryLedger().adopt("6", "75");
    const close = proceeded(ledger.claim(sell("6", changes)));
    ledger.accept(close, filledOrder(close));
    const open = ledger.loseAnswer(proceeded(ledger.after(SECOND).claim(buy("6", LOST))));
    return { ledger, open };
  }

  test("may not be the one that is meant while a later position may be there", () => {
    const { ledger, open } = afterClose();
    expect(blockOf(ledger.claim(sell("6")))).toMatchObject({ code: "not_sent", cause });
    ledger.proveAbsent(open);
    expect(ledger.claim(sell("6"))).toMatchObject({ kind: "skip" });
  });

  test("is another one where the open has made a position", () => {
    const { ledger, open } = afterClose();
    ledger.read(open, filledOrder(open));
    expect(ledger.claim(sell("6")).kind).toBe("proceed");
  });

  test("is the one that is meant where its id says so", () => {
    const named = underRequestId("exit");
    expect(afterClose(named).ledger.claim(sell("6", named))).toMatchObject({ kind: "skip" });
  });

  test("is the one that is meant where the open came before it", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    ledger.loseAnswer(proceeded(ledger.claim(buy("6", LOST))));
    const close = proceeded(ledger.claim(sell("6")));
    ledger.accept(close, filledOrder(close));
    expect(ledger.claim(sell("6"))).toMatchObject({ kind: "skip" });
  });
});
