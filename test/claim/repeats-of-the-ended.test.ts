/** Which repeats are answered from what is on record, without a transaction. */
import { expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { decideEnded } from "../../src/claim/decide-claim.ts";
import { buy, filledOrder, orderOf, proceeded, sell, underRequestId } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const NAMED = underRequestId("the-one");

function filled(intent = buy("6", NAMED)): Claim {
  const ledger = new MemoryLedger();
  if (intent.effect === "close") ledger.adopt("6", "75");
  const claim = proceeded(ledger.claim(intent));
  return ledger.accept(claim, filledOrder(claim));
}

test("a repeat of an order that was filled is skipped, with its receipt", () => {
  const claim = filled();
  expect(decideEnded(claim, buy("6", NAMED))).toEqual({
    ...{ kind: "skip", claim },
    receipt: expect.objectContaining({ requestId: "the-one", outcome: "filled" }),
  });
});

test("a repeat that leaves open whether it opens or closes is skipped as well", () => {
  expect(decideEnded(filled(), { ...buy("6", NAMED), effect: null })?.kind).toBe("skip");
  const exit = { ...sell("6", NAMED), effect: null };
  expect(decideEnded(filled(sell("6", NAMED)), exit)?.kind).toBe("skip");
});

test("a repeat of a close of a part is skipped as well, though nothing is held any more", () => {
  const half = { ...sell("6", NAMED), portion: "50%" };
  const again = { ...half, side: null, effect: null, quantity: null };
  expect(decideEnded(filled(half), again)?.kind).toBe("skip");
  expect(decideEnded(filled(half), { ...again, portion: "all" })).toBeUndefined();
});

test.each([
  ["asks for another quantity", buy("7", NAMED)],
  ["opens what the first one closed", { ...sell("6", NAMED), effect: "open" as const }],
  ["says no side", { ...buy("6", NAMED), side: null }],
  ["asks for a part of the position", { ...buy("6", NAMED), portion: "0.5" }],
])("a repeat that %s is for the ledger's transaction", (_, again) => {
  const first = again.side === "sell" ? filled(sell("6", NAMED)) : filled();
  expect(decideEnded(first, again)).toBeUndefined();
});

test("neither is one of an order that works answered so, nor one that may be opened again", () => {
  const ledger = new MemoryLedger();
  const claim = proceeded(ledger.claim(buy("6", NAMED)));
  const working = ledger.accept(claim, orderOf(claim));
  expect(decideEnded(working, buy("6", NAMED))).toBeUndefined();
  const other = new MemoryLedger();
  const lost = proceeded(other.claim(buy("6", NAMED)));
  other.loseAnswer(lost);
  expect(decideEnded(other.proveAbsent(lost), buy("6", NAMED))).toBeUndefined();
});
