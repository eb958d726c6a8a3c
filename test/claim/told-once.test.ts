/** What has to be on disk before anybody is told of it, since no broker tells it again. */
import { expect, test } from "vitest";
import { isAcceptance, isToldOnce, type RecordCommand } from "../../src/claim/decide-record.ts";
import type { SubmitOutcome } from "../../src/claim/evidence.ts";
import { buy, orderOf, proceeded, refusal, START } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const CLAIM = proceeded(new MemoryLedger().claim(buy("6")));
const ORDER = orderOf(CLAIM);

const answer = (outcome: SubmitOutcome): RecordCommand => ({
  ...{ type: "answer", fencing: CLAIM.fencing, outcome, now: START, callerWaits: true },
});

test.each<[string, RecordCommand]>([
  ["a refusal", answer({ kind: "refused", refusal: refusal() })],
  ["a look-up of a client_order_id", read("read_back")],
])("%s is told once", (_, command) => {
  expect(isToldOnce(command)).toBe(true);
});

test.each<[string, RecordCommand]>([
  ["an acceptance", answer({ kind: "accepted", order: ORDER, wire: "{}" })],
  ["an answer that says nothing", answer({ kind: "ambiguous", reason: "timeout" })],
  ["an order in a list", read("poll")],
  ["an order in the stream", read("stream")],
  [
    "an order with the one in its place",
    { ...read("read_back"), type: "replaced", successor: ORDER },
  ],
  ["who was told", { type: "told", fencing: CLAIM.fencing, answer: "certain", now: START }],
])("%s can be learnt again from the broker, or costs nothing to forget", (_, command) => {
  expect(isToldOnce(command)).toBe(false);
});

test("only an answer that the broker has taken the order is told before it is written", () => {
  const accepted = answer({ kind: "accepted", order: ORDER, wire: "{}" });
  expect(isAcceptance(accepted)).toBe(true);
  const others = [
    answer({ kind: "refused", refusal: refusal() }),
    answer({ kind: "ambiguous", reason: "timeout" }),
    read("stream"),
    { type: "told", fencing: CLAIM.fencing, answer: "certain", now: START } as const,
  ];
  expect(others.filter(isAcceptance)).toEqual([]);
});

function read(source: "read_back" | "poll" | "stream") {
  return { type: "order", order: ORDER, source, now: START } as const;
}
