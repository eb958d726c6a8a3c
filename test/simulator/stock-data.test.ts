import { Alpaca, streaming, TimeFrame, TimeFrameUnit, timeFrame } from "@alpacahq/alpaca-trade-api";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { ScriptedBar, Simulator } from "../../src/simulator/index.ts";
import { type Bench, IN_SESSION, openBench } from "./simulator-bench.ts";

const MINUTE = 60_000;
const HOST = "https://data.alpaca.markets";
const streams: streaming.StockDataStream[] = [];
const sockets: WebSocket[] = [];

afterEach(() => {
  for (const stream of streams.splice(0)) stream.disconnect();
  for (const socket of sockets.splice(0)) socket.terminate();
});

function bar(minute: number, prices: readonly [number, number, number, number]): ScriptedBar {
  const [open, high, low, close] = prices.map(String) as [string, string, string, string];
  return { time: IN_SESSION + minute * MINUTE, open, high, low, close, volume: "1001" };
}

function clientOf({ url }: Simulator, keyId = "key") {
  // The SDK's client knows one host of market data only.
  const fetchApi: typeof fetch = (address, init) => {
    if (!String(address).startsWith(HOST)) throw new Error(`not market data: ${address}`);
    return fetch(String(address).replace(HOST, url), init);
  };
  return new Alpaca({ keyId, secret: "secret", fetchApi, retry: false });
}

