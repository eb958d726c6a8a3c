/** An attempt that a late word has put in question: what was read before answers nothing. */
import { describe, expect, test } from "vitest";
import type { GuardCommand } from "../../src/claim/decide-guard.ts";
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

  test.each([
    ["an absence that a verifier reads", evidence({ outcome: "absent", result: null })],
    ["a release without a token", release({ tokenHash: null })],
  ])("%s answers it if it says that it is of the word, and nothing else", (_, found) => {
    for (const isOfLateWord of [false, undefined]) {
      const before = questioned();
      const asked = before.take({ ...found, isOfLateWord } as GuardCommand);
      expect(asked).toEqual({ events: [], answer: { kind: "unresolved" } });
      expect(before.claim).toMatchObject({ status: "IN_RECONCILIATION" });
    }
    const since = questioned();
    since.take({ ...found, isOfLateWord: true } as GuardCommand);
    expect(since.claim).toMatchObject({ status: "SETTLED", outcome: "absent" });
  });

  test("the last owner's release answers it too, where that says that it is of the word", () => {
    const life = questioned();
    life.take(release({ ...SECOND, isOfLateWord: true }));
    expect(life.claim).toMatchObject({ status: "SETTLED", outcome: "absent" });
  });

  test.each([false, true, undefined])(
    "an attempt that no word has questioned ends absent whichever way that is read: %j",
    (isOfLateWord) => {
      const read = new GuardLife(claimOf(), doubt());
      read.take(evidence({ outcome: "absent", result: null, isOfLateWord }));
      expect(read.claim).toMatchObject({ status: "SETTLED", outcome: "absent" });
      const released = new GuardLife(claimOf(), doubt());
      released.take(release({ tokenHash: null, isOfLateWord }));
      expect(released.claim).toMatchObject({ status: "SETTLED", outcome: "absent" });
    },
  );
});
