import { expect, test } from "vitest";
import { playedDay } from "../../src/cli/played-day.ts";
import type { Bar } from "../../src/strategy/bar.ts";

const OPEN_AT = Date.parse("2026-05-21T13:30Z");
const MINUTE_MS = 60_000;

/** One bar a minute from 09:30 on 21 May on. */
function bars(count: number): ReadonlyMap<string, readonly Bar[]> {
  const list = Array.from({ length: count }, (_, index): Bar => {
    const startAt = OPEN_AT + index * MINUTE_MS;
    const prices = { open: "1", high: "1", low: "1", close: "1", volume: "1" };
    const bar = { symbol: "SPY", name: "", startAt, endAt: startAt + MINUTE_MS, ...prices };
    return bar as unknown as Bar;
  });
  return new Map([["SPY", list]]);
}

/** That it is `clock` in New York, some winter's day. */
function newYork(clock: string): number {
  return Date.parse(`2026-12-01T${clock}:00-05:00`);
}

test("a day of bars is moved so that the minute which was asked for is now", () => {
  const day = playedDay(bars(390), newYork("18:00"), "09:40");
  expect([day.open, day.close]).toEqual(["17:50", "23:59"]);
  const early = playedDay(bars(390), newYork("03:00"), "09:40");
  expect([early.open, early.close]).toEqual(["02:50", "09:20"]);
  expect(early.bars?.SPY?.[0]?.time).toBe(newYork("02:50"));
});

test("a file of years of bars has its first day played", () => {
  const day = playedDay(bars(200_000), newYork("12:00"), "09:31");
  expect([day.open, day.close]).toEqual(["11:59", "23:59"]);
});
