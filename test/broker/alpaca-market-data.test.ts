import { describe, expect, onTestFinished, test } from "vitest";
import { createAlpacaMarketData } from "../../src/broker/alpaca/alpaca-market-data.ts";
import { readBarsBody, readStreamedBar } from "../../src/broker/alpaca/wire-bar.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { type Fault, startSimulator } from "../../src/simulator/index.ts";

const MINUTE = 60_000;
const NOW = Date.parse("2026-05-21T14:00:00Z");
const LONG = 5_100;

async function open(count = 3) {
  const bars = Array.from({ length: count }, (_, index) => ({
    ...{ time: NOW - (count - index) * MINUTE, open: "500.05", high: "500.1" },
    ...{ low: "499.999", close: "500", volume: "1000" },
  }));
  const both = { QQQ: bars, SPY: bars };
  const broker = await startSimulator({ startAt: NOW, bars: both, keyId: "key", secret: "hidden" });
  onTestFinished(() => broker.close());
  const clock = new ManualClock(NOW);
  const data = createAlpacaMarketData({
    ...{ keyId: "key", secret: "hidden", clock, baseUrl: broker.url, dataFeed: "iex" as const },
    ...{ dataUrl: undefined, dataStreamUrl: undefined },
  });
  const query = { symbols: ["QQQ", "SPY"], from: NOW - count * MINUTE, until: NOW };
  const fault = (one: Fault) =>
    broker.addFaults([{ match: { path: "/v2/stocks/bars" }, fault: one }]);
  return { broker, clock, data, query, fault };
}

describe("reading bars", () => {
  test("gives them exactly, oldest first, over as many pages as it takes", async () => {
    const { broker, data, query } = await open(LONG);
    const reading = await data.bars(query);
    const value = reading.kind === "read" ? reading.value : [];
    expect(value).toHaveLength(2 * LONG);
    expect(value[0]).toEqual({
      ...{ symbol: "QQQ", startAt: query.from, open: "500.05", high: "500.1" },
      ...{ low: "499.999", close: "500", volume: "1000" },
    });
    const times = value.map(({ startAt }) => startAt);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(broker.requests()).toHaveLength(2);
  });

  test.each([
    ["a gateway's page", { kind: "html", status: 200, accept: true } as const, /cannot be read/],
    ["a page with 403", { kind: "html", status: 403, accept: false } as const, /HTTP 403/],
    ["a rate limit", { kind: "rate_limited" } as const, /HTTP 429/],
    ["a server's error", { kind: "accept_then_error", status: 500 } as const, /HTTP 500/],
    ["a connection that is cut", { kind: "drop" } as const, /./],
  ])("says nothing of bars after %s", async (_, what, reason) => {
    const { data, query, fault } = await open();
    fault(what);
    expect(await data.bars(query)).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(reason),
    });
  });

  test("is given up after five seconds", async () => {
    const { data, query, fault, clock, broker } = await open();
    fault({ kind: "accept_then_hang" });
    const reading = data.bars(query);
    while (broker.requests().length === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advanceTo(NOW + 5_000);
    expect(await reading).toEqual({ kind: "unknown", reason: "no answer within 5000 ms" });
  });

  test("is refused only in the broker's own words, and without the secret", async () => {
    const { data, query, fault } = await open();
    fault({ kind: "refuse", status: 403, message: "no such plan for hidden" });
    expect(await data.bars(query)).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/HTTP 403 .*: no such plan for \[redacted\]$/),
    });
  });
});

describe("a bar on the wire", () => {
  const ROW = '{"t":"2026-05-21T13:30:00Z","o":1.10,"h":2,"l":1,"c":1.5,"v":0,"n":3,"vw":1.2}';
  const page = (row: string) => `{"bars":{"QQQ":[${row}]},"next_page_token":null}`;

  test("keeps every digit that stood there", () => {
    expect(readBarsBody(page(ROW))).toMatchObject({
      bars: [{ open: "1.1", high: "2", low: "1", close: "1.5", volume: "0" }],
      nextPageToken: null,
    });
    expect(readBarsBody('{"bars":{},"next_page_token":"x"}')?.nextPageToken).toBe("x");
  });

  test.each([
    ["no price", ROW.replace("1.5", "null")],
    ["a price of nothing", ROW.replace("1.5", "0")],
    ["a price below zero", ROW.replace("1.5", "-1.5")],
    ["a time within a minute", ROW.replace("13:30:00Z", "13:30:10Z")],
    ["no time", ROW.replace("2026-05-21T13:30:00Z", "today")],
  ])("is not read with %s", (_, row) => {
    expect(readBarsBody(page(row))).toBeUndefined();
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0])("is not streamed with %d", (close) => {
    const bar = { symbol: "QQQ", timestamp: new Date(NOW), open: 1, high: 2, low: 1, volume: 5 };
    expect(readStreamedBar({ ...bar, close: 1.5 })).toMatchObject({ close: "1.5", volume: "5" });
    expect(readStreamedBar({ ...bar, close })).toBeUndefined();
  });
});
