import { expect, test } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import { LeapWatch } from "../../src/core/leap-watch.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";

/** A clock whose wall is apart from what has elapsed. */
function machine() {
  const at = { wall: 1_000_000, elapsed: 50 };
  const clock: Clock = {
    now: () => at.wall,
    elapsed: () => at.elapsed,
    sleep: () => Promise.resolve(),
  };
  const pass = (durationMs: number) => {
    at.wall += durationMs;
    at.elapsed += durationMs;
  };
  return { at, clock, pass };
}

test("a clock that only goes on has not leapt, however slowly it drifts", () => {
  const { at, clock, pass } = machine();
  const watch = new LeapWatch(clock);
  for (let looks = 0; looks < 10; looks += 1) {
    pass(60_000);
    at.wall += 500;
    expect(watch.lastLeap()).toBeNull();
  }
});

test("a clock that was set forward has leapt when that is noticed, and not again", () => {
  const { at, clock, pass } = machine();
  const watch = new LeapWatch(clock);
  pass(5_000);
  at.wall += 600_000;
  pass(5_000);
  const noticed = clock.now();
  expect(watch.lastLeap()).toBe(noticed);
  pass(60_000);
  expect(watch.lastLeap()).toBe(noticed);
  at.wall += 2_000;
  expect(watch.lastLeap()).toBe(clock.now());
});

test("a clock that does not say what has elapsed never leaps", () => {
  const clock = new ManualClock(0);
  const watch = new LeapWatch(clock);
  clock.advanceTo(3_600_000);
  expect(watch.lastLeap()).toBeNull();
});
