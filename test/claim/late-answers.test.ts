/** Answers that come when their claim was given up, or was read before: what still counts of them. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { SubmitOutcome } from "../../src/claim/evidence.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import {
  buy,
  filledOrder,
  OTHER_AGENT,
  orderOf,
  proceeded,
  refusal,
  SECOND,
  sell,
  underBotId,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

/** A claim whose POST nobody heard of by its deadline. */
function givenUp(intent = buy("6")): { ledger: MemoryLedger; claim: Claim } {
  const ledger = new MemoryLedger();
  if (intent.effect === "close") ledger.adopt("6", "75");
  const { key } = proceeded(ledger.claim(intent));
  const { postDeadlineMs } = ledger.policy;
  const expiry = { type: "expiry", now: ledger.after(11 * SECOND).now, postDeadlineMs } as const;
  const claim = ledger.record(key, expiry);
  if (claim === undefined) throw new Error("the deadline was not recorded");
  return { ledger, claim };
}

const told = (ledger: MemoryLedger, { key }: Claim) =>
  ledger.story(key).filter((type) => type === "caller_told");

describe("a claim that was given up at its deadline", () => {
  test("says so, knows of no POST's end, and does not take its id for taken", () => {
    expect(givenUp().claim).toMatchObject({
      ...{ unknownBecause: "no answer by the deadline", postEndedAt: null, idTaken: false },
    });
  });

  test.each<SubmitOutcome>([
    { kind: "ambiguous", reason: "timeout" },
    { kind: "id_taken", message: "must be unique" },
    { kind: "not_sent", reason: "connection refused" },
    { kind: "rate_limited", retryAfterMs: 900, message: "429" },
  ])("learns nothing from a late answer that is not certain: $kind", (outcome) => {
    const { ledger, claim } = givenUp();
    expect(ledger.answer(claim, outcome)).toEqual(claim);
  });

  test.each([
    ["who is told", true, "certain"],
    ["who has gone", false, null],
  ])("ends with a late refusal, for a caller %s", (_, callerWaits, expected) => {
    const { ledger, claim } = givenUp();
    const after = ledger.answer(claim, { kind: "refused", refusal: refusal() }, callerWaits);
    expect(after).toMatchObject({ status: "SETTLED", outcome: "rejected", told: expected });
  });

  test("is a question, where it is an exit that was refused late", () => {
    const { ledger, claim } = givenUp(sell("6"));
    const after = ledger.answer(claim, { kind: "refused", refusal: refusal() });
    expect(after).toMatchObject({ status: "IN_RECONCILIATION", refusal: { httpStatus: 422 } });
  });

  test("leaves the order of a late answer to the claim that has it", () => {
    const ledger = new MemoryLedger();
    const bot = underBotId("bot-1");
    const theirs = proceeded(ledger.claim(buy("6", { ...bot, agent: OTHER_AGENT })));
    const ours = proceeded(ledger.claim(buy("6", bot)));
    ledger.read(theirs, filledOrder(ours), "stream");
    const before = ledger.loseAnswer(ours);
    expect(ledger.accept(ours, filledOrder(ours))).toEqual(before);
    expect(ledger.book().net).toBe("6");
  });
});

describe("an order that was known before its own answer came", () => {
  test("is told to its caller once, whoever tells of it again", () => {
    const { ledger, claim } = givenUp();
    ledger.accept(claim, orderOf(claim));
    expect(told(ledger, claim)).toHaveLength(1);
    ledger.accept(claim, filledOrder(claim));
    expect(told(ledger, claim)).toHaveLength(1);
    expect(ledger.get(claim.key)).toMatchObject({ outcome: "filled", told: "certain" });
  });

  test("is not taken for another one that an answer shows", () => {
    const { ledger, claim } = givenUp();
    const before = ledger.read(claim, orderOf(claim));
    const other = { ...filledOrder(claim), brokerOrderId: "another" as BrokerOrderId };
    expect(ledger.accept(claim, other)).toEqual(before);
  });

  test("is not refused by a late answer that says so", () => {
    const { ledger, claim } = givenUp();
    const before = ledger.read(claim, orderOf(claim));
    expect(ledger.answer(claim, { kind: "refused", refusal: refusal() })).toEqual(before);
  });

  test.each<[string, (ledger: MemoryLedger, claim: Claim) => Claim]>([
    ["was proved absent", (ledger, claim) => ledger.proveAbsent(ledger.loseAnswer(claim))],
    ["was never sent", (ledger, claim) => ledger.conclude(claim)],
  ])("surfaces in an answer after it %s, and is the claim's", (_, end) => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    end(ledger, claim);
    expect(ledger.accept(claim, filledOrder(claim))).toMatchObject({ outcome: "filled" });
    expect(ledger.book()).toMatchObject({ net: "6", reservations: [] });
    const surfaced = ledger.log.find(({ event }) => event.type === "order_surfaced");
    expect(surfaced?.event).toMatchObject({ source: "response", reserved: null });
  });

  test("surfaces in a read after it was never sent, holding what it may still sell", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const claim = proceeded(ledger.claim(sell("6")));
    ledger.conclude(claim);
    expect(ledger.read(claim, orderOf(claim))).toMatchObject({
      ...{ status: "IN_RECONCILIATION", outcome: null, provenance: null, told: null },
    });
    expect(ledger.book().reservations).toMatchObject([{ quantity: "6" }]);
  });
});

describe("what an answer shows is recorded as the response's", () => {
  test.each([["on time"], ["late"]])("%s", (when) => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    if (when === "late") ledger.loseAnswer(claim);
    ledger.accept(claim, filledOrder(claim));
    const sources = ledger.log.flatMap(({ event }) => ("source" in event ? [event.source] : []));
    expect(sources).toEqual(["response", "response"]);
  });
});
