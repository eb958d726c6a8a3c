/** When an order that nobody can find was never there. */
import { describe, expect, test } from "vitest";
import { type Claim, isLatched } from "../../src/claim/claim.ts";
import { awaitsListScan, isSought } from "../../src/claim/decide-absence.ts";
import {
  buy,
  filledOrder,
  orderOf,
  POLICY,
  proceeded,
  refusal,
  SECOND,
  START,
  sell,
  underRequestId,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

type Read = readonly [scope: "single" | "list", afterMs: number];

/** A claim whose POST ended without an answer at START + 1 s. */
function lost(): { ledger: MemoryLedger; claim: Claim } {
  const ledger = new MemoryLedger();
  const claim = proceeded(ledger.claim(buy("6")));
  ledger.after(SECOND).loseAnswer(claim);
  return { ledger, claim };
}

/** The claim after reads that were begun at these times since the POST was over. */
function claimAfter(reads: readonly Read[]): Claim {
  const { ledger, claim } = lost();
  const over = ledger.now;
  for (const [scope, offset] of reads) ledger.notFound(claim, scope, over + offset);
  return ledger.get(claim.key);
}

const ENOUGH: readonly Read[] = [
  ["single", 0],
  ["single", 7_500],
  ["single", 15_000],
  ["list", 15_000],
];

describe("an order is absent", () => {
  test("when three single reads span the window and then a scan of the list agrees", () => {
    const claim = claimAfter(ENOUGH);
    expect(claim).toMatchObject({ status: "SETTLED", outcome: "absent", provenance: "venue" });
    expect(claim.unknownBecause).toBeNull();
  });

  test.each<[string, readonly Read[]]>([
    ["without the scan of the list", ENOUGH.slice(0, 3)],
    [
      "with two single reads",
      [
        ["single", 0],
        ["single", 15_000],
        ["list", 15_000],
      ],
    ],
    [
      "when they span a millisecond too little",
      [...ENOUGH.slice(0, 2), ["single", 14_999], ["list", 15_000]],
    ],
    ["when the scan was begun before the last read", [...ENOUGH.slice(0, 3), ["list", 14_999]]],
    [
      "when a scan alone spans the window",
      [
        ["list", 0],
        ["single", 20_000],
        ["single", 20_000],
        ["single", 20_000],
        ["list", 20_000],
      ],
    ],
    [
      "by scans alone",
      [
        ["list", 0],
        ["list", 10_000],
        ["list", 20_000],
        ["list", 30_000],
      ],
    ],
    [
      "when the scan came before the last of reads that were told late",
      [
        ["single", 0],
        ["single", 20_000],
        ["single", 16_000],
        ["list", 17_000],
      ],
    ],
    [
      "when the first read was begun before the POST was over",
      [
        ["single", -1],
        ["single", 5_000],
        ["single", 15_000],
        ["list", 15_000],
      ],
    ],
    ["when the scan was begun before the POST was over", [...ENOUGH.slice(0, 3), ["list", -1]]],
  ])("but not %s", (_, reads) => {
    expect(claimAfter(reads)).toMatchObject({ status: "IN_RECONCILIATION", outcome: null });
  });

  test("not when a clock that is set forward makes three quick reads span the window", () => {
    const hour = 3_600_000;
    const jumps: readonly Read[] = [
      ["single", 0],
      ["single", 1_000],
      ["single", hour],
      ["list", hour],
    ];
    expect(claimAfter(jumps).outcome).toBeNull();
    const goesOn: readonly Read[] = [
      ["single", hour + 6_000],
      ["list", hour + 6_000],
    ];
    expect(claimAfter([...jumps, ...goesOn]).outcome).toBe("absent");
  });

  test("not when a clock that is set back makes them span it backwards", () => {
    const reads: readonly Read[] = [
      ["single", 16_000],
      ["single", 8_000],
      ["single", 0],
      ["list", 16_000],
    ];
    expect(claimAfter(reads).outcome).toBeNull();
  });

  test("also when an earlier scan is told after the last one", () => {
    const scans: readonly Read[] = [
      ["list", 16_000],
      ["list", 10_000],
    ];
    const [first, second, third] = ENOUGH as [Read, Read, Read];
    expect(claimAfter([first, second, ...scans, third]).outcome).toBe("absent");
  });

  test("and awaits a scan of the list only when its single reads suffice", () => {
    const waits = (reads: readonly Read[]) => awaitsListScan(claimAfter(reads), POLICY);
    expect([waits([]), waits(ENOUGH.slice(0, 2)), waits(ENOUGH.slice(0, 3))]).toEqual([
      ...[false, false, true],
    ]);
  });

  test("and with fewer than three reads not even where the window is short", () => {
    const short = { ...POLICY, absenceWindowMs: 5_000 };
    const waits = (reads: readonly Read[]) => awaitsListScan(claimAfter(reads), short);
    expect([waits(ENOUGH.slice(0, 2)), waits(ENOUGH.slice(0, 3))]).toEqual([false, true]);
  });

  test("by the time since the first single read, and not since a scan before it", () => {
    const scan: Read = ["list", 0];
    const reads = [8_000, 15_000, 22_000].map((after): Read => ["single", after]);
    expect(awaitsListScan(claimAfter([scan, ...reads]), POLICY)).toBe(false);
  });

  test("by reads that are recorded in another order than they were begun", () => {
    const reads = [0, 8_000, 4_000, 16_000].map((after): Read => ["single", after]);
    expect(awaitsListScan(claimAfter(reads), POLICY)).toBe(true);
  });

  test("also when it takes many more reads than three", () => {
    const many = Array.from({ length: 50 }, (_, index): Read => ["single", index * 1_000]);
    expect(claimAfter([...many, ["list", 50_000]]).outcome).toBe("absent");
  });

  test("without a read before it by time alone: a day later it is as unknown as ever", () => {
    const { ledger, claim } = lost();
    ledger.after(24 * 3_600 * SECOND).notFound(claim, "single");
    ledger.notFound(claim, "list");
    expect(ledger.get(claim.key).outcome).toBeNull();
  });
});

describe("reads that are to prove absence", () => {
  test("count from the send and post deadlines where nobody reported the POST's end", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6")));
    const over = START + 11 * SECOND;
    const { postDeadlineMs } = ledger.policy;
    ledger
      .after(11 * SECOND)
      .record(claim.key, { type: "expiry", now: ledger.now, postDeadlineMs });
    ledger.notFound(claim, "single", over - 1);
    expect(ledger.get(claim.key).notFound).toBeNull();
    ledger.notFound(claim, "single", over);
    expect(ledger.get(claim.key).notFound).toMatchObject({ count: 1, firstAt: over });
  });

  test("start anew with every attempt", () => {
    const { ledger, claim } = lost();
    ledger.proveAbsent(claim);
    const again = proceeded(ledger.claim(buy("6")));
    ledger.after(SECOND).loseAnswer(again);
    for (let read = 0; read < 3; read += 1) ledger.notFound(again, "single", again.openedAt - 1);
    expect(ledger.get(again.key).notFound).toBeNull();
  });

  test("do not count by the clock of a machine that knew of no other's before them", () => {
    const { ledger, claim } = lost();
    const read = (readAt: number, isFirst: boolean) =>
      ledger.record(claim.key, {
        ...{ type: "not_found", scope: "single", readAt, isFirst, now: ledger.now },
        policy: ledger.policy,
      });
    const over = ledger.now;
    read(over, true);
    read(over + 600_000, true);
    expect(ledger.get(claim.key).notFound).toMatchObject({ count: 1, lastAt: over });
    read(over + 1_000, false);
    expect(ledger.get(claim.key).notFound).toMatchObject({ count: 2, lastAt: over + 1_000 });
  });

  test("are forgotten when the order is found", () => {
    const { ledger, claim } = lost();
    ledger.notFound(claim, "single");
    const found = ledger.read(claim, orderOf(claim));
    expect(found.notFound).toBeNull();
    for (const [scope, offset] of ENOUGH) ledger.notFound(claim, scope, ledger.now + offset);
    expect(ledger.get(claim.key)).toEqual(found);
  });

  test("do not concern a claim that is being sent, has ended, or is a refused exit", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const open = proceeded(ledger.claim(buy("6")));
    const done = proceeded(ledger.claim(buy("7")));
    ledger.accept(done, filledOrder(done));
    const exit = proceeded(ledger.claim(sell("12")));
    ledger.answer(exit, { kind: "refused", refusal: refusal() });
    const events = ledger.log.length;
    ledger.after(3_600 * SECOND);
    for (const claim of [open, done, exit]) {
      expect(isSought(ledger.get(claim.key))).toBe(false);
      ledger.notFound(claim, "single");
      ledger.notFound(claim, "list");
    }
    expect(ledger.log.length).toBe(events);
  });

  test("call for the scan of the list only once the single reads suffice", () => {
    const { ledger, claim } = lost();
    const called = [0, 7_500, 7_499, 1].map((pause) =>
      awaitsListScan(ledger.after(pause).notFound(claim, "single"), ledger.policy),
    );
    expect(called).toEqual([false, false, false, true]);
  });
});

