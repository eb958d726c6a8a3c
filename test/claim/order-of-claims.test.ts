/** Which of two orders was sent first, where machines have a clock each. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { isEarlier, mayBeEarlier } from "../../src/claim/order-of-claims.ts";
import type { OwnerId } from "../../src/core/ids.ts";
import { buy, proceeded, START } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const BLANK = proceeded(new MemoryLedger().claim(buy("6")));

/** Sent at `openedAt` by its own clock; `brokerAheadMs`: what the broker's said beyond that. */
function sent(owner: string, openedAt: number, brokerAheadMs: number | null): Claim {
  const [claimedAt, at] = [START, START + openedAt];
  const brokerClaimedAt = brokerAheadMs === null ? null : claimedAt + brokerAheadMs;
  return { ...BLANK, owner: owner as OwnerId, claimedAt, openedAt: at, brokerClaimedAt };
}

describe("of two orders that one process has sent", () => {
  test("the one that its clock says was sent before is earlier", () => {
    expect(isEarlier(sent("a", 1, 0), sent("a", 2, 0))).toBe(true);
    expect(isEarlier(sent("a", 2, 0), sent("a", 1, 0))).toBe(false);
    expect(isEarlier(sent("a", 1, 0), sent("a", 1, 0))).toBe(false);
    expect(isEarlier(sent("a", 1, 60_000), sent("a", 2, 0))).toBe(true);
  });
});

describe("an order may have been sent before another one", () => {
  test("of the same process where its clock does not say otherwise", () => {
    expect(mayBeEarlier(sent("a", 1, 0), sent("a", 2, 0))).toBe(true);
    expect(mayBeEarlier(sent("a", 2, 0), sent("a", 2, 0))).toBe(true);
    expect(mayBeEarlier(sent("a", 3, 0), sent("a", 2, 0))).toBe(false);
  });

  test("of another machine up to three seconds behind it", () => {
    expect(mayBeEarlier(sent("a", 3_002, 0), sent("b", 2, 0))).toBe(true);
    expect(mayBeEarlier(sent("a", 3_003, 0), sent("b", 2, 0))).toBe(false);
  });
});

describe("of two orders of two machines", () => {
  test("the broker's clock says which one is earlier, where theirs are apart", () => {
    expect(isEarlier(sent("a", 1, 60_000), sent("b", 2, 0))).toBe(false);
    expect(isEarlier(sent("a", 2, -60_000), sent("b", 1, 0))).toBe(true);
  });

  test("their own say so, where the broker's says the same to three seconds", () => {
    expect(isEarlier(sent("a", 1, 3_000), sent("b", 2, 0))).toBe(true);
    expect(isEarlier(sent("a", 1, 3_001), sent("b", 2, 0))).toBe(false);
    expect(isEarlier(sent("a", 1, 0), sent("b", 1, 0))).toBe(false);
  });

  test("their own say so too, where the broker's time is not known of both, or guessed", () => {
    const far = sent("a", 1, 60_000);
    expect(isEarlier(far, sent("b", 2, null))).toBe(true);
    expect(isEarlier(sent("b", 1, null), sent("a", 2, -60_000))).toBe(true);
    expect(isEarlier({ ...far, isBrokerTimeGuess: true }, sent("b", 2, 0))).toBe(true);
  });

  test("the broker's clock says so too, where one machine's clock is an hour ahead", () => {
    const hourAhead = START + 3_600_000;
    const own = { claimedAt: hourAhead, openedAt: hourAhead };
    const first = { ...sent("a", 0, 0), ...own, brokerClaimedAt: START + 10_000 };
    const second = sent("b", 20_000, 0);
    expect(isEarlier(first, second)).toBe(true);
    expect(isEarlier(second, first)).toBe(false);
  });

  test("a try that was opened later is that much later by the broker's clock", () => {
    const again = { ...sent("a", 0, 0), openedAt: START + 90_000 };
    expect(isEarlier(again, sent("b", 30_000, -20_000))).toBe(false);
    expect(isEarlier(sent("b", 30_000, -20_000), again)).toBe(true);
  });
});
