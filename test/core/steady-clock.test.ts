import { describe, expect, test } from "vitest";
import { type Clock, steadyNow } from "../../src/core/clock.ts";
import { FlooredClock } from "../../src/core/floored-clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";

const NOON = 1_780_000_000_000;

/** A machine whose clocks the test sets; the monotonic one began an hour ago. */
function machine() {
  const shown = { wall: NOON, monotonic: 3_600_000.25 };
  const now = steadyNow({ wall: () => shown.wall, monotonic: () => shown.monotonic });
  const clock: Clock = { now, elapsed: () => shown.monotonic, sleep: () => Promise.resolve() };
  const pass = (ms: number) => {
    shown.wall += ms;
    shown.monotonic += ms;
  };
  return { shown, now, clock, pass };
}

describe("time that never goes back", () => {
  test("is the wall's while nobody sets it", () => {
    const { now, pass } = machine();
    expect(now()).toBe(NOON);
    pass(1_500);
    expect(now()).toBe(NOON + 1_500);
  });

  test("goes on at its pace where the wall is set back", () => {
    const { shown, now, pass } = machine();
    now();
    shown.wall -= 600_000;
    expect(now()).toBe(NOON);
    pass(10_000);
    expect(now()).toBe(NOON + 10_000);
  });

  test("follows the wall where it is set forward, as after a machine has slept", () => {
    const { shown, now } = machine();
    now();
    shown.wall += 8 * 3_600_000;
    expect(now()).toBe(NOON + 8 * 3_600_000);
  });

  test("has whole milliseconds", () => {
    const { shown, now } = machine();
    shown.monotonic += 0.4;
    expect(Number.isInteger(now())).toBe(true);
  });
});

describe("a clock that was told of a moment", () => {
  test("shows none before it, and goes on from there", () => {
    const inner = new ManualClock(NOON);
    const clock = new FlooredClock(inner);
    expect(clock.raiseTo(NOON + 5_000)).toBe(5_000);
    expect(clock.now()).toBe(NOON + 5_000);
    inner.advanceTo(NOON + 1_000);
    expect(clock.now()).toBe(NOON + 6_000);
  });

  test("is left alone by a moment that it has passed", () => {
    const clock = new FlooredClock(new ManualClock(NOON));
    expect(clock.raiseTo(NOON - 1)).toBe(0);
    expect(clock.now()).toBe(NOON);
  });

  test("shows the wall's time once that is set right, and no more than that", () => {
    const { shown, clock: inner, pass } = machine();
    const clock = new FlooredClock(inner);
    clock.raiseTo(NOON + 600_000);
    shown.wall += 599_000;
    expect([clock.now(), clock.raisedMs()]).toEqual([NOON + 600_000, 1_000]);
    pass(5_000);
    expect(clock.now()).toBe(NOON + 605_000);
    shown.wall += 1_000;
    expect([clock.now(), clock.raisedMs()]).toEqual([NOON + 605_000, 0]);
    shown.wall += 60_000;
    expect(clock.now()).toBe(NOON + 665_000);
  });

  test("goes on from there where the wall is set back", () => {
    const { shown, clock: inner, pass } = machine();
    const clock = new FlooredClock(inner);
    clock.raiseTo(NOON + 600_000);
    shown.wall -= 3_600_000;
    pass(5_000);
    expect(clock.now()).toBe(NOON + 605_000);
  });

  test("shows that very moment, whatever part of a millisecond has passed", () => {
    const { shown, clock: inner } = machine();
    const clock = new FlooredClock(inner);
    for (let step = 1; step <= 1_000; step += 1) {
      shown.monotonic += 0.137;
      const moment = NOON + step * 1_000;
      clock.raiseTo(moment);
      expect(clock.now()).toBe(moment);
    }
  });
});
