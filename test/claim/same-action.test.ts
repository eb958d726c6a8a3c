/** Intents without an id and without an anchor: the same action once more, or a new one? */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { filledLately, repeatedBy } from "../../src/claim/same-action.ts";
import { decimal } from "../../src/core/decimal.ts";
import {
  buy,
  filledOrder,
  OTHER_AGENT,
  orderOf,
  proceeded,
  refusal,
  SECOND,
  START,
  sell,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const MINUTE = 60 * SECOND;

/** A ledger whose first claim, a buy of 6, filled at once, and its caller was told. */
function afterOneBuy(): { ledger: MemoryLedger; first: Claim } {
  const ledger = new MemoryLedger();
  const claim = proceeded(ledger.claim(buy("6")));
  return { ledger, first: ledger.accept(claim, filledOrder(claim)) };
}

describe("the claim that is repeated", () => {
  const repeated = (equals: readonly Claim[], episode: number, ledger: MemoryLedger) =>
    repeatedBy(equals, [episode], ledger, ledger.policy);

  test("is one of the position's same life", () => {
    const { ledger, first } = afterOneBuy();
    expect(repeated([first], first.episode, ledger)).toBe(first);
    expect(repeated([first], first.episode + 1, ledger)).toBeUndefined();
    const joined = [first.episode + 1, first.episode];
    expect(repeatedBy([first], joined, ledger, ledger.policy)).toBe(first);
  });

  test("is a live open without a fill, whatever life of the position it was claimed in", () => {
    const ledger = new MemoryLedger();
    ledger.adopt("6", "70");
    const open = proceeded(ledger.claim(buy("6")));
    const next = open.episode + 1;
    const lost = ledger.loseAnswer(open);
    const working = ledger.read(open, orderOf(open));
    for (const live of [open, lost, working]) expect(repeated([live], next, ledger)).toBe(live);
    const partly = ledger.read(open, orderOf(open, { status: "partially_filled", filled: "1" }));
    expect(repeated([partly], next, ledger)).toBeUndefined();
    const ended = ledger.read(open, orderOf(open, { status: "canceled", filled: "1" }));
    expect(repeated([ended], next, ledger)).toBeUndefined();
    const exit = ledger.loseAnswer(proceeded(ledger.claim(sell("6"))));
    expect(repeated([exit], exit.episode + 1, ledger)).toBeUndefined();
  });

  test("is the latest one where that never came to be, and not one before it", () => {
    const ledger = new MemoryLedger();
    const absent = ledger.proveAbsent(ledger.loseAnswer(proceeded(ledger.claim(buy("6")))));
    const canceled = { ...absent, outcome: "canceled" } as const;
    expect(repeated([absent, canceled], absent.episode, ledger)).toBe(absent);
    expect(repeated([canceled, absent], absent.episode, ledger)).toBeUndefined();
    expect(repeated([], absent.episode, ledger)).toBeUndefined();
  });

  test("is an open that never came to be, in a later life too, until its window is over", () => {
    const ledger = new MemoryLedger();
    ledger.adopt("6", "70");
    const open = ledger.proveAbsent(ledger.loseAnswer(proceeded(ledger.claim(buy("6")))));
    const exit = ledger.proveAbsent(ledger.loseAnswer(proceeded(ledger.claim(sell("6")))));
    const next = open.episode + 1;
    expect(repeated([open], next, ledger)).toBe(open);
    expect(repeated([{ ...open, episode: next, outcome: "canceled" }, open], next, ledger)).toBe(
      undefined,
    );
    expect(repeated([exit], next, ledger)).toBeUndefined();
    ledger.now = (open.certainAt ?? 0) + ledger.policy.dedupeWindowMs - 1;
    expect(repeated([open], next, ledger)).toBe(open);
    ledger.after(1);
    expect(repeated([open], next, ledger)).toBeUndefined();
    expect(repeated([open], open.episode, ledger)).toBe(open);
  });
});

describe("an equal intent of the same agent", () => {
  test("is the same action while the first is being sent", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6")));
    const repeat = ledger.after(1).claim(buy("6"));
    expect(repeat).toEqual({ kind: "pending", claim: first, phase: "in_flight" });
    expect(ledger.claims.size).toBe(1);
  });

  test("is the same action while the first one's outcome is unknown, however long that takes", () => {
    const ledger = new MemoryLedger();
    ledger.loseAnswer(proceeded(ledger.claim(buy("6"))));
    const repeat = ledger.after(24 * 60 * MINUTE).claim(buy("6"));
    expect(repeat).toMatchObject({ kind: "pending", phase: "unknown" });
  });

  test("is the same action while the first one's order is working, however long that takes", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim));
    const repeat = ledger.after(60 * MINUTE).claim(buy("6"));
    expect(repeat).toMatchObject({ kind: "pending", phase: "working" });
  });

  test("waits for the end of a cancel that is under way", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim));
    ledger.read(claim, orderOf(claim, { status: "pending_cancel" }));
    expect(ledger.claim(buy("6"))).toMatchObject({ kind: "pending", phase: "canceling" });
    ledger.read(claim, orderOf(claim, { status: "canceled" }));
    expect(ledger.claim(buy("6"))).toMatchObject({ kind: "proceed", reopened: false });
  });

  test("after the fill is the same action, with the first one's receipt", () => {
    const { ledger, first } = afterOneBuy();
    const repeat = ledger.after(3 * SECOND).claim(buy("6"));
    expect(repeat).toMatchObject({
      kind: "skip",
      claim: { key: first.key },
      receipt: {
        status: "SETTLED",
        outcome: "filled",
        provenance: "venue",
        filledQuantity: "6",
        averagePrice: "75",
        brokerOrderId: first.brokerOrderId,
        clientOrderId: first.clientOrderId,
        requestId: first.key.requestId,
      },
    });
  });

  test.each([
    ["a millisecond before the window ends", 45 * SECOND - 1, "skip"],
    ["when the window ends", 45 * SECOND, "proceed"],
  ])("%s is decided by the window", (_, after, kind) => {
    const { ledger } = afterOneBuy();
    expect(ledger.after(after).claim(buy("6")).kind).toBe(kind);
  });

  test("counts the window from the claim where the caller was told, not from the fill", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim));
    ledger.after(40 * SECOND).read(claim, filledOrder(claim));
    expect(ledger.after(4 * SECOND).claim(buy("6")).kind).toBe("skip");
    expect(ledger.after(1 * SECOND).claim(buy("6")).kind).toBe("proceed");
  });

  test.each([["pending"], ["nothing"]])(
    "counts the window from the certainty where the caller got %s",
    (told) => {
      const ledger = new MemoryLedger();
      const claim = proceeded(ledger.claim(buy("6")));
      ledger.loseAnswer(claim);
      if (told === "pending") ledger.after(8 * SECOND).tell(claim, "pending");
      ledger.after(60 * SECOND).read(claim, filledOrder(claim), "read_back");
      expect(ledger.after(45 * SECOND - 1).claim(buy("6")).kind).toBe("skip");
      expect(ledger.after(1).claim(buy("6")).kind).toBe("proceed");
    },
  );

  test("counts from the claim again once the caller was told what a read-back found", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.loseAnswer(claim);
    ledger.after(5 * SECOND).read(claim, filledOrder(claim), "read_back");
    ledger.tell(claim, "certain");
    expect(ledger.after(40 * SECOND).claim(buy("6")).kind).toBe("proceed");
  });

  test("is never put off by repeats: they do not extend the window", () => {
    const { ledger } = afterOneBuy();
    for (let repeat = 0; repeat < 4; repeat += 1) {
      expect(ledger.after(11 * SECOND).claim(buy("6")).kind).toBe("skip");
    }
    expect(ledger.after(1 * SECOND).claim(buy("6")).kind).toBe("proceed");
  });

  test("on the next bar is an add of its own, and the bar after that another", () => {
    const ledger = new MemoryLedger();
    const ids = [0, MINUTE, MINUTE].map((pause) => {
      const claim = proceeded(ledger.after(pause).claim(buy("6")));
      ledger.accept(claim, filledOrder(claim));
      return claim.key.requestId;
    });
    expect(new Set(ids).size).toBe(3);
    expect(ledger.book().net).toBe("18");
  });

  test("after the position was closed is a new action: buy, sell, buy in a minute are three", () => {
    const { ledger, first } = afterOneBuy();
    const exit = proceeded(ledger.after(10 * SECOND).claim(sell("6")));
    ledger.accept(exit, filledOrder(exit));
    const again = proceeded(ledger.after(10 * SECOND).claim(buy("6")));
    expect(new Set([first, exit, again].map(({ key }) => key.requestId)).size).toBe(3);
  });

  test("that closes again right after the close filled is that close, with its receipt", () => {
    const { ledger } = afterOneBuy();
    const exit = proceeded(ledger.claim(sell("6")));
    ledger.accept(exit, filledOrder(exit));
    const repeat = ledger.after(2 * SECOND).claim(sell("6"));
    expect(repeat).toMatchObject({ kind: "skip", receipt: { requestId: exit.key.requestId } });
  });

  test("after a partial fill that ended counts as filled", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    ledger.accept(claim, orderOf(claim));
    ledger.read(claim, orderOf(claim, { status: "canceled", filled: "2" }));
    const repeat = ledger.after(SECOND).claim(buy("6"));
    expect(repeat).toMatchObject({ kind: "skip", receipt: { outcome: "partially_filled" } });
  });

  test("after a fill whose price is not known yet counts as filled too", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    const after = ledger.accept(claim, filledOrder(claim, null));
    expect(after).toMatchObject({ status: "FINAL", outcome: "filled", bookedQuantity: "0" });
    const repeat = ledger.after(SECOND).claim(buy("6"));
    expect(repeat).toMatchObject({ kind: "skip", receipt: { outcome: "filled" } });
  });

  test.each([["canceled"], ["expired"], ["rejected"]])(
    "after an end without a fill (%s) is a new action under a new id",
    (status) => {
      const ledger = new MemoryLedger();
      const first = proceeded(ledger.claim(buy("6")));
      ledger.accept(first, orderOf(first));
      ledger.read(first, orderOf(first, { status }));
      const next = ledger.after(SECOND).claim(buy("6"));
      expect(next).toMatchObject({ kind: "proceed", reopened: false });
      expect(proceeded(next).clientOrderId).not.toBe(first.clientOrderId);
    },
  );

  test("after a certain refusal of an open is a new action", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6")));
    const refused = refusal({ reason: "buying_power", httpStatus: 403 });
    ledger.answer(first, { kind: "refused", refusal: refused });
    expect(ledger.claim(buy("6"))).toMatchObject({ kind: "proceed", reopened: false });
  });

  test("of another agent is another action, and gets its own number", () => {
    const { ledger, first } = afterOneBuy();
    const { arrivals } = ledger.book();
    const other = proceeded(ledger.claim(buy("6", { agent: OTHER_AGENT })));
    expect(other.key.requestId).not.toBe(first.key.requestId);
    expect(ledger.book().arrivals).toBeGreaterThan(arrivals);
  });

  test("in any other term is another action", () => {
    const { ledger } = afterOneBuy();
    const others = [buy("7"), buy("6", { timeInForce: "gtc" }), buy("6", { symbol: "SQQQ" })];
    expect(others.map((other) => ledger.claim(other).kind)).toEqual(others.map(() => "proceed"));
  });

  test("that differs only in words for people is the same action", () => {
    const { ledger } = afterOneBuy();
    const words = { decisionId: "decision-2", reason: "second instance" };
    expect(ledger.claim(buy("6", words)).kind).toBe("skip");
  });
});