/** The SDK's own stream of stock data, and all that it tells, in order. */
function streamOf(simulator: Simulator, feed = "iex") {
  const url = `${simulator.url.replace("http", "ws")}/v2/${feed}`;
  const stream = clientOf(simulator).marketData.stockStream({ url, reconnect: false });
  streams.push(stream);
  const told: unknown[] = [];
  let wake = () => {};
  const tell = (one: unknown) => {
    told.push(one);
    wake();
  };
  stream.onBar((one) => tell([one.symbol, one.timestampRaw, one.close, one.volume]));
  stream.onTrade((one) => tell(["trade", one.symbol, one.price, one.id]));
  stream.onQuote((one) => tell(["quote", one.symbol, one.bidPrice, one.askPrice]));
  stream.onError((message) => tell(["error", message]));
  stream.onDisconnect(() => tell("gone"));
  stream.on(streaming.EVENT.SUBSCRIPTION, () => tell("subscribed"));
  const next = async () => {
    while (told.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return told.shift();
  };
  return { stream, next };
}

async function subscribed(simulator: Simulator, symbols: string[]) {
  const opened = streamOf(simulator);
  opened.stream.subscribeForBars(symbols);
  opened.stream.connect();
  expect(await opened.next()).toBe("subscribed");
  return opened;
}

async function barsAt({ call }: Bench, query: string) {
  const { status, body } = await call("GET", `/v2/stocks/bars?${query}`);
  return { status, body };
}

describe("historical bars", () => {
  test("are made of the prices that were set, minute by minute", async () => {
    const { simulator } = await openBench();
    simulator.setPrice("TQQQ", "75.4");
    simulator.advance(20_000);
    simulator.setPrice("TQQQ", "75.2");
    simulator.advance(40_000);
    simulator.setPrice("TQQQ", "75.5");
    const { marketData } = clientOf(simulator);
    const found = await marketData.getStockBars({
      symbols: "TQQQ,SQQQ",
      timeframe: TimeFrame.Minute,
    });
    expect(found).toMatchObject({
      TQQQ: [{ open: 75.33, high: 75.4, low: 75.2, close: 75.2, volume: 300, vwap: 75.31 }],
    });
    expect(Object.keys(found)).toEqual(["TQQQ"]);
  });

  test("come in pages that the SDK follows, symbol by symbol, in either order", async () => {
    const bars = [0, 1, 2].map((minute) => bar(minute - 5, [10, 12, 9, 11 + minute / 10]));
    const { simulator } = await openBench({ prices: {}, bars: { QQQ: bars, SPY: bars } });
    const { marketData } = clientOf(simulator);
    const asked = { symbols: "QQQ,SPY", timeframe: TimeFrame.Minute, limit: 2 } as const;
    const closes = (found: Record<string, readonly { close: number }[]>) =>
      Object.entries(found).map(([symbol, list]) => [symbol, list.map(({ close }) => close)]);
    expect(closes(await marketData.getStockBars(asked))).toEqual([
      ["QQQ", [11, 11.1, 11.2]],
      ["SPY", [11, 11.1, 11.2]],
    ]);
    expect(closes(await marketData.getStockBars({ ...asked, sort: "desc" }))).toEqual([
      ["QQQ", [11.2, 11.1, 11]],
      ["SPY", [11.2, 11.1, 11]],
    ]);
    const pages = simulator.requests().filter(({ path }) => path === "/v2/stocks/bars");
    expect(pages).toHaveLength(6);
    const single = await marketData.stocks.stockBarSingle({
      symbol: "SPY",
      timeframe: timeFrame(5, TimeFrameUnit.Minute),
    });
    expect(single.bars.map(({ o, h, l, c, v }) => [o, h, l, c, v])).toEqual([
      [10, 12, 9, 11.2, 3003],
    ]);
  });

  test("leave out what is not over, and keep to start and end", async () => {
    const bench = await openBench({
      bars: { QQQ: [-2, -1, 0].map((at) => bar(at, [5, 6, 4, 5])) },
    });
    bench.simulator.advance(30_000);
    const asked = "symbols=QQQ&timeframe=1Min&start=2026-05-21T13:59:00Z";
    const times = async (more = "") =>
      (await barsAt(bench, asked + more)).body.bars.QQQ.map(({ t }: { t: string }) => t);
    expect(await times()).toEqual(["2026-05-21T13:59:00Z"]);
    bench.simulator.addFaults([
      { match: { path: "/v2/stocks/bars" }, fault: { kind: "bars_unfinished" } },
    ]);
    expect(await times()).toEqual(["2026-05-21T13:59:00Z", "2026-05-21T14:00:00Z"]);
    bench.simulator.addFaults([{ match: {}, fault: { kind: "bars_lag", lagMs: 60_000 } }]);
    expect((await barsAt(bench, asked)).body).toEqual({ bars: {}, next_page_token: null });
  });

  test.each([
    ["symbols=&timeframe=1Min", 400, 'invalid symbols: ""'],
    ["symbols=QQQ&timeframe=7Weeks", 400, "invalid timeframe: 7Weeks"],
    ["symbols=QQQ&timeframe=1Min&limit=0", 400, "invalid limit: 0"],
    ["symbols=QQQ&timeframe=1Min&start=yesterday", 400, "invalid start: yesterday"],
    ["symbols=QQQ&timeframe=1Min&page_token=zzz", 400, "invalid page_token: zzz"],
    ["symbols=QQQ&timeframe=1Min&feed=moon", 400, "invalid feed: moon"],
    [
      "symbols=QQQ&timeframe=1Min&feed=sip",
      403,
      "subscription does not permit querying recent SIP data",
    ],
  ])("are refused for %s", async (query, status, message) => {
    expect(await barsAt(await openBench(), query)).toEqual({ status, body: { message } });
  });

  test("have a rate limit of their own", async () => {
    const bench = await openBench({ rateLimitPerMinute: 1 });
    expect((await barsAt(bench, "symbols=QQQ&timeframe=1Min")).status).toBe(200);
    expect((await bench.call("GET", "/v2/clock")).status).toBe(200);
    expect((await barsAt(bench, "symbols=QQQ&timeframe=1Min")).status).toBe(429);
  });
});

describe("the latest of a symbol", () => {
  test("is its last bar, trade and quote, for one and for many", async () => {
    const { simulator } = await openBench({ bars: { QQQ: [bar(-1, [5, 6, 4, 5.5])] } });
    const { stocks, getLatestPrice } = clientOf(simulator).marketData;
    expect((await stocks.stockLatestBarSingle({ symbol: "QQQ" })).bar).toMatchObject({ c: 5.5 });
    expect((await stocks.stockLatestBars({ symbols: "QQQ,TQQQ" })).bars).toMatchObject({
      QQQ: { h: 6 },
    });
    expect((await stocks.stockLatestQuoteSingle({ symbol: "TQQQ" })).quote).toMatchObject({
      bp: 75.32,
      ap: 75.34,
    });
    const { trades } = await stocks.stockLatestTrades({ symbols: "QQQ,TQQQ" });
    expect(Object.entries(trades).map(([symbol, { p }]) => [symbol, p])).toEqual([
      ["QQQ", 5.5],
      ["TQQQ", 75.33],
    ]);
    expect(typeof getLatestPrice).toBe("function");
  });
});

describe("the stream of stock data", () => {
  test("tells the SDK of each minute when it is over, and of trades and quotes", async () => {
    const { simulator } = await openBench({ prices: {} });
    const { stream, next } = await subscribed(simulator, ["QQQ"]);
    simulator.addBars("QQQ", [bar(0, [10, 12, 9, 11]), bar(1, [11, 12, 10, 10.5])]);
    simulator.advance(59_000);
    stream.subscribeForTrades(["SPY"]);
    stream.subscribeForQuotes(["SPY"]);
    expect([await next(), await next()]).toEqual(["subscribed", "subscribed"]);
    simulator.setPrice("SPY", "500");
    expect(await next()).toEqual(["trade", "SPY", 500, 1]);
    expect(await next()).toEqual(["quote", "SPY", 499.99, 500.01]);
    simulator.advance(61_000);
    expect(await next()).toEqual(["QQQ", "2026-05-21T14:00:00.000000000Z", 11, 1001]);
    expect(await next()).toEqual(["QQQ", "2026-05-21T14:01:00.000000000Z", 10.5, 1001]);
  });

  test("fills orders at the prices of the minutes that it tells of", async () => {
    const { simulator, order } = await openBench({ bars: { QQQ: [bar(0, [10, 12, 9, 11])] } });
    await order({ symbol: "QQQ", type: "limit", limit_price: "9.5" });
    simulator.advance(MINUTE);
    expect(simulator.orders()).toMatchObject([{ status: "filled", filled_avg_price: "9" }]);
  });

  test("speaks JSON to whoever does not ask for msgpack, and takes keys in headers", async () => {
    const { simulator } = await openBench();
    const url = `${simulator.url.replace("http", "ws")}/v2/iex`;
    const headers = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" };
    const socket = new WebSocket(url, { headers });
    sockets.push(socket);
    const frames: string[] = [];
    const heard = new Promise<void>((resolve) => {
      socket.on("message", (data, isBinary) => {
        expect(isBinary).toBe(false);
        if (frames.push(data.toString()) === 2) socket.send('{"action":"subscribe","bars":["*"]}');
        if (frames.length === 3) simulator.advance(MINUTE);
        if (frames.length === 4) resolve();
      });
    });
    await heard;
    expect(JSON.parse(frames[2] ?? "")[0]).toMatchObject({ T: "subscription", bars: ["*"] });
    expect(JSON.parse(frames[3] ?? "")).toEqual([
      {
        ...{ T: "b", S: "TQQQ", t: "2026-05-21T14:00:00Z", o: 75.33, h: 75.33, l: 75.33 },
        ...{ c: 75.33, v: 100, n: 1, vw: 75.33 },
      },
    ]);
  });

  test("turns away bad keys, a second connection, and a feed that the plan lacks", async () => {
    const { simulator } = await openBench({ keyId: "key", secret: "secret" });
    await subscribed(simulator, ["QQQ"]);
    const second = streamOf(simulator);
    second.stream.connect();
    expect(await second.next()).toEqual(["error", "connection limit exceeded"]);
    const sip = streamOf(simulator, "sip");
    sip.stream.connect();
    expect(await sip.next()).toEqual(["error", "insufficient subscription"]);
    const url = `${simulator.url.replace("http", "ws")}/v2/iex`;
    const wrong = clientOf(simulator, "other").marketData.stockStream({ url });
    wrong.connect();
    expect(await wrong.whenAuthenticated()).toMatchObject({ code: 402, authenticated: false });
  });

  test("loses, repeats and delays bars, falls silent and is cut, as rules say", async () => {
    const { simulator } = await openBench({
      ...{
        prices: {},
        bars: { QQQ: [0, 1, 2, 3, 4, 5, 6].map((at) => bar(at, [1, 9, 1, at + 1])) },
      },
    });
    const { next } = await subscribed(simulator, ["QQQ"]);
    const minute = (nth: number) => ({ match: { symbol: "QQQ", nth } });
    simulator.addFaults([
      { ...minute(1), fault: { kind: "bar_lost" } },
      { ...minute(2), fault: { kind: "bar_repeated" } },
      { ...minute(3), fault: { kind: "bar_late", delayMs: 70_000 } },
      { ...minute(5), fault: { kind: "data_stream_silent", durationMs: MINUTE } },
      { ...minute(7), fault: { kind: "data_stream_cut", heldMs: 90_000 } },
    ]);
    for (let at = 0; at < 7; at += 1) simulator.advance(MINUTE);
    const told: unknown[] = [];
    for (let one = await next(); one !== "gone"; one = await next()) told.push(one);
    expect(told.map((one) => (one as unknown[])[2])).toEqual([2, 2, 4, 3, 6]);
    const again = streamOf(simulator);
    again.stream.connect();
    expect(await again.next()).toEqual(["error", "connection limit exceeded"]);
    simulator.advance(90_000);
    await subscribed(simulator, ["QQQ"]);
    expect(simulator.dataConnections()).toBe(1);
    simulator.cutStreams("data");
    expect(simulator.dataConnections()).toBe(0);
  });
});
