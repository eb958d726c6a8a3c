import { describe, expect, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { Caller } from "../../src/gateway/caller.ts";

describe("a caller who has gone", () => {
  test("waits for nothing, and work that then fails ends no process", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.prependListener("unhandledRejection", note);
    try {
      const caller = new Caller(new ManualClock(0), 8_000);
      caller.goAway();
      const failing = Promise.reject(new Error("the ledger is locked"));
      await expect(caller.waitsFor(failing)).resolves.toBe(false);
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.removeListener("unhandledRejection", note);
    }
  });
});
