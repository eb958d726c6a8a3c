import { describe, expect, test } from "vitest";
import { RequestLog } from "../../src/simulator/request-log.ts";
import { KEYS, openBench } from "./simulator-bench.ts";

describe("the request log", () => {
  test("tells every request in order, with what was sent and what was answered", async () => {
    const { call, order, simulator } = await openBench();
    const placed = await order({ qty: 3, client_order_id: "mine" });
    simulator.advance(1000);
    await call("DELETE", `/v2/orders/${placed.body.id}`);
    await call("GET", "/v2/orders?status=all&symbols=A&symbols=B");
    expect((await call("GET", "/sim/requests")).body).toEqual([
      {
        sequence: 1,
        time: "2026-05-21T14:00:00.000000000Z",
        method: "POST",
        path: "/v2/orders",
        query: {},
        body: {
          ...{ symbol: "TQQQ", qty: 3, side: "buy", type: "market" },
          ...{ time_in_force: "day", client_order_id: "mine" },
        },
        answered: { status: 200, body: placed.body },
      },
      {
        sequence: 2,
        time: "2026-05-21T14:00:01.000000000Z",
        method: "DELETE",
        path: `/v2/orders/${placed.body.id}`,
        query: {},
        answered: {
          status: 422,
          body: { code: 42210000, message: 'order is already in "filled" state' },
        },
      },
      {
        sequence: 3,
        time: "2026-05-21T14:00:01.000000000Z",
        method: "GET",
        path: "/v2/orders",
        query: { status: "all", symbols: "A,B" },
        answered: { status: 200, body: [] },
      },
    ]);
  });

  test("tells of requests that were turned away or unknown", async () => {
    const { call, simulator } = await openBench();
    await call("GET", "/v2/account", undefined, {});
    await call("GET", "/v2/nothing");
    await call("POST", "/v2/orders", "not json");
    expect(simulator.requests()).toMatchObject([
      { path: "/v2/account", answered: { status: 401 } },
      { path: "/v2/nothing", answered: { status: 404 } },
      { body: "not json", answered: { status: 400 } },
    ]);
  });

  test("says nothing of control requests", async () => {
    const { call, simulator } = await openBench();
    await call("POST", "/sim/prices", { TQQQ: "76" });
    await call("GET", "/sim/nothing");
    expect(simulator.requests()).toEqual([]);
  });

  test("forgets the oldest beyond its bound and goes on counting", () => {
    const log = new RequestLog(2);
    for (const path of ["/a", "/b", "/c"]) log.arrived({ method: "GET", path, query: {} }, 0);
    log.answered(1, { status: 200 });
    expect(log.all().map(({ sequence, path }) => [sequence, path])).toEqual([
      [2, "/b"],
      [3, "/c"],
    ]);
  });
});

describe("the rate limit", () => {
  test("is told by headers, counted in simulated minutes", async () => {
    const { call, simulator } = await openBench();
    const remaining = async () => {
      const { headers } = await call("GET", "/v2/clock");
      return headers.get("x-ratelimit-remaining");
    };
    expect([await remaining(), await remaining()]).toEqual(["199", "198"]);
    simulator.advance(60_000);
    const { headers } = await call("GET", "/v2/clock");
    expect(headers.get("x-ratelimit-remaining")).toBe("199");
    expect(headers.get("x-ratelimit-limit")).toBe("200");
    expect(headers.get("x-ratelimit-reset")).toBe(String(Date.parse("2026-05-21T14:02Z") / 1000));
  });

  test("is enforced when asked for, and the refused order is not placed", async () => {
    const { call, order, simulator } = await openBench({ rateLimitPerMinute: 2 });
    await call("GET", "/v2/clock");
    await call("GET", "/v2/clock");
    simulator.advance(45_000);
    const refused = await order();
    expect(refused).toMatchObject({
      status: 429,
      body: { code: 42910000, message: "rate limit exceeded" },
    });
    expect(refused.headers.get("retry-after")).toBe("15");
    expect(simulator.orders()).toEqual([]);
    simulator.advance(15_000);
    expect((await order()).status).toBe(200);
  });
});

describe("account, configuration and assets", () => {
  test("know no day traders, as Alpaca's do since July 2026", async () => {
    const { call } = await openBench();
    const { body } = await call("GET", "/v2/account");
    expect(Object.keys(body).filter((name) => /day_?trad/.test(name))).toEqual([]);
    const path = "/v2/account/configurations";
    expect((await call("PATCH", path, { pdt_check: "both" })).status).toBe(422);
  });

  test("are there under their own addresses", async () => {
    const accountId = "0b5c9c3e-1111-4222-8333-944445555666";
    const { call } = await openBench({ accountId, allowShorting: false });
    const account = await call("GET", "/v2/account");
    expect(account.body).toMatchObject({
      id: accountId,
      status: "ACTIVE",
      shorting_enabled: false,
    });
    const configurations = await call("GET", "/v2/account/configurations", undefined, KEYS);
    expect(configurations.body).toMatchObject({ no_shorting: true, fractional_trading: true });
    const assets = await call("GET", "/v2/assets");
    const symbols = assets.body.map((asset: { symbol: string }) => asset.symbol);
    expect(symbols).toEqual(["TQQQ", "SQQQ", "QQQ", "SPY", "AAPL"]);
  });

  test("know every symbol that has a price, and its flags", async () => {
    const { call, simulator } = await openBench();
    expect((await call("GET", "/v2/assets/BRK.B")).status).toBe(404);
    simulator.setPrice("BRK.B", "480");
    simulator.setAsset("BRK.B", { fractionable: false, shortable: false });
    const asset = await call("GET", "/v2/assets/BRK.B");
    expect(asset.body).toMatchObject({
      ...{ symbol: "BRK.B", class: "us_equity", status: "active" },
      ...{ tradable: true, fractionable: false, shortable: false },
    });
    expect((await call("GET", `/v2/assets/${asset.body.id}`)).body.symbol).toBe("BRK.B");
  });
});
