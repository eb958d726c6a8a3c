/** An attempt that a late word has put in question: what was read before answers nothing. */
import { describe, expect, test } from "vitest";
import { claimOf, doubt, evidence, GuardLife, release, settle } from "./guard-commands.ts";

const SECOND = { tokenHash: "token-2" };

/** Two attempts, both released; then the first one's owner says that it was done. */
function questioned(): GuardLife {
  return new GuardLife(claimOf(), release(), claimOf(SECOND), release(SECOND), settle());
}

describe("behind a late word", () => {
  test("the last attempt's release, sent once more, answers nothing", () => {
    const life = questioned();
    expect(life.claim).toMatchObject({ status: "IN_RECONCILIATION" });
    const again = life.take(release(SECOND));
    expect(again).toEqual({ events: [], answer: { kind: "released", isRepeat: true } });
    expect(life.claim).toMatchObject({ status: "IN_RECONCILIATION" });
  });

  test("the release of the one attempt there was says how it ended after all", () => {
    const life = new GuardLife(claimOf(), release(), settle());
    expect(life.claim).toMatchObject({ status: "IN_RECONCILIATION" });
    expect(life.take(release()).events).not.toEqual([]);
  });

  test("an absence that was read before it answers nothing, and one that was read since does", () => {
    const absent = { outcome: "absent", result: null } as const;
    const before = questioned();
    const { events } = before.take(evidence({ ...absent, isOfLateWord: false }));
    expect(events).toEqual([]);
    expect(before.claim).toMatchObject({ status: "IN_RECONCILIATION" });
    for (const isOfLateWord of [true, undefined]) {
      const since = questioned();
      since.take(evidence({ ...absent, isOfLateWord }));
      expect(since.claim).toMatchObject({ status: "SETTLED", outcome: "absent" });
    }
  });

  test("an absence that was read before any word ends an attempt that nobody has questioned", () => {
    const life = new GuardLife(claimOf(), doubt());
    life.take(evidence({ outcome: "absent", result: null, isOfLateWord: false }));
    expect(life.claim).toMatchObject({ status: "SETTLED", outcome: "absent" });
  });
});
