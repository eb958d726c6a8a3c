import { describe, expect, test } from "vitest";
import { MarketHours, usualHours } from "../../src/schedule/market-hours.ts";
import { dateAfter, newYorkDate, newYorkInstant } from "../../src/schedule/new-york-time.ts";

const utc = (text: string) => Date.parse(text);
const usual = (date: string) => ({ date, open: "09:30", close: "16:00" });

/** Thanksgiving 2026: closed on the 26th, an early close on the 27th. */
const THANKSGIVING = new MarketHours(
  [usual("2026-11-25"), { ...usual("2026-11-27"), close: "13:00" }, usual("2026-11-30")],
  { from: "2026-11-23", until: "2026-11-30" },
);

describe("New York's time", () => {
  test.each([
    ["2026-03-06", "09:30", "2026-03-06T14:30:00Z"],
    ["2026-03-09", "09:30", "2026-03-09T13:30:00Z"],
    ["2026-10-30", "16:00", "2026-10-30T20:00:00Z"],
    ["2026-11-02", "16:00", "2026-11-02T21:00:00Z"],
    ["2026-03-08", "01:59", "2026-03-08T06:59:00Z"],
    ["2026-03-08", "03:00", "2026-03-08T07:00:00Z"],
    ["2026-11-01", "00:30", "2026-11-01T04:30:00Z"],
    ["2026-11-01", "03:30", "2026-11-01T08:30:00Z"],
  ])("%s %s is %s, on either side of a change of the clocks", (date, time, instant) => {
    expect(new Date(newYorkInstant(date, time)).toISOString()).toBe(
      new Date(instant).toISOString(),
    );
  });

  test("has its own date, and dates count on over months and changes of the clocks", () => {
    expect(newYorkDate(utc("2026-05-22T03:59:59.999Z"))).toBe("2026-05-21");
    expect(newYorkDate(utc("2026-05-22T04:00:00Z"))).toBe("2026-05-22");
    expect(dateAfter("2026-03-07", 2)).toBe("2026-03-09");
    expect(dateAfter("2027-01-01", -1)).toBe("2026-12-31");
  });
});

describe("the market's hours", () => {
  test.each([
    ["2026-11-25T14:29:59.999Z", false],
    ["2026-11-25T14:30:00Z", true],
    ["2026-11-25T20:59:59.999Z", true],
    ["2026-11-25T21:00:00Z", false],
    ["2026-11-26T16:00:00Z", false],
    ["2026-11-27T17:59:59Z", true],
    ["2026-11-27T18:00:00Z", false],
    ["2026-11-28T16:00:00Z", false],
  ])("at %s are open: %s", (instant, isOpen) => {
    expect(THANKSGIVING.isOpen(utc(instant))).toBe(isOpen);
  });

  test("know the next open and close over a holiday, an early close and a weekend", () => {
    const afterWednesday = utc("2026-11-25T21:30:00Z");
    expect(THANKSGIVING.nextOpen(afterWednesday)).toBe(utc("2026-11-27T14:30:00Z"));
    expect(THANKSGIVING.nextClose(afterWednesday)).toBe(utc("2026-11-27T18:00:00Z"));
    expect(THANKSGIVING.nextOpen(utc("2026-11-27T14:30:00Z"))).toBe(utc("2026-11-30T14:30:00Z"));
    expect(THANKSGIVING.lastClose(utc("2026-11-28T12:00:00Z"))).toBe(utc("2026-11-27T18:00:00Z"));
    expect(THANKSGIVING.nextOpen(utc("2026-11-30T20:00:00Z"))).toBeUndefined();
  });

  test("know of no session on a holiday, and nothing of a day that was not asked for", () => {
    expect(THANKSGIVING.sessionOn(utc("2026-11-26T16:00:00Z"))).toBeUndefined();
    expect(THANKSGIVING.covers(utc("2026-11-26T16:00:00Z"))).toBe(true);
    expect(THANKSGIVING.covers(utc("2026-12-01T16:00:00Z"))).toBe(false);
  });

  test("are those of a usual weekday where nobody knows better", () => {
    const thursday = utc("2026-11-26T16:00:00Z");
    expect(usualHours(thursday).isOpen(thursday)).toBe(true);
    const saturday = utc("2026-11-28T16:00:00Z");
    expect(usualHours(saturday).sessionOn(saturday)).toBeUndefined();
  });
});
