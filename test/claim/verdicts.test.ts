/** What a refused close meant: each verdict with the evidence that it needs, and no less (I4). */
import { describe, expect, test } from "vitest";
import type { Book } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { decideVerdict, type PositionRead } from "../../src/claim/decide-verdict.ts";
import type { RefusalReason } from "../../src/claim/evidence.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { buy, proceeded, refusal, SECOND, START, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

function latched(intent: Intent = sell("6"), held = "6", reason?: RefusalReason) {
  const ledger = new MemoryLedger().adopt(held, "70");
  const claim = proceeded(ledger.claim(intent));
  const said = refusal(reason === undefined ? {} : { reason });
  ledger.answer(claim, { kind: "refused", refusal: said });
  return { claim: ledger.get(claim.key), book: ledger.book() };
}

function read(quantity: string, after: number, available = quantity): PositionRead {
  return {
    at: START + after,
    quantity: decimal(quantity),
    available: decimal(available),
    averagePrice: decimal("70"),
  };
}

function judged(
  { claim, book }: { claim: Claim; book: Book },
  reads: readonly PositionRead[],
  changes: { isExplained?: boolean; bookNet?: string } = {},
) {
  const { isExplained = false, bookNet = book.net } = changes;
  const now = START + 60 * SECOND;
  return decideVerdict(claim, book, { reads, bookNet: decimal(bookNet), isExplained, now });
}

/** Two reads that agree and span enough. */
function twice(quantity: string, available = quantity): readonly PositionRead[] {
  return [read(quantity, 0, available), read(quantity, 10_000, available)];
}

describe("the verdict on a refused close", () => {
  test.each<[string, Intent, string, string, string | null, string]>([
    [
      "still held, where the broker holds what the book does",
      sell("6"),
      "6",
      "6",
      null,
      "still_held",
    ],
    ["still held, for a part of it", sell("2"), "6", "6", null, "still_held"],
    ["still held, for a short", buyToClose("6"), "-6", "-6", null, "still_held"],
    ["already flat, where nothing is left", sell("6"), "6", "0", "0", "already_flat"],
    [
      "already flat, where just the exit's shares are gone",
      sell("2"),
      "6",
      "4",
      "4",
      "already_flat",
    ],
    ["already flat, for a short", buyToClose("6"), "-6", "0", "0", "already_flat"],
    ["changed elsewhere, where less is held", sell("6"), "6", "2", "2", "changed_elsewhere"],
    ["changed elsewhere, where more is held", sell("6"), "6", "9", "9", "changed_elsewhere"],
    ["changed elsewhere, on the other side", sell("6"), "6", "-6", "-6", "changed_elsewhere"],
  ])("is %s", (_, intent, held, broker, net, kind) => {
    const verdict = judged(latched(intent, held), twice(broker));
    expect(verdict).toMatchObject({ kind });
    expect(verdict?.adjustment?.net ?? null).toBe(net);
  });

  test.each([
    ["already flat, where fills have sold the rest meanwhile", "0", "already_flat"],
    ["changed elsewhere, where fills have left fewer than it asks for", "4", "changed_elsewhere"],
    ["changed elsewhere, where fills have turned the position", "-6", "changed_elsewhere"],
  ])("is %s, and the book stays as it is", (_, net, kind) => {
    const { claim, book } = latched();
    const moved = { ...book, net: decimal(net) };
    expect(judged({ claim, book: moved }, twice(net))).toMatchObject({
      ...{ kind, adjustment: null, provenance: "venue" },
    });
  });

  test.each<RefusalReason>([
    "sub_penny",
    "not_fractionable",
    "quantity_not_accepted",
    "asset_not_found",
  ])("is malformed at once for %s, whatever is held", (reason) => {
    expect(judged(latched(sell("6"), "6", reason), [])).toMatchObject({
      kind: "malformed",
      adjustment: null,
    });
  });

  test("is inferred where nothing explains what is gone, and the venue's where orders do", () => {
    const gone = latched();
    expect(judged(gone, twice("0"))).toMatchObject({ provenance: "inferred" });
    expect(judged(gone, twice("0"), { isExplained: true })).toMatchObject({ provenance: "venue" });
  });

  test.each<[string, readonly PositionRead[], string | undefined]>([
    ["no read", [], undefined],
    ["one read", [read("6", 0)], undefined],
    ["reads that are less than ten seconds apart", [read("6", 0), read("6", 9_999)], undefined],
    ["reads that differ", [read("6", 0), read("0", 10_000)], undefined],
    ["shares that another order holds", twice("6", "0"), undefined],
    ["shares of which too few are free", twice("6", "5"), undefined],
    ["a book that has moved since the last read", twice("6"), "4"],
  ])("is not given for %s", (_, reads, bookNet) => {
    expect(judged(latched(), reads, bookNet === undefined ? {} : { bookNet })).toBeUndefined();
  });

  test("is not given for a claim that is not in question", () => {
    const ledger = new MemoryLedger().adopt("6", "70");
    const claim = proceeded(ledger.claim(sell("6")));
    expect(judged({ claim, book: ledger.book() }, twice("6"))).toBeUndefined();
  });
});

function buyToClose(quantity: string): Intent {
  return buy(quantity, { effect: "close" });
}
