/** An order whose caller does not say whether it opens or closes: the book decides. */
import { describe, expect, test } from "vitest";
import { type Book, emptyBook } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import {
  asksForCloses,
  closeOfEarlierLife,
  LIVES_BACK,
  resolveEffect,
} from "../../src/claim/resolve-effect.ts";
import { resolvePortion, type SidedDraft } from "../../src/claim/resolve-portion.ts";
import type { EpochMs } from "../../src/core/clock.ts";
import { decimal, ZERO } from "../../src/core/decimal.ts";
import { fingerprintOf } from "../../src/identity/fingerprint.ts";
import type { IntentDraft } from "../../src/identity/intent.ts";
import {
  ACCOUNT,
  buy,
  filledOrder,
  orderOf,
  POLICY,
  proceeded,
  SECOND,
  START,
  sell,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const FLAT = emptyBook(ACCOUNT, "TQQQ");
const askedAt = (now: EpochMs) => ({ now, brokerTime: null });
const LONG = { ...FLAT, net: decimal("6"), episode: 1 };
const SHORT = { ...FLAT, net: decimal("-6"), episode: 1 };
const BUY: SidedDraft = { ...buy("6"), effect: null };
const SELL: SidedDraft = { ...sell("6"), effect: null };

function effect(draft: SidedDraft, book = FLAT, equalCloses: readonly Claim[] = [], now = START) {
  const snapshot = { book, existing: undefined, equalCloses };
  return resolveEffect(draft, snapshot, askedAt(now), POLICY).effect;
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
    expect(resolveEffect(SELL, snapshot, askedAt(START), policy).effect).toBe("open");
  });

  test("is the close of a moment ago once more, even where shorts are allowed", () => {
    const { closed, book } = closedBefore();
    const policy = { ...POLICY, allowShort: true };
    const snapshot = { book, existing: undefined, equalCloses: [closed] };
    expect(book.net).toBe(ZERO);
    const within = START + POLICY.dedupeWindowMs - SECOND;
    expect(resolveEffect(SELL, snapshot, askedAt(within), policy).effect).toBe("close");
    const later = START + POLICY.dedupeWindowMs;
    expect(resolveEffect(SELL, snapshot, askedAt(later), policy).effect).toBe("open");
  });

  test("is a close once more that has ended one of two episodes that are one life", () => {
    const { closed } = closedBefore();
    const two = { ...FLAT, episode: 2 };
    expect(effect(BUY, two, [closed])).toBe("open");
    expect(effect(BUY, { ...two, lifeFrom: 1 }, [closed])).toBe("close");
  });

  test("has the effect of the claim whose id it repeats", () => {
    const { closed, book } = closedBefore();
    const snapshot = { book, existing: closed, equalCloses: [] };
    const policy = { ...POLICY, allowShort: true };
    const later = START + 3_600 * SECOND;
    expect(resolveEffect(SELL, snapshot, askedAt(later), policy).effect).toBe("close");
    expect(asksForCloses(SELL, book, closed)).toBe(false);
  });

  test("depends on closes of a moment ago only while flat and unnamed", () => {
    const { closed } = closedBefore();
    expect(asksForCloses(SELL, FLAT, undefined)).toBe(true);
    expect(asksForCloses({ ...SELL, effect: "close" }, FLAT, undefined)).toBe(false);
    expect(asksForCloses(SELL, LONG, undefined)).toBe(false);
    expect(asksForCloses(SELL, FLAT, closed)).toBe(false);
  });

  test("is what the caller says where it says so", () => {
    expect(effect({ ...SELL, effect: "open" }, LONG)).toBe("open");
  });
});