test("an order whose caller got no certain answer has its window from its end, not its find", () => {
  const ledger = new MemoryLedger();
  const limit = buy("6", { type: "limit", limitPrice: decimal("75") });
  const claim = proceeded(ledger.claim(limit));
  ledger.tell(ledger.loseAnswer(claim), "pending");
  ledger.after(SECOND).read(claim, orderOf(claim, { limitPrice: decimal("75"), type: "limit" }));
  const filled = { status: "filled", filled: "6", limitPrice: decimal("75"), type: "limit" };
  ledger.after(600 * SECOND).read(claim, orderOf(claim, filled));
  expect(ledger.after(44 * SECOND).claim(limit).kind).toBe("skip");
  expect(ledger.after(SECOND).claim(limit).kind).toBe("proceed");
});

describe("the age of an equal claim", () => {
  const AT = 45 * SECOND;

  /** Claimed when the broker's clock showed `START`, whatever ours did. */
  function claimedAt(brokerTime: number | null): { ledger: MemoryLedger; first: Claim } {
    const ledger = new MemoryLedger();
    ledger.brokerTime = brokerTime;
    const claim = proceeded(ledger.claim(buy("6")));
    return { ledger, first: ledger.accept(claim, filledOrder(claim)) };
  }

  test.each([
    ["is ours where the broker's clock agrees to ten seconds", AT - 1, AT + 9_999, true],
    ["is the broker's where ours says that the window is over", AT + 60_000, AT - 1, true],
    ["is the broker's where ours says that it is not", 1, AT, false],
    ["is ours where nobody knows the broker's, and the window is open", AT - 1, null, true],
    ["is ours where nobody knows the broker's, and the window is over", AT, null, false],
  ] as const)("%s", (_, ours, brokers, isLate) => {
    const { ledger, first } = claimedAt(START);
    const asked = { now: START + ours, brokerTime: brokers === null ? null : START + brokers };
    expect(filledLately(first, asked, ledger.policy)).toBe(isLate);
  });

  test("is ours for a claim of which nobody knew the broker's time", () => {
    const { ledger, first } = claimedAt(null);
    const asked = { now: START + AT - 1, brokerTime: START + 10 * AT };
    expect(filledLately(first, asked, ledger.policy)).toBe(true);
  });

  test("is ours for a claim of an older ledger, which did not note the broker's time", () => {
    const { brokerClaimedAt: _, ...older } = claimedAt(START).first;
    const { policy } = new MemoryLedger();
    const asked = (afterMs: number) => ({ now: START + afterMs, brokerTime: START + 10 * AT });
    expect(filledLately(older, asked(AT - 1), policy)).toBe(true);
    expect(filledLately(older, asked(AT), policy)).toBe(false);
  });

  test("is ours where the broker's time is a guess", () => {
    const { ledger, first } = claimedAt(START);
    const guess = { now: START + AT - 1, brokerTime: START + 10 * AT, isTimeGuess: true };
    expect(filledLately(first, guess, ledger.policy)).toBe(true);
    const known = { ...guess, isTimeGuess: false };
    expect(filledLately(first, known, ledger.policy)).toBe(false);
  });

  test("is noted as a guess where the claim's machine did not know better, and else as none", () => {
    const ledger = new MemoryLedger();
    ledger.brokerTime = START;
    const known = proceeded(ledger.claim(buy("6")));
    expect("isBrokerTimeGuess" in known).toBe(false);
    ledger.isTimeGuess = true;
    const guessed = proceeded(ledger.claim(buy("7")));
    expect(guessed).toMatchObject({ isBrokerTimeGuess: true, brokerClaimedAt: START });
    expect(ledger.replayed().claims).toEqual(ledger.claims);
  });

  test.each([
    ["its machine had slept", START - 60 * MINUTE, START],
    ["its machine's clock was ahead", START, START + 60 * MINUTE],
    ["its machine's clock was behind", START, START - 60 * MINUTE],
  ])("is the least that is possible where the claim's own was a guess: %s", (_, brokers, at) => {
    const { ledger, first } = claimedAt(brokers);
    const guessed = { ...first, claimedAt: at, openedAt: at, isBrokerTimeGuess: true } as const;
    const asked = (afterMs: number) => ({ now: START + afterMs, brokerTime: START + afterMs });
    expect(filledLately(guessed, asked(AT - 1), ledger.policy)).toBe(true);
    expect(filledLately(guessed, asked(AT), ledger.policy)).toBe(false);
  });

  test.each([
    ["behind", -60 * MINUTE],
    ["ahead", MINUTE],
  ])("is of the machine that found out its end, whose clock is %s, where it asks", (_, aheadMs) => {
    const { ledger, first } = claimedAt(START);
    const untold = { ...first, told: null, certainAt: START + 20 * SECOND + aheadMs };
    const asked = (afterMs: number) => {
      const now = START + 20 * SECOND + afterMs;
      return { now: now + aheadMs, brokerTime: now };
    };
    expect(filledLately(untold, asked(AT - 1), ledger.policy)).toBe(true);
    expect(filledLately(untold, asked(AT), ledger.policy)).toBe(false);
  });

  test.each([
    ["behind", -MINUTE],
    ["ahead", MINUTE],
  ])("is that of the claim where another machine found out its end, whose clock is %s", (_, by) => {
    const { ledger, first } = claimedAt(START);
    const untold = { ...first, told: null, certainAt: START + 20 * SECOND + by };
    const asked = (afterMs: number) => ({ now: START + afterMs, brokerTime: START + afterMs });
    expect(filledLately(untold, asked(AT - 1), ledger.policy)).toBe(true);
    expect(filledLately(untold, asked(AT), ledger.policy)).toBe(false);
  });

  test("is no more than that of the claim, where three clocks say three things", () => {
    const { ledger, first } = claimedAt(START);
    const untold = { ...first, told: null, certainAt: START + 60 * MINUTE };
    const asked = (afterMs: number) => ({
      now: START + 600 * MINUTE,
      brokerTime: START + afterMs,
    });
    expect(filledLately(untold, asked(AT - 1), ledger.policy)).toBe(true);
    expect(filledLately(untold, asked(AT), ledger.policy)).toBe(false);
  });

  test.each([
    ["a little before it, by a clock that is behind", { isBrokerTimeGuess: true }, -5 * SECOND],
    ["a little less than the claim's", { told: null, certainAt: START + MINUTE }, AT - 5 * SECOND],
  ] as const)("may be %s", (_, changes, ours) => {
    const { ledger, first } = claimedAt(START);
    const claim = { ...first, ...changes };
    const start = "certainAt" in changes ? changes.certainAt : START;
    const asked = { now: start + ours, brokerTime: START + AT };
    expect(filledLately(claim, asked, ledger.policy)).toBe(true);
    expect(filledLately(claim, { ...asked, now: start - MINUTE }, ledger.policy)).toBe(false);
  });

  test("is taken for one clock's up to ten seconds, before the claim and beyond its own age", () => {
    const { ledger, first } = claimedAt(START);
    const noted = (certainAt: number) => ({ ...first, told: null, certainAt });
    // The end was noted by clocks that are apart: either age is one that the window can have.
    const ahead = noted(START + 65 * SECOND);
    const early = { now: START + 55 * SECOND, brokerTime: START + 50 * SECOND };
    expect(filledLately(ahead, early, ledger.policy)).toBe(true);
    expect(filledLately(ahead, { ...early, now: early.now - 1 }, ledger.policy)).toBe(false);
    const behind = noted(START - 5 * SECOND);
    const late = { now: START + AT, brokerTime: START + 40 * SECOND };
    expect(filledLately(behind, late, ledger.policy)).toBe(false);
    expect(filledLately(behind, { ...late, now: late.now + 1 }, ledger.policy)).toBe(true);
  });

  test("begins when its end was certain, where its caller was not told", () => {
    const { ledger, first } = claimedAt(START);
    const untold = { ...first, told: null, certainAt: START + MINUTE };
    const asked = { now: START + 60 * MINUTE, brokerTime: START + MINUTE + AT - 1 };
    expect(filledLately(untold, asked, ledger.policy)).toBe(true);
  });
});
