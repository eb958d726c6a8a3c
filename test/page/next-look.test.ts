import { describe, expect, test } from "vitest";
import { COMPARED_EVERY_MS, nextLook } from "../../src/page/model/next-look.ts";
import type { IncidentView, StatusView } from "../../src/page/sidecar-answers.ts";
import { COMPARISON_CRON } from "../../src/schedule/latch-ticks.ts";

const OPEN = { open: true, opensAt: null, closesAt: "2026-05-21T20:00:00.000Z" };
const CLOSED = { open: false, opensAt: "2026-05-26T13:30:00.000Z", closesAt: null };

function statusOf(market: object | null, nextDueAt: string | null): StatusView {
  return { now: "2026-05-21T15:14:06.000Z", latch: { market, nextDueAt } } as never;
}

function about(kind: IncidentView["kind"], symbol = "TQQQ") {
  return { kind, symbol };
}

describe("the next look at an incident", () => {
  test("about a claim is when that is due, and at nothing where nothing is", () => {
    const due = statusOf(OPEN, "2026-05-21T15:14:10.000Z");
    expect(nextLook(about("refused_exit"), due)).toBe("the next look is in 4 s");
    expect(nextLook(about("unknown_outcome"), statusOf(OPEN, due.now))).toBe("it is looked at now");
    expect(nextLook(about("missing_fills"), statusOf(OPEN, null))).toBeNull();
  });

  test("about a position is the comparison, whatever else is due: each minute while the market is closed", () => {
    expect(COMPARISON_CRON).toBe(`*/${COMPARED_EVERY_MS / 1_000} * * * * *`);
    for (const kind of ["phantom", "orphan", "quantity", "side", "unknown_order"] as const) {
      for (const market of [OPEN, null]) {
        const status = statusOf(market, "2026-05-21T15:14:40.000Z");
        expect(nextLook(about(kind), status)).toBe("the next look is in 9 s");
      }
      expect(nextLook(about(kind), statusOf(CLOSED, null))).toBe("the next look is in 54 s");
    }
  });

  test("about a pair of currencies is the comparison, as frequent at all hours", () => {
    const status = statusOf(CLOSED, null);
    expect(nextLook(about("quantity", "BTC/USD"), status)).toBe("the next look is in 9 s");
  });

  test("is none where an incident waits for a person alone, and before the start is over", () => {
    expect(
      nextLook(about("unknown_action"), statusOf(OPEN, "2026-05-21T15:14:10.000Z")),
    ).toBeNull();
    expect(nextLook(about("phantom"), { ...statusOf(OPEN, null), latch: null })).toBeNull();
  });
});