describe("an order without a stated effect, behind lives of the position of others,", () => {
  const { closed } = closedBefore();
  /** Of lives up to the fourth: a close in the first, and nothing of its agent's behind it. */
  const found = (draft: SidedDraft, book: Book, close: Claim = closed, traded?: number) => {
    const asked: number[] = [];
    const lives = {
      equalCloses: (episode: number) => {
        asked.push(episode);
        return episode === close.episode ? [close] : [];
      },
      hasTraded: (episode: number) => episode === traded,
    };
    const again = closeOfEarlierLife(draft, book, lives, askedAt(START), POLICY);
    return { again, asked };
  };
  const flatBehind = (episode: number): Book => ({ ...FLAT, episode });

  test("is an equal close of so many lives before once more, and then closes", () => {
    expect(found(SELL, flatBehind(1 + LIVES_BACK)).again).toBe(closed);
    expect(found(SELL, flatBehind(2 + LIVES_BACK)).again).toBeUndefined();
    const snapshot = { book: SHORT, existing: undefined, equalCloses: [], earlierClose: closed };
    expect(resolveEffect(SELL, snapshot, askedAt(START), POLICY).effect).toBe("close");
  });

  test("is that also while others hold it on the other side, and not where it closes", () => {
    expect(found(SELL, { ...SHORT, episode: 2 }).again).toBe(closed);
    expect(found(SELL, { ...LONG, episode: 2 })).toEqual({ again: undefined, asked: [] });
    expect(found({ ...SELL, effect: "open" }, flatBehind(2)).asked).toEqual([]);
  });

  test("is another one where its agent has an order in one of these lives that has ended", () => {
    expect(found(SELL, flatBehind(3), closed, 2).again).toBeUndefined();
    expect(found(SELL, flatBehind(3), closed, 3).again).toBeUndefined();
    expect(found(SELL, flatBehind(3), closed, 1).again).toBe(closed);
    expect(found(SELL, { ...SHORT, episode: 3 }, closed, 2).again).toBeUndefined();
    expect(found(SELL, { ...SHORT, episode: 3 }, closed, 3).again).toBe(closed);
  });

  test("is one that is at work, and none that never came to be", () => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const claim = proceeded(ledger.claim(sell("6")));
    ledger.accept(claim, orderOf(claim));
    const working = ledger.get(claim.key);
    expect(found(SELL, flatBehind(2), working).again).toBe(working);
    const lost: Claim = { ...closed, outcome: "absent", bookedQuantity: ZERO };
    expect(found(SELL, flatBehind(2), lost).again).toBeUndefined();
  });

  test("looks into no life before the first", () => {
    expect(found(BUY, flatBehind(1)).asked).toEqual([]);
    expect(found(BUY, flatBehind(2)).asked).toEqual([1]);
    expect(found(BUY, flatBehind(9)).asked).toEqual([8, 7]);
  });
});

describe("a close of a part of the position", () => {
  const part = (portion: string): IntentDraft => ({
    ...SELL,
    side: null,
    quantity: null,
    portion,
  });

  test.each([
    ["all", LONG, "sell", "6"],
    ["50%", LONG, "sell", "3"],
    ["33.3%", LONG, "sell", "1"],
    ["33.3%", { ...LONG, net: decimal("6.5") }, "sell", "2.1645"],
    ["33.3%", { ...LONG, symbol: "BTC/USD" }, "sell", "1.998"],
    ["50%", { ...SHORT, net: decimal("-7") }, "buy", "3"],
    ["all", SHORT, "buy", "6"],
    ["all", FLAT, "sell", null],
  ])("%s is side and shares by the book", (portion, book, side, quantity) => {
    expect(resolvePortion(part(portion), book)).toMatchObject({ effect: "close", side, quantity });
  });

  test("is not what an intent for a number of shares is: that stays as it is", () => {
    expect(resolvePortion(BUY, SHORT)).toEqual(BUY);
    expect(resolvePortion(SELL, LONG)).toEqual(SELL);
  });

  test("is rounded down to what the broker takes", () => {
    const book = { ...LONG, net: decimal("1.5") };
    const { quantity } = resolvePortion(part("33.33333333333%"), book);
    expect(quantity).toBe("0.499999999");
  });

  test("has one fingerprint however much is left, and another for another part", () => {
    const fingerprint = (portion: string, book = LONG) => {
      const draft = resolvePortion(part(portion), book);
      return fingerprintOf({ ...draft, effect: "close" });
    };
    expect(fingerprint("50%", { ...LONG, net: decimal("3") })).toBe(fingerprint("50%"));
    expect(fingerprint("50%", FLAT)).toBe(fingerprint("50%"));
    expect(fingerprint("50%")).not.toBe(fingerprint("all"));
  });
});
