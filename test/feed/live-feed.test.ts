import { describe, expect, test } from "vitest";
import { FlooredClock } from "../../src/core/floored-clock.ts";
import type { Fault } from "../../src/simulator/index.ts";
import { type FeedWorld, MINUTE, minutes, OPEN, openFeedWorld, UP } from "./feed-world.ts";

const AT_0932 = OPEN + 2 * MINUTE;

/** From 09:32 on, with two minutes behind it and its stream up. */
async function running(bars: NonNullable<Parameters<typeof openFeedWorld>[0]>["bars"]) {
  const world = await openFeedWorld({ startAt: AT_0932, prices: {}, bars });
  const symbols = Object.keys(bars ?? {});
  const feed = world.follow(symbols);
  expect(await feed.take(1)).toEqual(["session 2026-05-21"]);
  const first = feed.take(2 * symbols.length);
  await world.logged(UP);
  await world.advance(4_000);
  expect((await first).every((item) => item.endsWith("past"))).toBe(true);
  return { world, feed };
}

function fault({ simulator }: FeedWorld, kind: Fault, times = 1): void {
  const isRead = kind.kind === "refuse" || kind.kind === "drop" || kind.kind.startsWith("bars_");
  const match = isRead ? { method: "GET" as const, path: "/v2/stocks/bars" } : {};
  simulator.addFaults([{ match, fault: kind, times }]);
}

