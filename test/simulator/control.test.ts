import { describe, expect, test } from "vitest";
import { type SimulatorOptions, startSimulator } from "../../src/simulator/index.ts";
import { unusedPort } from "../unused-port.ts";
import { openBench } from "./simulator-bench.ts";

const POSITION = { symbol: "SPY", quantity: "1", averagePrice: "500" };

describe("the control surface", () => {
  test("sets prices as text or as JSON numbers of any length", async () => {
    const { call, order, simulator } = await openBench();
    await call("POST", "/sim/prices", '{"TQQQ":75.333333333333333333333333,"SPY":"500"}');
    await order();
    expect(simulator.orders()).toMatchObject([{ filled_avg_price: "75.333333333333333333333333" }]);
  });

  test("sets positions that no order explains", async () => {
    const { call } = await openBench();
    const one = { symbol: "SQQQ", quantity: "-5", averagePrice: "20" };
    const set = await call("POST", "/sim/positions", one);
    expect(set.body).toMatchObject([{ symbol: "SQQQ", qty: "-5", side: "short" }]);
    const flat = await call("POST", "/sim/positions", [{ ...one, quantity: "0" }]);
    expect(flat.body).toEqual([]);
    expect((await call("GET", "/sim/positions")).body).toEqual([]);
  });

  test("takes a pair as positions write it, and has one position of it", async () => {
    const { call } = await openBench({ prices: { "BTC/USD": "100" } });
    const pair = { symbol: "BTC/USD", quantity: "0.5", averagePrice: "100" };
    await call("POST", "/sim/positions", pair);
    const [shown] = (await call("GET", "/v2/positions")).body;
    expect(shown).toMatchObject({ symbol: "BTCUSD", qty: "0.5" });
    const again = { ...pair, symbol: shown.symbol, quantity: "0.4" };
    await call("POST", "/sim/positions", again);
    await call("POST", "/sim/prices", { BTCUSD: "110" });
    expect((await call("GET", "/v2/positions")).body).toMatchObject([
      { symbol: "BTCUSD", qty: "0.4", current_price: "110" },
    ]);
  });

  test("shows orders of every status with their legs", async () => {
    const { call, order } = await openBench();
    await order();
    const bracket = { order_class: "oto", stop_loss: { stop_price: "60" } };
    await order({ ...bracket, type: "limit", limit_price: "70" });
    const orders = await call("GET", "/sim/orders");
    expect(orders.body).toMatchObject([
      { status: "filled" },
      { status: "new", legs: [{ status: "held" }] },
      { status: "held" },
    ]);
  });

  test("starts over with the first options, and with others where they are given", async () => {
    const { call, order, simulator } = await openBench({ cash: "1000" });
    await order({ client_order_id: "mine" });
    simulator.addFaults([{ match: {}, fault: { kind: "drop" } }]);
    const changes = {
      now: "2026-06-01T14:00:00Z",
      positions: [{ symbol: "SPY", quantity: "2", averagePrice: "500" }],
      prices: { SPY: "510" },
      seed: 2,
    };
    expect((await call("POST", "/sim/reset", changes)).status).toBe(204);
    expect(simulator.requests()).toEqual([]);
    expect(simulator.orders()).toEqual([]);
    expect(simulator.faults()).toEqual([]);
    expect(simulator.clock().now).toBe("2026-06-01T14:00:00.000000000Z");
    expect(simulator.positions()).toMatchObject([{ symbol: "SPY", market_value: "1020" }]);
    const account = await call("GET", "/v2/account");
    expect(account.body.cash).toBe("1000");
    expect((await order({ symbol: "SPY", client_order_id: "mine" })).status).toBe(200);
    expect((await call("POST", "/sim/reset")).status).toBe(204);
    expect(simulator.clock().now).toBe("2026-05-21T14:00:00.000000000Z");
  });

  test.each([
    ["/sim/prices", { TQQQ: "cheap" }, /TQQQ.*not a decimal.*"cheap"/],
    ["/sim/prices", { TQQQ: "0" }, /TQQQ.*greater than zero/],
    ["/sim/prices", { "not a symbol": "1" }, /not a symbol/],
    ["/sim/prices", "{", /not JSON/],
    ["/sim/faults", "{", /not JSON/],
    ["/sim/faults", {}, /rules/],
    [
      "/sim/positions",
      { symbol: "SPY", quantity: "1" },
      /^averagePrice: expected an amount, such as 75.33 \(received nothing\)$/,
    ],
    ["/sim/positions", [POSITION, { ...POSITION, qty: "2" }], /^1: Unrecognized key: "qty"/],
    ["/sim/positions", { ...POSITION, quantity: "few" }, /^quantity: not a decimal number/],
    ["/sim/positions", '"SPY"', /^input: expected an object \(received "SPY"\)$/],
    ["/sim/reset", { money: "1" }, /money/],
    ["/sim/reset", { cash: "lots" }, /cash.*"lots"/],
    ["/sim/reset", { startAt: "noon" }, /^startAt: expected a time, such as 2026-05-21T13:30:00Z/],
    ["/sim/reset", { seed: "x" }, /^seed: expected a whole number \(received "x"\)$/],
    ["/sim/bars", { qqq: [] }, /^qqq: not a stock's symbol \(received \[\]\)$/],
    ["/sim/fills", { orderId: "x", quantity: "0" }, /quantity/],
    ["/sim/assets", { symbol: "SPY", fun: true }, /fun/],
  ])("refuses %s %j by name and changes nothing", async (path, body, message) => {
    const { call, simulator } = await openBench();
    const refused = await call("POST", path, body);
    expect(refused.status).toBe(400);
    expect(refused.body.message).toMatch(message);
    expect(simulator.positions()).toEqual([]);
  });
});

describe("starting the simulator", () => {
  test("on a port in use names the host and the port", async () => {
    const { simulator } = await openBench();
    const second = startSimulator({ port: simulator.port });
    await expect(second).rejects.toMatchObject({
      code: "port_unavailable",
      message: `cannot listen on 127.0.0.1 port ${simulator.port}`,
      cause: { code: "EADDRINUSE" },
    });
  });

  test.each([
    [{ cash: "lots" }, /cash.*"lots"/],
    [{ keyId: "alone" }, /keyId and secret/],
    [{ port: 70_000 }, /port/],
    [{ prices: { TQQQ: "-1" } }, /prices\.TQQQ/],
    [{ pairFee: "1" }, /pairFee/],
    [{ pairFee: "some" }, /pairFee/],
    [{ colour: "red" }, /colour/],
  ])("with %j is refused by name", async (options, message) => {
    const started = startSimulator(options as SimulatorOptions);
    await expect(started).rejects.toMatchObject({ code: "invalid_option" });
    await expect(started).rejects.toThrow(message);
  });

  test("gives the same ids for the same seed", async () => {
    const ids = async (seed: number) => {
      const { order, simulator } = await openBench({ seed });
      await order();
      return simulator.orders().map(({ id, client_order_id: name }) => [id, name]);
    };
    expect(await ids(3)).toEqual(await ids(3));
    expect(await ids(3)).not.toEqual(await ids(4));
  });

  test("frees its port when it is closed, and may be closed twice", async () => {
    const port = await unusedPort();
    const { simulator } = await openBench({ port });
    await simulator.close();
    await simulator.close();
    const again = await startSimulator({ port });
    expect(again.port).toBe(port);
    await again.close();
  });
});
