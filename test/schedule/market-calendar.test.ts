import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { MarketCalendar } from "../../src/schedule/market-calendar.ts";
import { startSimulator } from "../../src/simulator/index.ts";
import { atTheEnd, brokerFor } from "./schedule-bench.ts";

/** A Wednesday, 10:00 in New York; the day before Thanksgiving. */
const WEDNESDAY = Date.parse("2026-11-25T15:00:00Z");
const HOUR_MS = 3_600_000;

async function calendarAt(startAt: number) {
  const simulator = await startSimulator({ startAt });
  atTheEnd(() => simulator.close());
  const clock = new ManualClock(startAt);
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  const calendar = new MarketCalendar({ broker: brokerFor(simulator, clock), clock, log });
  const reads = () => simulator.requests().filter(({ path }) => path === "/v2/calendar").length;
  return { simulator, clock, calendar, lines, reads };
}

describe("the market's calendar", () => {
  test("is the broker's, holidays and early closes included, and is read once a day", async () => {
    const { calendar, clock, reads } = await calendarAt(WEDNESDAY);
    const [hours] = await Promise.all([calendar.hours(), calendar.hours()]);
    expect(hours?.isOpen(WEDNESDAY)).toBe(true);
    expect(hours?.nextOpen(WEDNESDAY)).toBe(Date.parse("2026-11-27T14:30:00Z"));
    expect(hours?.nextClose(WEDNESDAY + 24 * HOUR_MS)).toBe(Date.parse("2026-11-27T18:00:00Z"));
    await calendar.hours();
    expect(reads()).toBe(1);
    clock.advanceTo(WEDNESDAY + 24 * HOUR_MS);
    expect((await calendar.hours())?.sessionOn(clock.now())).toBeUndefined();
    expect(reads()).toBe(2);
  });

  test("that cannot be read is unknown, said once, and asked for again a minute later", async () => {
    const { simulator, calendar, clock, lines, reads } = await calendarAt(WEDNESDAY);
    const match = { method: "GET", path: "/v2/calendar" } as const;
    simulator.addFaults([{ match, fault: { kind: "html", status: 503, accept: false }, times: 2 }]);
    expect(await calendar.hours()).toBeUndefined();
    expect(await calendar.hours()).toBeUndefined();
    expect(reads()).toBe(1);
    clock.advanceTo(WEDNESDAY + 60_000);
    expect(await calendar.hours()).toBeUndefined();
    expect(lines.filter((line) => line.includes("calendar cannot be read"))).toHaveLength(1);
    clock.advanceTo(WEDNESDAY + 120_000);
    expect((await calendar.hours())?.isOpen(clock.now())).toBe(true);
  });

  test("that was read before serves while the broker is away", async () => {
    const { simulator, calendar, clock, lines } = await calendarAt(WEDNESDAY);
    await calendar.hours();
    await simulator.close();
    clock.advanceTo(WEDNESDAY + 24 * HOUR_MS);
    const hours = await calendar.hours();
    expect(hours?.isOpen(Date.parse("2026-11-27T17:00:00Z"))).toBe(true);
    expect(lines.join()).toContain("the one read before is used");
    clock.advanceTo(WEDNESDAY + 30 * 24 * HOUR_MS);
    expect(await calendar.hours()).toBeUndefined();
  });
});
