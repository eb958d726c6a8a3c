/** What a claim's record says of it: at work, over with fewer shares than it asked for, or free. */
import { describe, expect, test } from "vitest";
import { type Claim, endedShortAt, isAtWork } from "../../src/claim/claim.ts";
import { mayReopen } from "../../src/claim/decide-claim.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import { buy, proceeded, START, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const BLANK = proceeded(new MemoryLedger().claim(buy("6")));
const TAKEN = { brokerOrderId: "order-1" as BrokerOrderId };

function claimAs(changes: Partial<Claim>): Claim {
  return { ...BLANK, ...changes } as Claim;
}

describe("a claim is at work", () => {
  const working = { ...TAKEN, status: "IN_RECONCILIATION", orderStatus: "new" } as const;

  test("from when the broker has taken its order until it is over", () => {
    expect(isAtWork(claimAs(working))).toBe(true);
    expect(isAtWork(claimAs({ ...working, status: "SETTLED" }))).toBe(false);
    expect(isAtWork(claimAs({ ...working, brokerOrderId: null }))).toBe(false);
  });

  test("not while its order was replaced by one that nobody knows", () => {
    expect(isAtWork(claimAs({ ...working, orderStatus: "replaced" }))).toBe(false);
  });
});

describe("a claim that is over", () => {
  const over = (changes: Partial<Claim>) =>
    endedShortAt(claimAs({ status: "SETTLED", certainAt: START, provenance: "venue", ...changes }));

  test.each(["canceled", "expired", "partially_filled", "absent", "not_sent"] as const)(
    "may show shares yet where it ended %s",
    (outcome) => {
      expect(over({ outcome })).toBe(START);
      expect(over({ outcome, status: "FINAL" })).toBeNull();
    },
  );

  test.each(["filled", "rejected"] as const)("shows none where it ended %s", (outcome) => {
    expect(over({ ...TAKEN, outcome })).toBeNull();
    expect(over({ outcome, brokerOrderId: null })).toBeNull();
  });

  test("may show some where a person has said how an order ended that the broker had taken", () => {
    const said = { outcome: "rejected", provenance: "operator" } as const;
    expect(over({ ...TAKEN, ...said })).toBe(START);
    expect(over({ ...said, brokerOrderId: null })).toBeNull();
  });
});

describe("a claim that has ended may be opened again", () => {
  const ended = (changes: Partial<Claim>) =>
    mayReopen(claimAs({ status: "SETTLED", brokerOrderId: null, ...changes }));
  const identities = ["explicit", "anchored", "arrival"] as const;

  test("where nothing was sent, whoever named it", () => {
    for (const identity of identities) expect(ended({ identity, outcome: "not_sent" })).toBe(true);
  });

  test("where the broker has no order, but not under an id that the broker has taken", () => {
    for (const identity of identities) {
      expect(ended({ identity, outcome: "absent" }), identity).toBe(true);
      const isOpen = ended({ ...TAKEN, identity, outcome: "absent" });
      expect(isOpen, identity).toBe(identity !== "explicit");
    }
  });

  test("where an exit under its caller's id was refused, and the broker has not taken the id", () => {
    const exit = { identity: "explicit", outcome: "rejected", intent: sell("6") } as const;
    expect(ended(exit)).toBe(true);
    for (const change of [
      { intent: buy("6") },
      { identity: "arrival" },
      { outcome: "canceled" },
      { outcome: "expired" },
      { idTaken: true },
      TAKEN,
    ] as const) {
      expect(ended({ ...exit, ...change }), JSON.stringify(change)).toBe(false);
    }
  });

  test("not where it has filled, or was found flat", () => {
    for (const outcome of ["filled", "partially_filled", "already_flat"] as const) {
      expect(ended({ identity: "anchored", outcome })).toBe(false);
    }
  });
});