describe("a live feed", () => {
  test("gives what a start in mid-session has missed, then each minute, in the order of symbols", async () => {
    const bars = { QQQ: minutes(5), TQQQ: minutes(5) };
    const world = await openFeedWorld({ startAt: AT_0932 + 10_000, prices: {}, bars });
    const feed = world.follow(["TQQQ", "QQQ"]);
    expect(await feed.take(5)).toEqual([
      "session 2026-05-21",
      "TQQQ 09:30 100 past",
      "QQQ 09:30 100 past",
      "TQQQ 09:31 101 past",
      "QQQ 09:31 101 past",
    ]);
    const live = feed.take(2);
    await world.logged(UP);
    await world.advance(50_000);
    expect(await live).toEqual(["TQQQ 09:32 102", "QQQ 09:32 102"]);
  });

  test("reads within seconds what the stream has lost, and goes on in order", async () => {
    const { world, feed } = await running({ QQQ: minutes(8) });
    fault(world, { kind: "bar_lost" });
    const lost = feed.take(1);
    await world.advance(MINUTE);
    expect(await lost).toEqual(["QQQ 09:32 102"]);
    fault(world, { kind: "bar_repeated" });
    await world.advance(56_000);
    expect(await feed.take(1)).toEqual(["QQQ 09:33 103"]);
    fault(world, { kind: "bar_late", delayMs: 61_000 });
    const late = feed.take(2);
    await world.advance(2 * MINUTE);
    expect(await late).toEqual(["QQQ 09:34 104", "QQQ 09:35 105"]);
  });

  test("does not wait for a minute in which a symbol did not trade", async () => {
    const { world, feed } = await running({ QQQ: minutes(6), SPY: minutes(6, [2]) });
    const items = feed.take(5);
    await world.advance(2 * MINUTE);
    expect(await items).toEqual([
      "QQQ 09:32 102",
      "stale: no bar of SPY for 90 s",
      "QQQ 09:33 103",
      "resumed",
      "SPY 09:33 103",
    ]);
  });

  test("stops entries after 90 s without a bar, fills the gap, and says when it has resumed", async () => {
    const { world, feed } = await running({ QQQ: minutes(12) });
    fault(world, { kind: "data_stream_silent", durationMs: 5 * MINUTE });
    fault(world, { kind: "refuse", status: 503, message: "service unavailable" }, 1_000);
    const stale = feed.take(1);
    await world.advance(90_000);
    expect(await stale).toEqual(["stale: no bar of QQQ for 90 s"]);
    await world.advance(150_000);
    world.simulator.clearFaults();
    const filled = feed.take(5);
    await world.advance(16_000);
    expect(await filled).toEqual([
      "filled QQQ 09:32 to 09:34: 3",
      "QQQ 09:32 102 past",
      "QQQ 09:33 103 past",
      "QQQ 09:34 104 past",
      "resumed",
    ]);
    expect(await feed.take(1)).toEqual(["QQQ 09:35 105"]);
  });

  test("gives a bar behind minutes that cannot be read, with entries stopped", async () => {
    const { world, feed } = await running({ QQQ: minutes(8) });
    fault(world, { kind: "bar_lost" });
    fault(world, { kind: "drop" }, 1_000);
    const items = feed.take(4);
    await world.advance(3 * MINUTE);
    expect(await items).toEqual([
      "stale: no bar of QQQ for 90 s",
      "QQQ 09:33 103",
      "resumed",
      "QQQ 09:34 104",
    ]);
    await world.logged("minutes are lost");
  });

  test("gives the newest bar though it is late, so that exits go on, and stops entries", async () => {
    const { world, feed } = await running({ QQQ: minutes(8) });
    fault(world, { kind: "data_stream_silent", durationMs: 10 * MINUTE });
    fault(world, { kind: "bars_lag", lagMs: 40_000 }, 1_000);
    const late = feed.take(2);
    await world.advance(110_000);
    expect(await late).toEqual(["stale: no bar of QQQ for 90 s", "QQQ 09:32 102"]);
  });

  test("gives the newest bar behind a gap though nothing has traded since, so that exits go on", async () => {
    const { world, feed } = await running({ QQQ: minutes(12, [5, 6, 7]) });
    fault(world, { kind: "data_stream_silent", durationMs: 10 * MINUTE });
    fault(world, { kind: "refuse", status: 503, message: "service unavailable" }, 1_000);
    const stale = feed.take(1);
    await world.advance(90_000);
    expect(await stale).toEqual(["stale: no bar of QQQ for 90 s"]);
    await world.advance(170_000);
    world.simulator.clearFaults();
    const items = feed.take(4);
    await world.advance(16_000);
    expect(await items).toEqual([
      "filled QQQ 09:32 to 09:33: 2",
      "QQQ 09:32 102 past",
      "QQQ 09:33 103 past",
      "QQQ 09:34 104",
    ]);
  });

  test("gives each bar where the clock is a minute ahead, so that exits go on, and stops entries", async () => {
    const world = await openFeedWorld({
      ...{ startAt: AT_0932, clockAheadMs: 70_000, prices: {}, bars: { QQQ: minutes(8) } },
    });
    const feed = world.follow();
    const items = feed.take(7);
    await world.logged(UP);
    await world.advance(4 * MINUTE);
    expect(await items).toEqual([
      "session 2026-05-21",
      "QQQ 09:30 100 past",
      "QQQ 09:31 101 past",
      // By its own clock it began behind that minute.
      "QQQ 09:32 102 past",
      "stale: no bar of QQQ for 90 s",
      "QQQ 09:33 103",
      "QQQ 09:34 104",
    ]);
  });

  test("gives no bar of minutes ago as one of the present where the clock is behind", async () => {
    const bars = { QQQ: minutes(8) };
    const startAt = AT_0932 + 30_000;
    const world = await openFeedWorld({ startAt, clockAheadMs: -130_000, prices: {}, bars });
    const items = world.follow().take(5);
    await world.logged(UP);
    await world.advance(90_000);
    expect(await items).toEqual([
      "session 2026-05-21",
      "QQQ 09:30 100 past",
      "QQQ 09:31 101 past",
      "QQQ 09:32 102",
      "QQQ 09:33 103",
    ]);
    const told = world.records.find(({ behindMs }) => behindMs !== undefined);
    expect(told).toMatchObject({ msg: "the clock is behind that of market data" });
    expect(Number(told?.behindMs)).toBeCloseTo(130_000, -4);
  });

  test("begins with the open by the clock of market data where its own is behind", async () => {
    const bars = { QQQ: minutes(6) };
    const startAt = OPEN - 5 * MINUTE;
    const world = await openFeedWorld({ startAt, clockAheadMs: -10 * MINUTE, prices: {}, bars });
    const items = world.follow().take(3);
    await world.logged("the market is closed; waiting for its open");
    await world.advance(5 * MINUTE);
    await world.logged(UP);
    await world.advance(2 * MINUTE);
    expect(await items).toEqual(["session 2026-05-21", "QQQ 09:30 100", "QQQ 09:31 101"]);
  });

  test("gives no minute that is not over", async () => {
    const { world, feed } = await running({ QQQ: minutes(8) });
    fault(world, { kind: "bar_lost" });
    fault(world, { kind: "bars_unfinished" }, 1_000);
    const items = feed.take(2);
    await world.advance(2 * MINUTE);
    expect(await items).toEqual(["QQQ 09:32 102", "QQQ 09:33 103"]);
  });

  test("makes a stream anew that is silent while bars are read", async () => {
    const { world, feed } = await running({ QQQ: minutes(12) });
    fault(world, { kind: "data_stream_silent", durationMs: 4 * MINUTE });
    const read = feed.take(3);
    await world.advance(3 * MINUTE);
    expect(await read).toEqual(["QQQ 09:32 102", "QQQ 09:33 103", "QQQ 09:34 104"]);
    await world.logged("the stream of bars is silent while bars are read: it is made anew");
    await world.advance(1_000);
    await world.logged(UP);
  });

  test("waits for the open, and ends with the session: early closes are the calendar's", async () => {
    const calendar = { "2026-05-21": { open: "09:30", close: "09:33" } };
    const bars = { QQQ: minutes(6) };
    const world = await openFeedWorld({ startAt: OPEN - 5 * MINUTE, prices: {}, bars, calendar });
    const feed = world.follow();
    expect(await feed.take(1)).toEqual(["session 2026-05-21"]);
    const items = feed.take(4);
    await world.advance(4 * MINUTE);
    await world.logged(UP);
    await world.advance(4 * MINUTE);
    expect(await items).toEqual(["QQQ 09:30 100", "QQQ 09:31 101", "QQQ 09:32 102", "over"]);
  });

  test("begins with the open though the machine has slept while it waited", async () => {
    const bars = { QQQ: minutes(6) };
    const world = await openFeedWorld({ startAt: OPEN - 180 * MINUTE, prices: {}, bars });
    // What waits counts only the time in which the machine is awake.
    const clock = new FlooredClock(world.clock);
    const feed = world.follow(["QQQ"], clock);
    expect(await feed.take(1)).toEqual(["session 2026-05-21"]);
    const items = feed.take(2);
    await world.logged("the market is closed; waiting for its open");
    world.simulator.advance(170 * MINUTE);
    clock.raiseTo(world.simulator.now());
    await world.advance(10 * MINUTE);
    await world.logged(UP);
    await world.advance(2 * MINUTE);
    expect(await items).toEqual(["QQQ 09:30 100", "QQQ 09:31 101"]);
  });

  test("is not stale while the market is closed", async () => {
    const calendar = { "2026-05-21": { open: "09:30", close: "09:33" } };
    const world = await openFeedWorld({ startAt: AT_0932, prices: {}, calendar });
    const feed = world.follow();
    expect(await feed.take(1)).toEqual(["session 2026-05-21"]);
    const end = feed.take(1);
    await world.logged(UP);
    await world.advance(MINUTE);
    await world.advance(90_000);
    expect(await end).toEqual(["over"]);
  });
});

