/** The clock of a broker that does not agree with ours. */
import { describe, expect, it } from "vitest";
import { BrokerTime } from "../../src/broker/alpaca/broker-time.ts";
import type { Clock } from "../../src/core/clock.ts";
import { FlooredClock } from "../../src/core/floored-clock.ts";
import { bench } from "./alpaca-bench.ts";
import { json } from "./raw-server.ts";

const NOW = Date.parse("2026-11-20T14:31:02.200Z");
const date = (text: string) => ({ date: text });

/** A machine whose wall is set while time goes on. */
function machine() {
  const shown = { now: NOW, elapsed: 5_000 };
  const clock: Clock = {
    now: () => shown.now,
    elapsed: () => shown.elapsed,
    sleep: () => Promise.reject(new Error("nobody sleeps here")),
  };
  return { clock, shown, time: new BrokerTime(clock) };
}

describe("the broker's clock", () => {
  it("is unknown before an answer told it", () => {
    const { time } = machine();
    expect(time.now()).toBeNull();
    expect(time.theirs(NOW)).toBe("2026-11-20T14:31:02.200Z");
  });

  it("is read from the Date of an answer and goes on, however the wall is set", () => {
    const { time, shown } = machine();
    time.hear(date("Fri, 20 Nov 2026 14:21:02 GMT"));
    shown.elapsed += 7_000;
    shown.now += 3_600_000;
    expect(time.now()).toBe(Date.parse("2026-11-20T14:21:09.500Z"));
  });

  it("does not move with the second that a Date is cut off to", () => {
    const { time, shown } = machine();
    time.hear(date("Fri, 20 Nov 2026 14:21:02 GMT"));
    shown.elapsed += 999;
    time.hear(date("Fri, 20 Nov 2026 14:21:02 GMT"));
    expect(time.now()).toBe(Date.parse("2026-11-20T14:21:03.499Z"));
  });

  it("is not set back by an answer that was long on its way", () => {
    const { time, shown } = machine();
    time.hear(date("Fri, 20 Nov 2026 14:21:02 GMT"));
    shown.elapsed += 9_000;
    time.hear(date("Fri, 20 Nov 2026 14:21:03 GMT"), 8_500);
    expect(time.now()).toBe(Date.parse("2026-11-20T14:21:11.500Z"));
    time.hear(date("Fri, 20 Nov 2026 14:21:03 GMT"), 4_000);
    expect(time.now()).toBe(Date.parse("2026-11-20T14:21:03.500Z"));
  });

  it("is read anew where it was set itself", () => {
    const { time } = machine();
    time.hear(date("Fri, 20 Nov 2026 14:21:02 GMT"));
    time.hear(date("Fri, 20 Nov 2026 14:31:02 GMT"));
    expect(time.now()).toBe(Date.parse("2026-11-20T14:31:02.500Z"));
  });

  it("is no guess where only our time was raised to what other machines have written", () => {
    const { clock, shown } = machine();
    const raised = new FlooredClock(clock);
    const time = new BrokerTime(raised);
    time.hear(date("Fri, 20 Nov 2026 14:31:02 GMT"));
    raised.raiseTo(NOW + 600_000);
    expect([time.isGuess(), time.now()]).toEqual([false, NOW + 300]);
    shown.now += 3_600_000;
    expect(time.isGuess()).toBe(true);
  });

  it.each([
    ["the machine has slept, or its clock was set forward", 3_600_000],
    ["its clock was set back", -3_600_000],
  ])("is a guess until the next answer where %s", (_, leapMs) => {
    const { time, shown } = machine();
    expect(time.isGuess()).toBe(false);
    time.hear(date("Fri, 20 Nov 2026 14:21:02 GMT"));
    shown.elapsed += 60_000;
    shown.now += 60_000 + 2_999;
    expect(time.isGuess()).toBe(false);
    shown.now += leapMs;
    expect(time.isGuess()).toBe(true);
    time.hear({});
    expect(time.isGuess()).toBe(true);
    time.hear(date("Fri, 20 Nov 2026 14:22:02 GMT"));
    expect(time.isGuess()).toBe(false);
  });

  it.each([
    ["that is missing", {}],
    ["that is none", date("soon")],
  ])("is not read from a Date %s", (_, headers) => {
    const { time } = machine();
    time.hear(headers);
    expect(time.now()).toBeNull();
  });

  it("is what the broker is asked for orders by, where it is far from ours", async () => {
    const ahead = json(200, [], { date: "Fri, 20 Nov 2026 14:21:02 GMT" });
    const { broker, clock, server } = await bench(ahead);
    await broker.orders({ status: "all", after: clock.now() });
    await broker.orders({ status: "all", after: clock.now(), until: clock.now() });
    const [first, second] = server.arrived.map(({ path }) => new URL(path, "http://list"));
    expect(first?.searchParams.get("after")).toBe(new Date(clock.now()).toISOString());
    expect(second?.searchParams.get("after")).toBe("2026-11-20T14:21:02.500Z");
    expect(second?.searchParams.get("until")).toBe("2026-11-20T14:21:02.500Z");
    expect(broker.brokerTime()).toBe(Date.parse("2026-11-20T14:21:02.500Z"));
  });
});
