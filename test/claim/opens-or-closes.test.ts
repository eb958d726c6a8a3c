/** An order whose caller does not say whether it opens or closes: the book decides. */
import { describe, expect, test } from "vitest";
import { emptyBook } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { asksForCloses, resolveEffect } from "../../src/claim/resolve-effect.ts";
import { decimal, ZERO } from "../../src/core/decimal.ts";
import type { IntentDraft } from "../../src/identity/intent.ts";
import { ACCOUNT, buy, filledOrder, POLICY, proceeded, SECOND, START, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const FLAT = emptyBook(ACCOUNT, "TQQQ");
const LONG = { ...FLAT, net: decimal("6"), episode: 1 };
const SHORT = { ...FLAT, net: decimal("-6"), episode: 1 };
const BUY: IntentDraft = { ...buy("6"), effect: null };
const SELL: IntentDraft = { ...sell("6"), effect: null };

function effect(draft: IntentDraft, book = FLAT, equalCloses: readonly Claim[] = [], now = START) {
  const snapshot = { book, existing: undefined, equalCloses };
  return resolveEffect(draft, snapshot, now, POLICY).effect;
}

/** A close of 6 that filled at once and ended the position. */
function closedBefore() {
  const ledger = new MemoryLedger().adopt("6", "75");
  const claim = proceeded(ledger.claim(sell("6")));
  ledger.accept(claim, filledOrder(claim));
  return { closed: ledger.get(claim.key), book: ledger.book() };
}

describe("an order without a stated effect", () => {
  test.each([
    ["a sell while long", SELL, LONG, "close"],
    ["a buy while long", BUY, LONG, "open"],
    ["a buy while short", BUY, SHORT, "close"],
    ["a sell while short", SELL, SHORT, "open"],
    ["a buy while flat", BUY, FLAT, "open"],
    ["a sell while flat, with shorts off", SELL, FLAT, "close"],
  ])("is, for %s, what the book makes of it", (_, draft, book, expected) => {
    expect(effect(draft, book)).toBe(expected);
  });

  test("opens a short while flat where shorts are allowed", () => {
    const snapshot = { book: FLAT, existing: undefined, equalCloses: [] };
    const policy = { ...POLICY, allowShort: true };
    expect(resolveEffect(SELL, snapshot, START, policy).effect).toBe("open");
  });

  test("is the close of a moment ago once more, even where shorts are allowed", () => {
    const { closed, book } = closedBefore();
    const policy = { ...POLICY, allowShort: true };
    const snapshot = { book, existing: undefined, equalCloses: [closed] };
    expect(book.net).toBe(ZERO);
    const within = START + POLICY.dedupeWindowMs - SECOND;
    expect(resolveEffect(SELL, snapshot, within, policy).effect).toBe("close");
    const later = START + POLICY.dedupeWindowMs;
    expect(resolveEffect(SELL, snapshot, later, policy).effect).toBe("open");
  });

  test("has the effect of the claim whose id it repeats", () => {
    const { closed, book } = closedBefore();
    const snapshot = { book, existing: closed, equalCloses: [] };
    const policy = { ...POLICY, allowShort: true };
    const later = START + 3_600 * SECOND;
    expect(resolveEffect(SELL, snapshot, later, policy).effect).toBe("close");
    expect(asksForCloses(SELL, book, closed)).toBe(false);
  });

  test("is what the caller says where it says so", () => {
    expect(effect({ ...SELL, effect: "open" }, LONG)).toBe("open");
  });
});
