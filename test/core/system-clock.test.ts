import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";

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
