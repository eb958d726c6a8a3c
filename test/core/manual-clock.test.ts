import { describe, expect, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";

/** Lets every promise that is settled by now call back. */
async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await Promise.resolve();
}

describe("a clock that is moved by hand", () => {
  test("stands still until it is told to move", async () => {
    const clock = new ManualClock(1_000);
    let woken = false;
    const sleep = clock.sleep(50).then(() => {
      woken = true;
    });
    clock.advanceTo(1_049);
    await settle();
    expect([clock.now(), woken]).toEqual([1_049, false]);
    clock.advanceTo(1_050);
    await sleep;
    expect([clock.now(), woken]).toEqual([1_050, true]);
  });

  test("wakes sleepers by their time, and equals in the order in which they fell asleep", async () => {
    const clock = new ManualClock(0);
    const order: string[] = [];
    const sleepers = [
      clock.sleep(30).then(() => order.push("late")),
      clock.sleep(10).then(() => order.push("first of two")),
      clock.sleep(10).then(() => order.push("second of two")),
      clock.sleep(20).then(() => order.push("middle")),
    ];
    clock.advanceTo(100);
    await Promise.all(sleepers);
    expect(order).toEqual(["first of two", "second of two", "middle", "late"]);
  });

  test("says when the next sleeper wants to wake", async () => {
    const clock = new ManualClock(500);
    expect(clock.nextWakeAt()).toBeUndefined();
    const sleeps = [clock.sleep(70), clock.sleep(20)];
    expect(clock.nextWakeAt()).toBe(520);
    clock.advanceTo(520);
    expect(clock.nextWakeAt()).toBe(570);
    clock.advanceTo(570);
    expect(clock.nextWakeAt()).toBeUndefined();
    await Promise.all(sleeps);
  });

  test("takes a negative duration for none, and wakes only when it is moved", async () => {
    const clock = new ManualClock(500);
    const sleep = clock.sleep(-5);
    expect(clock.nextWakeAt()).toBe(500);
    clock.advanceTo(500);
    await sleep;
  });

  test("never goes back", () => {
    const clock = new ManualClock(500);
    expect(() => clock.advanceTo(499)).toThrow(
      new RangeError("the clock stands at 500 and cannot go back to 499"),
    );
    expect(clock.now()).toBe(500);
  });

  test("lets a signal end a sleep, and forgets that sleeper", async () => {
    const clock = new ManualClock(0);
    const stop = new AbortController();
    const sleep = clock.sleep(10, stop.signal);
    stop.abort(new Error("closing"));
    await expect(sleep).rejects.toThrow("closing");
    expect(clock.nextWakeAt()).toBeUndefined();
  });

  test("does not begin a sleep whose signal has ended it already", async () => {
    const clock = new ManualClock(0);
    await expect(clock.sleep(10, AbortSignal.abort(new Error("closed")))).rejects.toThrow("closed");
    expect(clock.nextWakeAt()).toBeUndefined();
  });

  test("keeps a sleeper awake whose signal comes after its time", async () => {
    const clock = new ManualClock(0);
    const stop = new AbortController();
    const sleep = clock.sleep(10, stop.signal);
    clock.advanceTo(10);
    stop.abort(new Error("too late"));
    await expect(sleep).resolves.toBeUndefined();
  });
});
