import { expect, test } from "vitest";
import { bench } from "./alpaca-bench.ts";
import { json } from "./raw-server.ts";

const DAY = { date: "2026-11-27", open: "09:30", close: "13:00", session_open: "0400" };

test("the calendar is asked for a range and read as days with their hours", async () => {
  const { broker, server } = await bench(json(200, [{ ...DAY, date: "2026-11-25" }, DAY]));
  expect(await broker.calendar("2026-11-25", "2026-11-27")).toEqual({
    kind: "read",
    value: [
      { date: "2026-11-25", open: "09:30", close: "13:00" },
      { date: "2026-11-27", open: "09:30", close: "13:00" },
    ],
  });
  const [asked] = server.arrived;
  expect(asked).toMatchObject({ method: "GET" });
  expect(JSON.stringify(asked)).toMatch(/calendar\?start=2026-11-25T.*end=2026-11-27T/);
});

test.each([
  ["a page that is no JSON", "<html>"],
  ["a day without a close", [{ date: "2026-11-27", open: "09:30" }]],
  ["a time that is none", [{ ...DAY, close: "25:00" }]],
  ["a date that is none", [{ ...DAY, date: "2026-02-30" }]],
  ["a close before the open", [{ ...DAY, open: "14:00" }]],
  ["days out of order", [DAY, { ...DAY, date: "2026-11-25" }]],
  ["one day twice", [DAY, DAY]],
])("%s is no calendar, and unknown as a whole", async (_, body) => {
  const { broker } = await bench(json(200, body));
  expect(await broker.calendar("2026-11-25", "2026-11-27")).toMatchObject({ kind: "unknown" });
});