describe("a live feed that cannot begin", () => {
  test("says at once that its keys or its plan are refused", async () => {
    const world = await openFeedWorld({ startAt: OPEN - 60 * MINUTE, dataFeed: "sip" });
    await expect(world.follow().next()).rejects.toMatchObject({
      code: "feed_failed",
      message: expect.stringContaining("subscription does not permit querying recent SIP data"),
    });
  });

  test("says at once that the clock is too far behind that of market data to go by either", async () => {
    const world = await openFeedWorld({ startAt: AT_0932, clockAheadMs: -16 * MINUTE });
    await expect(world.follow().next()).rejects.toMatchObject({
      code: "clock_behind",
      message: expect.stringMatching(
        /^the clock shows 2026-05-21T13:16:.*Z, that of http.* 2026-05-21T13:32:.*Z$/,
      ),
    });
  });

  test("gives up after a minute in which the session so far could not be read", async () => {
    const world = await openFeedWorld({ startAt: AT_0932 + 5_000 });
    fault(world, { kind: "refuse", status: 500, message: "internal server error" }, 1_000);
    const feed = world.follow();
    expect(await feed.take(1)).toEqual(["session 2026-05-21"]);
    const failed = expect(feed.next()).rejects.toMatchObject({
      code: "feed_failed",
      message: expect.stringMatching(/^the session's bars cannot be read from http.*HTTP 500/),
    });
    await world.advance(96_000);
    await failed;
  });

  test("gives up after a minute in which the calendar could not be read", async () => {
    const world = await openFeedWorld({ startAt: AT_0932 });
    world.simulator.addFaults([
      { match: { path: "/v2/calendar" }, fault: { kind: "drop" }, times: 1_000 },
    ]);
    const failed = expect(world.follow().next()).rejects.toMatchObject({
      code: "feed_failed",
      message: "the market's calendar cannot be read",
    });
    await world.advance(70_000);
    await failed;
  });
});
