import { describe, expect, test } from "vitest";
import { EVENING, openBench } from "./simulator-bench.ts";

describe("orders and the market's hours", () => {
  test("a day order that was placed in the evening fills at the open", async () => {
    const { order, call, simulator } = await openBench({ startAt: EVENING });
    const placed = await order();
    simulator.setPrice("TQQQ", "80");
    const path = `/v2/orders/${placed.body.id}`;
    simulator.setTime("2026-05-21T13:29:59Z");
    expect((await call("GET", path)).body.status).toBe("accepted");
    simulator.setTime("2026-05-21T15:00:00Z");
    expect((await call("GET", path)).body).toMatchObject({
      status: "filled",
      filled_avg_price: "80",
      filled_at: expect.stringMatching(/^2026-05-21T13:30:00/),
    });
  });

  test("day orders expire at the close, gtc orders stay", async () => {
    const { order, call, simulator } = await openBench();
    const resting = { type: "limit", limit_price: "60" };
    const day = await order(resting);
    const gtc = await order({ ...resting, time_in_force: "gtc" });
    simulator.setTime("2026-05-22T15:00:00Z");
    expect((await call("GET", `/v2/orders/${day.body.id}`)).body).toMatchObject({
      status: "expired",
      expired_at: expect.stringMatching(/^2026-05-21T20:00:00/),
    });
    expect((await call("GET", `/v2/orders/${gtc.body.id}`)).body.status).toBe("new");
    simulator.advance(91 * 86_400_000);
    expect((await call("GET", `/v2/orders/${gtc.body.id}`)).body.status).toBe("expired");
  });

  test("an early close ends the day early", async () => {
    const { order, call, simulator } = await openBench({
      startAt: Date.parse("2026-11-27T17:00Z"),
    });
    const day = await order({ type: "limit", limit_price: "60" });
    simulator.setTime("2026-11-27T18:00:00Z");
    const after = await call("GET", `/v2/orders/${day.body.id}`);
    expect(after.body.status).toBe("expired");
  });

  test("a day that is said to open at midnight trades before dawn", async () => {
    const calendar = { "2026-05-21": { open: "00:00", close: "23:59" } };
    const startAt = Date.parse("2026-05-21T04:30:00Z");
    const { order, call, simulator } = await openBench({ startAt, calendar });
    expect(simulator.clock().phase).toBe("core");
    const placed = await order();
    expect((await call("GET", `/v2/orders/${placed.body.id}`)).body.status).toBe("filled");
  });

  test("a pair trades around the clock, and its position is closed then too", async () => {
    const { order, call, simulator } = await openBench({
      ...{ startAt: EVENING, prices: { "BTC/USD": "100" } },
    });
    const placed = await order({ symbol: "BTC/USD", qty: "0.5", time_in_force: "gtc" });
    expect((await call("GET", `/v2/orders/${placed.body.id}`)).body.status).toBe("filled");
    const closed = await call("DELETE", "/v2/positions/BTCUSD");
    expect(closed.body).toMatchObject({ side: "sell", time_in_force: "gtc" });
    await call("GET", "/v2/positions");
    expect(simulator.positions()).toEqual([]);
  });

  test("extended hours orders trade before the open and after the close", async () => {
    const { order, call, simulator } = await openBench({ startAt: EVENING });
    const fields = { type: "limit", limit_price: "70", extended_hours: true };
    const placed = await order(fields);
    simulator.setPrice("TQQQ", "69");
    const after = await call("GET", `/v2/orders/${placed.body.id}`);
    expect(after.body.status).toBe("filled");
  });

  test("auction orders trade at the open and at the close", async () => {
    const { order, call, simulator } = await openBench({ startAt: EVENING + 2 * 3_600_000 });
    const atOpen = await order({ time_in_force: "opg" });
    const missed = await order({ time_in_force: "opg", type: "limit", limit_price: "60" });
    simulator.setTime("2026-05-21T14:00:00Z");
    const status = async (id: string) => (await call("GET", `/v2/orders/${id}`)).body.status;
    expect(await status(atOpen.body.id)).toBe("filled");
    expect(await status(missed.body.id)).toBe("expired");
    const atClose = await order({ time_in_force: "cls" });
    simulator.setPrice("TQQQ", "70");
    expect(await status(atClose.body.id)).toBe("accepted");
    simulator.setTime("2026-05-21T20:00:00Z");
    expect(await status(atClose.body.id)).toBe("filled");
  });
});

describe("the clock", () => {
  test("is what every answer tells, its HTTP date included", async () => {
    const { call, simulator } = await openBench();
    simulator.setTime("2026-11-20T20:40:40.123Z");
    const clock = await call("GET", "/v2/clock");
    expect(clock.body).toEqual({
      timestamp: "2026-11-20T15:40:40.123000000-05:00",
      is_open: true,
      next_open: "2026-11-23T09:30:00-05:00",
      next_close: "2026-11-20T16:00:00-05:00",
    });
    expect(clock.headers.get("date")).toBe("Fri, 20 Nov 2026 20:40:40 GMT");
    const versionThree = await call("GET", "/v3/clock?markets=NYSE,NASDAQ");
    expect(versionThree.body.clocks).toMatchObject([
      { market: { acronym: "NYSE" }, phase: "core", is_market_day: true },
      { market: { acronym: "NASDAQ" } },
    ]);
    expect((await call("GET", "/v3/clock?markets=MOON")).status).toBe(422);
  });

  test("goes forward, and back only by force", async () => {
    const { call } = await openBench();
    const advanced = await call("POST", "/sim/clock", { advanceMs: 1500 });
    expect(advanced.body).toEqual({
      now: "2026-05-21T14:00:01.500000000Z",
      epochMs: Date.parse("2026-05-21T14:00:01.500Z"),
      phase: "core",
    });
    const back = await call("POST", "/sim/clock", { now: "2026-05-21T13:00:00Z" });
    expect(back.status).toBe(400);
    const forced = await call("POST", "/sim/clock", { now: "2026-05-21T13:00:00Z", force: true });
    expect(forced.body).toMatchObject({ now: "2026-05-21T13:00:00.000000000Z", phase: "pre" });
    const epoch = await call("POST", "/sim/clock", { now: Date.parse("2026-05-23T13:00:00Z") });
    expect(epoch.body.phase).toBe("closed");
  });

  test.each([
    [{ advanceMs: -1 }, /advanceMs|advance/],
    [{ now: "soon" }, /now/],
    [{ later: 5 }, /expected/],
  ])("refuses %j by name", async (body, message) => {
    const { call } = await openBench();
    const refused = await call("POST", "/sim/clock", body);
    expect(refused.status).toBe(400);
    expect(refused.body.message).toMatch(message);
  });
});

