import { describe, expect, test } from "vitest";
import { type Clock, setAlarm, systemClock } from "../../src/core/clock.ts";
import { FlooredClock } from "../../src/core/floored-clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

describe("the system's clock", () => {
  test("tells the time in milliseconds since 1970", () => {
    // A machine's time may be set back between two readings: one was, by 2 ms.
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(MINUTE_MS);
  });

  test("wakes a sleeper whose time has come", async () => {
    await expect(systemClock.sleep(0)).resolves.toBeUndefined();
  });

  test("lets a signal end a sleep with the signal's reason, and leaves no timer behind", async () => {
    const stop = new AbortController();
    const sleep = systemClock.sleep(HOUR_MS, stop.signal);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout");
    const during = timers().length;
    stop.abort(new Error("closing"));
    await expect(sleep).rejects.toThrow("closing");
    expect(timers().length).toBeLessThan(during);
  });

  test("does not begin a sleep whose signal has ended it already", async () => {
    const sleep = systemClock.sleep(HOUR_MS, AbortSignal.abort(new Error("closed")));
    await expect(sleep).rejects.toThrow("closed");
  });
});

describe("an alarm", () => {
  test.each<[string, Clock]>([
    ["the system's clock", systemClock],
    ["one on top of it", new FlooredClock(systemClock)],
  ])("of %s rings, and once called off leaves no timer behind", async (_, clock) => {
    await new Promise<void>((resolve) => void setAlarm(clock, 0, resolve));
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout");
    const before = timers().length;
    const callOff = setAlarm(clock, HOUR_MS, () => undefined);
    expect(timers()).toHaveLength(before + 1);
    callOff();
    expect(timers()).toHaveLength(before);
  });

  test("of a clock that can only sleep rings in its time, unless it was called off", async () => {
    const clock = new ManualClock(0);
    const rung: string[] = [];
    setAlarm(clock, 10, () => rung.push("first"));
    const callOff = setAlarm(clock, 10, () => rung.push("second"));
    callOff();
    clock.advanceTo(9);
    await Promise.resolve();
    expect(rung).toEqual([]);
    clock.advanceTo(10);
    await Promise.resolve();
    expect(rung).toEqual(["first"]);
    expect(clock.nextWakeAt()).toBeUndefined();
  });
});