test("an order that turns up after its absence was proved is booked, with the outcome corrected", () => {
  const { ledger, claim } = lost();
  ledger.proveAbsent(claim);
  const after = ledger.after(SECOND).read(claim, filledOrder(claim), "stream");
  expect(after).toMatchObject({ status: "SETTLED", outcome: "filled", provenance: "venue" });
  expect(after.certainAt).toBe(ledger.now);
  expect(ledger.book().net).toBe("6");
  expect(ledger.story(claim.key)).toContain("order_surfaced");
});

test("an order that is found at work after its absence was proved is the claim's again", () => {
  const { ledger, claim } = lost();
  ledger.proveAbsent(claim);
  const after = ledger.after(SECOND).read(claim, orderOf(claim), "stream");
  expect(after).toMatchObject({ status: "IN_RECONCILIATION", outcome: null, told: null });
  expect(ledger.claim(claim.intent).kind).toBe("pending");
  expect(ledger.read(claim, filledOrder(claim))).toMatchObject({
    status: "SETTLED",
    outcome: "filled",
  });
  expect(ledger.book().net).toBe("6");
});

test("a close that is found at work after its absence was proved holds its shares again", () => {
  const ledger = new MemoryLedger().adopt("6", "70");
  const claim = proceeded(ledger.claim(sell("4")));
  ledger.loseAnswer(claim);
  ledger.proveAbsent(claim);
  const other = proceeded(ledger.claim(sell("3", underRequestId("other"))));
  ledger.read(claim, orderOf(claim));
  expect(ledger.book().reservations).toMatchObject([{ quantity: "3" }, { quantity: "3" }]);
  ledger.accept(other, orderOf(other));
});

test("a refusal that comes after the claim was given up still counts", () => {
  const ledger = new MemoryLedger().adopt("6", "70");
  const claim = proceeded(ledger.claim(sell("6")));
  ledger.after(20 * SECOND).record(claim.key, {
    ...{ type: "expiry", postDeadlineMs: 6 * SECOND, now: ledger.now },
  });
  ledger.answer(claim, { kind: "refused", refusal: refusal() });
  expect(isLatched(ledger.get(claim.key))).toBe(true);
  expect(ledger.story(claim.key)).toEqual([
    "claimed",
    "outcome_unknown",
    "refused",
    "close_questioned",
  ]);
});
