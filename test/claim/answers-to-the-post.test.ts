/** What each answer to a POST makes of its claim, and who may still report one. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { SubmitOutcome } from "../../src/claim/evidence.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import {
  blockOf,
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

function opened(): { ledger: MemoryLedger; claim: Claim } {
  const ledger = new MemoryLedger();
  return { ledger, claim: proceeded(ledger.claim(buy("6"))) };
}

function openedExit(): { ledger: MemoryLedger; claim: Claim } {
  const ledger = new MemoryLedger().adopt("12", "75");
  return { ledger, claim: proceeded(ledger.claim(sell("12"))) };
}

describe("an accepted order", () => {
  test("that works is awaited, and its caller was told", () => {
    const { ledger, claim } = opened();
    const after = ledger.after(80).accept(claim, orderOf(claim));
    expect(after).toMatchObject({
      status: "IN_RECONCILIATION",
      orderStatus: "new",
      told: "certain",
      certainAt: START + 80,
      outcome: null,
    });
    expect(ledger.story(claim.key)).toEqual(["claimed", "accepted", "fills_awaited"]);
  });

  test("that filled at once is booked and settled in the same step", () => {
    const { ledger, claim } = opened();
    const after = ledger.accept(claim, filledOrder(claim, "75.33"));
    expect(after).toMatchObject({ status: "SETTLED", outcome: "filled", provenance: "venue" });
    expect(ledger.book()).toMatchObject({ net: "6", averagePrice: "75.33", episode: 1 });
    const story = ["claimed", "accepted", "fill_booked", "order_ended", "sealed"];
    expect(ledger.story(claim.key)).toEqual(story);
  });

  test("that filled in part is booked and stays live", () => {
    const { ledger, claim } = opened();
    const after = ledger.accept(claim, orderOf(claim, { status: "partially_filled", filled: "2" }));
    expect(after).toMatchObject({ status: "IN_RECONCILIATION", bookedQuantity: "2" });
    expect(ledger.book().net).toBe("2");
  });

  test.each([["canceled"], ["expired"], ["rejected"]])(
    "that is over already without a fill ends as %s",
    (status) => {
      const { ledger, claim } = opened();
      const after = ledger.accept(claim, orderOf(claim, { status }));
      expect(after).toMatchObject({ status: "SETTLED", outcome: status });
    },
  );

  test.each([["done_for_day"], ["replaced"], ["stopped"], ["suspended"], ["calculated"], ["held"]])(
    "in the status %s is not taken for one that is over",
    (status) => {
      const { ledger, claim } = opened();
      expect(ledger.accept(claim, orderOf(claim, { status })).status).toBe("IN_RECONCILIATION");
    },
  );

  describe.each([["done_for_day"], ["stopped"], ["suspended"], ["calculated"]])(
    "in the status %s",
    (status) => {
      test("is over, and filled, where all of its shares are", () => {
        const { ledger, claim } = opened();
        const after = ledger.accept(claim, orderOf(claim, { status, filled: "6" }));
        expect(after).toMatchObject({ status: "SETTLED", outcome: "filled" });
        expect(ledger.book().net).toBe("6");
        expect(ledger.read(claim, filledOrder(claim))).toEqual(after);
      });

      test("stays live where some of them are, also of an order for dollars", () => {
        const { ledger, claim } = opened();
        const part = ledger.accept(claim, orderOf(claim, { status, filled: "5" }));
        expect(part).toMatchObject({ status: "IN_RECONCILIATION", bookedQuantity: "5" });
        const dollars = orderOf(claim, { status, filled: "6", quantity: null });
        expect(ledger.read(claim, dollars)).toMatchObject({ status: "IN_RECONCILIATION" });
      });
    },
  );

  test.each([["partially_filled"], ["pending_replace"]])(
    "that is %s may yet be replaced, also where all of its shares are filled",
    (status) => {
      const { ledger, claim } = opened();
      const after = ledger.accept(claim, orderOf(claim, { status, filled: "6" }));
      expect(after).toMatchObject({ status: "IN_RECONCILIATION", bookedQuantity: "6" });
    },
  );

  test("whose caller has gone is not counted as told", () => {
    const { ledger, claim } = opened();
    expect(ledger.accept(claim, orderOf(claim), false).told).toBeNull();
  });

  test("reported after a read had found it books nothing twice, and tells the caller", () => {
    const { ledger, claim } = opened();
    ledger.read(claim, filledOrder(claim), "stream");
    const after = ledger.accept(claim, filledOrder(claim));
    expect(after).toMatchObject({ status: "SETTLED", told: "certain", bookedQuantity: "6" });
    expect(ledger.book().net).toBe("6");
  });

  test("reported after the deadline is a read like any other", () => {
    const { ledger, claim } = opened();
    ledger.after(11 * SECOND).record(claim.key, expiry(ledger));
    const after = ledger.accept(claim, orderOf(claim), false);
    expect(after).toMatchObject({ status: "IN_RECONCILIATION", told: null, unknownBecause: null });
    expect(after.brokerOrderId).toBe(orderOf(claim).brokerOrderId);
  });
});

function expiry(ledger: MemoryLedger) {
  return { type: "expiry", now: ledger.now, postDeadlineMs: ledger.policy.postDeadlineMs } as const;
}

describe("a certain refusal", () => {
  test("of an open ends it, with the broker's own words in its receipt", () => {
    const { ledger, claim } = opened();
    const said = refusal({ reason: "buying_power", httpStatus: 403, message: "too little" });
    const after = ledger.answer(claim, { kind: "refused", refusal: said });
    expect(after).toMatchObject({
      status: "SETTLED",
      outcome: "rejected",
      provenance: "venue",
      refusal: said,
      told: "certain",
    });
  });

  test.each([[403], [404], [422]])("of a close with %d is a question, and latches it", (status) => {
    const { ledger, claim } = openedExit();
    const said = refusal({ httpStatus: status, message: "position not found" });
    const after = ledger.answer(claim, { kind: "refused", refusal: said });
    expect(after).toMatchObject({ status: "IN_RECONCILIATION", refusal: said, outcome: null });
    const again = ledger.after(3_600 * SECOND).claim(sell("12", { decisionId: "decision-3" }));
    const block = blockOf(again);
    expect(block).toMatchObject({ code: "exit_duplicate_after_422", cause: claim.key });
    expect(block.message).toBe(
      `the broker refused this exit with ${status} ("position not found"); ` +
        "it is not sent again until the broker's records show why",
    );
    expect(ledger.claims.size).toBe(1);
    expect(ledger.book().reservations).toHaveLength(1);
  });

  test("of a close for bad credentials says nothing of the position, and ends it", () => {
    const { ledger, claim } = openedExit();
    const said = refusal({ reason: "unauthorized", httpStatus: 401, brokerCode: null });
    ledger.answer(claim, { kind: "refused", refusal: said });
    expect(ledger.get(claim.key)).toMatchObject({ status: "SETTLED", outcome: "rejected" });
    expect(ledger.book().reservations).toEqual([]);
  });

  test("of a close holds its shares against every other close", () => {
    const { ledger, claim } = openedExit();
    ledger.answer(claim, { kind: "refused", refusal: refusal() });
    const block = blockOf(ledger.claim(sell("5", { agent: OTHER_AGENT })));
    expect(block).toMatchObject({ code: "insufficient_quantity", cause: claim.key });
  });

  test("of a close that had landed all the same is lifted by the order", () => {
    const { ledger, claim } = openedExit();
    ledger.answer(claim, { kind: "refused", refusal: refusal() });
    expect(ledger.read(claim, orderOf(claim))).toMatchObject({
      status: "IN_RECONCILIATION",
      refusal: null,
    });
    expect(ledger.claim(sell("12"))).toMatchObject({ kind: "pending", phase: "working" });
  });
});

describe("an answer that is not certain", () => {
  test.each<[string, SubmitOutcome, boolean]>([
    ["none at all", { kind: "ambiguous", reason: "timeout" }, false],
    ["that the id was used before", { kind: "id_taken", message: "must be unique" }, true],
  ])("(%s) leaves the outcome unknown and keeps when the POST ended", (_, outcome, idTaken) => {
    const { ledger, claim } = opened();
    const after = ledger.after(700).answer(claim, outcome);
    expect(after).toMatchObject({
      status: "IN_RECONCILIATION",
      postEndedAt: START + 700,
      idTaken,
      outcome: null,
      certainAt: null,
      told: null,
    });
    expect(after?.unknownBecause).toMatch(/timeout|must be unique/);
  });

  test.each<[string, SubmitOutcome, string]>([
    ["never left", { kind: "not_sent", reason: "connection refused" }, "attempt_not_sent"],
    ["was too many", { kind: "rate_limited", retryAfterMs: 900, message: "429" }, "rate_limited"],
  ])("that the POST %s leaves the attempt open for its owner", (_, outcome, event) => {
    const { ledger, claim } = opened();
    const after = ledger.answer(claim, outcome);
    expect(after).toEqual(claim);
    expect(ledger.story(claim.key)).toEqual(["claimed", event]);
    expect(ledger.accept(claim, filledOrder(claim)).outcome).toBe("filled");
  });

  test("becomes a certain one when the owner stops trying what never left", () => {
    const { ledger, claim } = opened();
    ledger.answer(claim, { kind: "not_sent", reason: "connection refused" });
    expect(ledger.conclude(claim)).toMatchObject({ status: "SETTLED", outcome: "not_sent" });
  });

  test("is never turned into not_sent once the outcome is unknown", () => {
    const { ledger, claim } = opened();
    ledger.loseAnswer(claim);
    expect(ledger.conclude(claim)).toMatchObject({ status: "IN_RECONCILIATION", outcome: null });
  });
});

describe("a claim without an answer by its deadline", () => {
  test.each([
    ["stays open a millisecond before send and post deadlines have passed", 10_999, "OPEN"],
    ["is unknown when they have", 11_000, "IN_RECONCILIATION"],
  ])("%s", (_, after, status) => {
    const { ledger, claim } = opened();
    expect(ledger.after(after).record(claim.key, expiry(ledger))?.status).toBe(status);
  });

  test("that has one is left alone, whatever the time", () => {
    const { ledger, claim } = opened();
    ledger.accept(claim, filledOrder(claim));
    const before = ledger.log.length;
    ledger.after(3_600 * SECOND).record(claim.key, expiry(ledger));
    expect(ledger.log.length).toBe(before);
  });
});

describe("a writer whose attempt was opened again meanwhile", () => {
  function superseded(): { ledger: MemoryLedger; old: Claim; fresh: Claim } {
    const { ledger, claim } = opened();
    ledger.loseAnswer(claim);
    ledger.proveAbsent(claim);
    return { ledger, old: claim, fresh: proceeded(ledger.claim(buy("6"))) };
  }

  test("is refused with whatever it reports", () => {
    const { ledger, old, fresh } = superseded();
    const before = ledger.log.length;
    const outcomes: SubmitOutcome[] = [
      { kind: "accepted", order: filledOrder(old) },
      { kind: "refused", refusal: refusal() },
      { kind: "id_taken", message: "must be unique" },
      { kind: "ambiguous", reason: "timeout" },
      { kind: "not_sent", reason: "connection refused" },
      { kind: "rate_limited", retryAfterMs: 900, message: "429" },
    ];
    expect(outcomes.map((outcome) => ledger.answer(old, outcome))).toEqual(
      outcomes.map(() => undefined),
    );
    const { fencing } = old;
    const now = ledger.now;
    const late = [
      ledger.record(old.key, { type: "not_sent", fencing, reason: "late", now }),
      ledger.record(old.key, { type: "told", answer: "pending", fencing, now }),
      ledger.record(old.key, { type: "told", answer: "certain", fencing, now }),
    ];
    expect(late).toEqual([undefined, undefined, undefined]);
    expect(ledger.log.length).toBe(before);
    expect(ledger.get(fresh.key)).toEqual(fresh);
  });

  test("leaves the new owner's own report as good as ever", () => {
    const { ledger, old, fresh } = superseded();
    ledger.answer(old, { kind: "ambiguous", reason: "timeout" });
    expect(ledger.accept(fresh, filledOrder(fresh))).toMatchObject({ outcome: "filled" });
  });
});

describe("what the owner's caller was told", () => {
  test("can become certain after pending, and never the other way round", () => {
    const { ledger, claim } = opened();
    ledger.loseAnswer(claim);
    const answers = (["pending", "pending", "certain", "pending"] as const).map(
      (answer) => ledger.tell(claim, answer).told,
    );
    expect(answers).toEqual(["pending", "pending", "certain", "certain"]);
    const tellings = ledger.story(claim.key).filter((type) => type === "caller_told");
    expect(tellings).toHaveLength(2);
  });
});

test("a read of another order than the one that was accepted changes nothing", () => {
  const { ledger, claim } = opened();
  const before = ledger.accept(claim, orderOf(claim));
  const other = filledOrder(claim);
  ledger.read(claim, { ...other, brokerOrderId: "another" as BrokerOrderId });
  expect(ledger.get(claim.key)).toEqual(before);
});
