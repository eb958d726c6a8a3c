/** What is kept of calls that are over: a guard runs for months. */
import { describe, expect, test } from "vitest";
import type { GuardClaim } from "../../src/claim/guard-claim.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { Verifiers } from "../../src/guard/verifiers.ts";
import { Waiting } from "../../src/guard/waiting.ts";
import { rememberedBy } from "../core/remembered-by.ts";
import { DrivenClock } from "./guard-world.ts";

const START = Date.UTC(2026, 4, 21, 13, 42);
const WAIT_MS = 1_000;

describe("the signal that a guard is closed by", () => {
  test("remembers nobody who has waited", async () => {
    const clock = new DrivenClock(START);
    const waiting = new Waiting(clock);
    const { signal } = new AbortController();
    for (let n = 0; n < 10; n += 1) {
      const waited = waiting.until("a", WAIT_MS, [signal], async () => undefined);
      const isOver = waited.then(() => true);
      while (!(await Promise.race([isOver, Promise.resolve(false)]))) {
        await Promise.race([isOver, clock.untilSleeping()]);
        clock.advance(50);
      }
    }
    expect(rememberedBy(signal)).toBe(0);
  });

  test("remembers no verifier that has answered", async () => {
    const verifiers = new Verifiers(new ManualClock(START));
    const { signal } = new AbortController();
    for (let n = 0; n < 10; n += 1) {
      await verifiers.ask(async () => ({ kind: "unknown" }), {} as GuardClaim, signal);
    }
    expect(rememberedBy(signal)).toBe(0);
  });
});
