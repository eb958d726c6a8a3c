/** Orders while nobody knows what others have done, and so nobody knows what is held. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { Intent } from "../../src/identity/intent.ts";
import {
  AGENT,
  blockOf,
  buy,
  filledOrder,
  OTHER_AGENT,
  orderOf,
  proceeded,
  SECOND,
  sell,
  underRequestId,
} from "./builders.ts";
import { CALL, COMBO, PUT } from "./combo-builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

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

  test("one that is opened again for more than the book has is told under its own claim", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const close = sell("6", underRequestId("exit"));
    const { key } = ledger.conclude(proceeded(ledger.claim(close)));
    ledger.loseAnswer(proceeded(ledger.claim(buy("6", LOST))));
    ledger.adopt("4", "75");
    const told = { kind: "blocked", block: { code: "not_sent" }, claim: { key } };
    expect(ledger.claim(close)).toMatchObject(told);
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

  test("may not be the one that is meant where the open came at the same moment", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const close = proceeded(ledger.claim(sell("6")));
    ledger.accept(close, filledOrder(close));
    ledger.loseAnswer(proceeded(ledger.claim(buy("6", LOST))));
    expect(blockOf(ledger.claim(sell("6")))).toMatchObject({ code: "not_sent", cause });
  });

  test("may not be the one that is meant where the open came while that close worked", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const close = proceeded(ledger.claim(sell("6")));
    ledger.accept(close, orderOf(close));
    ledger.loseAnswer(proceeded(ledger.after(SECOND).claim(buy("6", LOST))));
    ledger.read(close, filledOrder(close));
    expect(blockOf(ledger.claim(sell("6")))).toMatchObject({ code: "not_sent", cause });
  });

  test("is the one that is meant, once it has ended, as long as others are held", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const close = proceeded(ledger.claim(sell("6")));
    ledger.accept(close, filledOrder(close));
    const open = proceeded(ledger.after(SECOND).claim(buy("2")));
    ledger.accept(open, orderOf(open));
    const { key } = close;
    expect(ledger.claim(sell("6"), { unread: "all" })).toMatchObject({
      kind: "skip",
      claim: { key },
    });
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

describe("an order at work that this try has not read", () => {
  const cause = { requestId: "open" };
  const inDoubt = { code: "not_sent", cause };

  function working(net = "0", changes: Partial<Intent> = {}) {
    const ledger = new MemoryLedger();
    if (net !== "0") ledger.adopt(net, "75");
    const claimed = proceeded(ledger.claim(buy("6", { ...underRequestId("open"), ...changes })));
    return { ledger, open: ledger.accept(claimed, orderOf(claimed)) };
  }

  test.each([
    ["nobody has looked", undefined],
    ["the look has not come to an end", "all"],
  ] as const)("leaves open what is held where %s", (_, unread) => {
    const { ledger } = working();
    expect(blockOf(ledger.claim(sell("6"), { unread }))).toMatchObject(inDoubt);
  });

  test("does so where the look could not read it, and not where it could not read another one", () => {
    const { ledger, open } = working();
    const claimed = proceeded(ledger.claim(buy("1", { symbol: "SQQQ" })));
    const other = ledger.accept(claimed, orderOf(claimed));
    expect(blockOf(ledger.claim(sell("6"), { unread: [other, open] }))).toMatchObject(inDoubt);
    expect(blockOf(ledger.claim(sell("6"), { unread: [other] })).code).toBe("close_while_flat");
  });

  test("is told as one that could not be read", () => {
    const message =
      "no order was sent: what the open open has filled could not be read, " +
      "so what is held of TQQQ is not known";
    expect(blockOf(working().ledger.claim(sell("6"), { unread: "all" })).message).toBe(message);
  });

  test("keeps back no close of a part of what is known to be held", () => {
    expect(working("6").ledger.claim(all(), { unread: "all" }).kind).toBe("proceed");
  });

  test("says nothing once it is settled", () => {
    const { ledger, open } = working();
    ledger.read(open, { ...orderOf(open), status: "canceled" });
    expect(blockOf(ledger.claim(sell("6"), { unread: "all" })).code).toBe("close_while_flat");
  });

  test("may have ended, where an equal one asks before anybody has looked", () => {
    const { ledger, open } = working();
    const worked = proceeded(ledger.claim(buy("2")));
    ledger.accept(worked, orderOf(worked));
    const { requestId } = worked.key;
    const asked = blockOf(ledger.claim(buy("2"), { unread: undefined }));
    expect(asked).toMatchObject({ code: "not_sent", cause: { requestId } });
    for (const unread of ["all", [open, worked], []] as const) {
      expect(ledger.claim(buy("2"), { unread })).toMatchObject({ kind: "pending" });
    }
  });

  test("is told as the cause, and not as the claim of one that may be another action", () => {
    const { ledger } = working();
    const again = ledger.claim(buy("6"), { unread: undefined });
    expect(again).toMatchObject({ kind: "blocked", block: inDoubt, claim: null });
  });

  test("is no other open's matter", () => {
    expect(working().ledger.claim(buy("2"), { unread: "all" }).kind).toBe("proceed");
  });

  describe("behind an equal close that works", () => {
    function reversed() {
      const ledger = new MemoryLedger().adopt("6", "75");
      const claimed = proceeded(ledger.claim(sell("6")));
      const close = ledger.accept(claimed, orderOf(claimed));
      const entry = proceeded(ledger.claim(buy("6", underRequestId("open"))));
      return { ledger, close, open: ledger.accept(entry, orderOf(entry)) };
    }

    test("may have begun what is to be closed, where that close has not been read either", () => {
      const { ledger, close } = reversed();
      for (const unread of ["all", [close]] as const) {
        expect(blockOf(ledger.claim(sell("6"), { unread }))).toMatchObject(inDoubt);
      }
    });

    test("has not, where that close is known to work", () => {
      const { ledger, close, open } = reversed();
      const known = { kind: "pending", claim: { key: close.key } };
      expect(ledger.claim(sell("6"), { unread: [open] })).toMatchObject(known);
      expect(ledger.claim(sell("6"), { unread: [] })).toMatchObject(known);
    });

    test("has not, where it came before that close", () => {
      const { ledger } = working("6");
      const claimed = proceeded(ledger.claim(sell("6")));
      ledger.accept(claimed, orderOf(claimed));
      expect(ledger.claim(sell("6"), { unread: "all" }).kind).toBe("pending");
    });
  });

  describe("that is a close, behind an equal open that has filled,", () => {
    function closing() {
      const ledger = new MemoryLedger();
      const entry = proceeded(ledger.claim(buy("6")));
      ledger.accept(entry, filledOrder(entry));
      const claimed = proceeded(ledger.claim(sell("6", underRequestId("open"))));
      return { ledger, close: ledger.accept(claimed, orderOf(claimed)) };
    }

    test("may have ended the position of that open, as long as nobody has looked", () => {
      expect(blockOf(closing().ledger.claim(buy("6"), { unread: undefined }))).toMatchObject(
        inDoubt,
      );
    });

    test("is not waited for where it cannot be read", () => {
      const { ledger, close } = closing();
      for (const unread of ["all", [close], []] as const) {
        expect(ledger.claim(buy("6"), { unread }).kind).toBe("skip");
      }
    });

    test("is not waited for either where that open works still", () => {
      const ledger = new MemoryLedger().adopt("6", "75");
      const entry = proceeded(ledger.claim(buy("2")));
      ledger.accept(entry, orderOf(entry));
      const claimed = proceeded(ledger.claim(sell("6", underRequestId("open"))));
      ledger.accept(claimed, orderOf(claimed));
      expect(ledger.claim(buy("2"), { unread: "all" }).kind).toBe("pending");
    });

    test("says nothing of an open that nobody knows of: that is asked for again, and waits", () => {
      const ledger = new MemoryLedger().adopt("6", "75");
      const entry = ledger.loseAnswer(proceeded(ledger.claim(buy("6"))));
      ledger.loseAnswer(proceeded(ledger.claim(sell("6"))));
      for (const net of ["6", "0"]) {
        ledger.adopt(net, "75");
        const again = ledger.claim(buy("6", underRequestId("again")), { unread: undefined });
        expect(again).toMatchObject({ kind: "pending", claim: { key: entry.key } });
      }
    });

    test("is not asked about where an id says which open is meant", () => {
      const ledger = new MemoryLedger();
      const named = buy("6", underRequestId("entry"));
      const entry = proceeded(ledger.claim(named));
      ledger.accept(entry, filledOrder(entry));
      const claimed = proceeded(ledger.claim(sell("6")));
      ledger.accept(claimed, orderOf(claimed));
      expect(ledger.claim(named, { unread: undefined }).kind).toBe("skip");
    });
  });
});

describe("an open while closes at work hold all that the book has", () => {
  const cause = { requestId: "exit" };

  function closing(quantity = "6") {
    const ledger = new MemoryLedger().adopt("6", "75");
    const claimed = proceeded(ledger.claim(sell(quantity, underRequestId("exit"))));
    return { ledger, close: ledger.accept(claimed, orderOf(claimed)) };
  }

  test.each([
    ["that names nothing", {}],
    ["under an id of its own", underRequestId("entry")],
    ["of another agent", { agent: OTHER_AGENT }],
  ])("%s is claimed once they were read", (_, changes) => {
    const { ledger, close } = closing();
    const block = blockOf(ledger.claim(buy("6", changes), { unread: undefined }));
    expect(block).toMatchObject({ code: "not_sent", cause });
    expect(ledger.claims.size).toBe(1);
    ledger.read(close, filledOrder(close));
    expect(proceeded(ledger.claim(buy("6", changes), { unread: [] })).episode).toBe(2);
  });

  test("goes out where they could not be read, or work still (I9)", () => {
    for (const unreadOf of [() => "all" as const, (close: Claim) => [close], () => []]) {
      const { ledger, close } = closing();
      expect(ledger.claim(buy("6"), { unread: unreadOf(close) }).kind).toBe("proceed");
    }
  });

  test("goes out at once where they leave some of it", () => {
    expect(closing("5").ledger.claim(buy("6"), { unread: undefined }).kind).toBe("proceed");
  });

  test("goes out at once where nobody knows what became of them: there is nothing to read", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const entry = proceeded(ledger.claim(buy("1")));
    ledger.accept(entry, orderOf(entry));
    ledger.loseAnswer(proceeded(ledger.claim(sell("6"))));
    expect(ledger.claim(buy("6"), { unread: undefined }).kind).toBe("proceed");
  });
});