describe("the calendar", () => {
  test.each(["05:00:00Z", "08:59:59Z", "09:00:00Z", "20:00:00Z"])(
    "opens a day as early as it is overruled to, also before the pre-market: at %s",
    async (time) => {
      const calendar = { "2026-11-21": { open: "00:00", close: "23:59" } };
      const startAt = Date.parse(`2026-11-21T${time}`);
      const { simulator } = await openBench({ startAt, calendar });
      expect(simulator.clock().phase).toBe("core");
    },
  );

  const days = async (range: string) => {
    const { call } = await openBench();
    const answer = await call("GET", `/v2/calendar?${range}`);
    return answer.body as { date: string; open: string; close: string }[];
  };

  test.each([
    ["2016", 252, ["2016-11-25"]],
    ["2017", 251, ["2017-07-03", "2017-11-24"]],
    ["2018", 251, ["2018-07-03", "2018-11-23", "2018-12-24"]],
    ["2019", 252, ["2019-07-03", "2019-11-29", "2019-12-24"]],
    ["2020", 253, ["2020-11-27", "2020-12-24"]],
    ["2021", 252, ["2021-11-26"]],
    ["2022", 251, ["2022-11-25"]],
    ["2023", 250, ["2023-07-03", "2023-11-24"]],
    ["2024", 252, ["2024-07-03", "2024-11-29", "2024-12-24"]],
    ["2025", 250, ["2025-07-03", "2025-11-28", "2025-12-24"]],
    ["2026", 251, ["2026-11-27", "2026-12-24"]],
    ["2027", 251, ["2027-11-26"]],
  ])("of %s has its trading days and early closes", async (year, count, earlyCloses) => {
    const calendar = await days(`start=${year}-01-01&end=${year}-12-31`);
    const early = calendar.filter((day) => day.close === "13:00").map((day) => day.date);
    expect(early).toEqual(earlyCloses);
    expect(calendar).toHaveLength(count);
  });

  test("leaves out the holidays of the exchange", async () => {
    const open = new Set((await days("start=2025-01-01&end=2027-12-31")).map((day) => day.date));
    const holidays = [
      ...["2025-01-01", "2025-01-09", "2025-01-20", "2025-02-17", "2025-04-18", "2025-05-26"],
      ...["2025-06-19", "2025-07-04", "2025-09-01", "2025-11-27", "2025-12-25"],
      ...["2026-01-01", "2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25", "2026-06-19"],
      ...["2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25"],
      ...["2027-01-01", "2027-01-18", "2027-02-15", "2027-03-26", "2027-05-31", "2027-06-18"],
      ...["2027-07-05", "2027-09-06", "2027-11-25", "2027-12-24"],
    ];
    expect(holidays.filter((day) => open.has(day))).toEqual([]);
  });

  test("shows a day with its sessions and its settlement", async () => {
    expect(await days("start=2026-11-27&end=2026-11-27")).toEqual([
      {
        date: "2026-11-27",
        open: "09:30",
        close: "13:00",
        session_open: "0400",
        session_close: "1700",
        settlement_date: "2026-11-30",
      },
    ]);
  });

  test("goes back a long time without a range", async () => {
    const history = await days("");
    expect(history.length).toBeGreaterThan(14_000);
    expect(history[0]?.date).toBe("1970-01-02");
  });

  test("can be overruled for single days", async () => {
    const calendar = { "2026-05-21": null, "2026-05-22": { open: "10:00", close: "12:00" } };
    const { call, order } = await openBench({ calendar });
    const answer = await call("GET", "/v2/calendar?start=2026-05-21&end=2026-05-22");
    expect(answer.body).toMatchObject([{ date: "2026-05-22", open: "10:00", close: "12:00" }]);
    expect((await order()).body.status).toBe("accepted");
  });

  test("is open from the first minute of a day that is overruled so", async () => {
    const calendar = { "2026-05-23": { open: "00:00", close: "23:59" } };
    const startAt = Date.parse("2026-05-23T04:00:00Z");
    const { call, order } = await openBench({ calendar, startAt });
    expect((await call("GET", "/v2/clock")).body.is_open).toBe(true);
    expect((await order()).body.status).toBe("pending_new");
  });

  test("is there in the third version", async () => {
    const { call } = await openBench();
    const answer = await call("GET", "/v3/calendar/NYSE?start=2026-11-27&end=2026-11-27");
    expect(answer.body).toMatchObject({
      market: { acronym: "NYSE", timezone: "America/New_York" },
      calendar: [
        {
          date: "2026-11-27",
          core_start: "2026-11-27T09:30:00-05:00",
          core_end: "2026-11-27T13:00:00-05:00",
        },
      ],
    });
    expect((await call("GET", "/v3/calendar/MOON")).status).toBe(422);
  });
});
