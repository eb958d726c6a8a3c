import { expect, test } from "vitest";
import { claimInWords } from "../../src/claim/claim-in-words.ts";
import { buy, filledOrder, orderOf, proceeded, refusal, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

function opened(intent = buy("6")) {
  const ledger = new MemoryLedger();
  if (intent.effect === "close") ledger.adopt("6", "75");
  return { ledger, claim: proceeded(ledger.claim(intent)) };
}

test("an order that was filled is told with its shares and their price", () => {
  const { ledger, claim } = opened();
  expect(claimInWords(ledger.accept(claim, filledOrder(claim, "75.25")))).toBe("filled 6 @ 75.25");
});

test("an order that ended without a fill is told without shares", () => {
  const { ledger, claim } = opened();
  const canceled = ledger.accept(claim, orderOf(claim, { status: "canceled" }));
  expect(claimInWords(canceled)).toBe("canceled");
});

test("an outcome that the broker has not shown says who proved it", () => {
  const { ledger, claim } = opened();
  ledger.loseAnswer(claim);
  const absent = ledger.proveAbsent(claim);
  expect(claimInWords(absent)).toBe("absent");
  expect(claimInWords({ ...absent, provenance: "operator" })).toBe("absent (operator)");
});

test("a refusal is told in the broker's words", () => {
  const { ledger, claim } = opened();
  ledger.answer(claim, { kind: "refused", refusal: refusal({ message: "no funds" }) });
  expect(claimInWords(ledger.get(claim.key))).toBe("rejected, refused with 422 no funds");
});

test("an exit that was refused is not decided before its verdict", () => {
  const { ledger, claim } = opened(sell("6"));
  ledger.answer(claim, { kind: "refused", refusal: refusal() });
  expect(claimInWords(ledger.get(claim.key))).toBe(
    "not decided yet, refused with 422 position not found",
  );
});

test("an order that works is told with the broker's status", () => {
  const { ledger, claim } = opened();
  const working = ledger.accept(claim, orderOf(claim, { status: "accepted" }));
  expect(claimInWords(working)).toBe("at the broker, accepted");
});

test("an order without an answer is on its way; one whose answer got lost says why", () => {
  const { ledger, claim } = opened();
  expect(claimInWords(claim)).toBe("nobody knows yet: it is on its way");
  const { unknownBecause } = ledger.loseAnswer(claim);
  expect(claimInWords(ledger.get(claim.key))).toBe(`nobody knows yet: ${unknownBecause}`);
});
