/** A later equal claim must not hide an earlier one that still forbids sending. */
import { expect, test } from "vitest";
import { buy, filledOrder, orderOf, proceeded, refusal, SECOND, underBotId } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

test("a refusal under an explicit id does not hide the fill that a retry repeats", () => {
  const ledger = new MemoryLedger();
  const filled = proceeded(ledger.claim(buy("6")));
  ledger.accept(filled, filledOrder(filled));
  const refused = proceeded(ledger.after(SECOND).claim(buy("6", underBotId("bot-1"))));
  ledger.answer(refused, { kind: "refused", refusal: refusal() });
  expect(ledger.after(SECOND).claim(buy("6"))).toMatchObject({
    kind: "skip",
    claim: { key: filled.key },
  });
});

test("an answered working order does not hide an earlier one that was reopened and is unknown", () => {
  const ledger = new MemoryLedger();
  const first = proceeded(ledger.claim(buy("6", underBotId("bot-1"))));
  ledger.proveAbsent(ledger.loseAnswer(first));
  const second = proceeded(ledger.claim(buy("6", underBotId("bot-2"))));
  ledger.accept(second, orderOf(second));
  const reopened = proceeded(ledger.claim(buy("6", underBotId("bot-1"))));
  ledger.loseAnswer(reopened);
  expect(ledger.claim(buy("6", underBotId("bot-3")))).toMatchObject({
    kind: "pending",
    claim: { key: first.key },
    phase: "unknown",
  });
});

test("a claim that is reopened in a later life of the position belongs to that life", () => {
  const ledger = new MemoryLedger();
  const anchored = buy("6", { anchor: { bar: "09:42", stage: "base" } });
  const first = proceeded(ledger.claim(anchored));
  ledger.conclude(first);
  const other = proceeded(ledger.claim(buy("5")));
  ledger.accept(other, filledOrder(other));
  const reopened = proceeded(ledger.claim(anchored));
  expect(reopened.episode).toBe(ledger.book().episode);
});
