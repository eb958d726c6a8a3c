import { describe, expect, test } from "vitest";
import { openBench } from "./simulator-bench.ts";

const LONG = { positions: [{ symbol: "TQQQ", quantity: "23", averagePrice: "70" }] };
const SHORT = { positions: [{ symbol: "TQQQ", quantity: "-6", averagePrice: "70" }] };
const RESTING_BUY = { type: "limit", limit_price: "60", qty: "1" };
const RESTING_SELL = { type: "limit", side: "sell", limit_price: "90" };

function exits(takeProfit: string, stop: string) {
  return { take_profit: { limit_price: takeProfit }, stop_loss: { stop_price: stop } };
}

describe("the broker refuses an order in Alpaca's words when", () => {
  test("its client_order_id was used before, also after a cancel, and for other terms", async () => {
    const { order, call } = await openBench();
    const first = await order({ ...RESTING_BUY, client_order_id: "one" });
    const refusal = { code: 40010001, message: "client_order_id must be unique" };
    expect(await order({ client_order_id: "one" })).toMatchObject({ status: 422, body: refusal });
    expect((await call("DELETE", `/v2/orders/${first.body.id}`)).status).toBe(204);
    expect(await order({ client_order_id: "one" })).toMatchObject({ status: 422, body: refusal });
  });

  test("its client_order_id was used before, also after a fill and on another day", async () => {
    const { order, simulator } = await openBench();
    await order({ client_order_id: "one" });
    simulator.advance(5 * 86_400_000);
    const again = await order({ client_order_id: "one" });
    expect(again).toMatchObject({ status: 422, body: { code: 40010001 } });
  });

  test("a working sell holds the shares", async () => {
    const { order } = await openBench(LONG);
    const holding = await order({ ...RESTING_SELL, qty: "23" });
    const refused = await order({ side: "sell", qty: "23" });
    expect(refused.status).toBe(403);
    expect(refused.body).toEqual({
      code: 40310000,
      message: "insufficient qty available for order (requested: 23, available: 0)",
      symbol: "TQQQ",
      existing_qty: "23",
      held_for_orders: "23",
      available: "0",
      related_orders: [holding.body.id],
    });
  });

  test("it would sell through zero", async () => {
    const { order } = await openBench(LONG);
    const refused = await order({ side: "sell", qty: "24" });
    expect(refused).toMatchObject({ status: 403, body: { available: "23", held_for_orders: "0" } });
  });

  test("it would buy more than the short position", async () => {
    const { order } = await openBench(SHORT);
    const refused = await order({ qty: "7" });
    expect(refused).toMatchObject({
      status: 403,
      body: {
        code: 40310000,
        message: "insufficient qty available for order (requested: 7, available: 6)",
        existing_qty: "-6",
      },
    });
  });

  test("it closes what is flat", async () => {
    const { order } = await openBench();
    expect(await order({ side: "sell", position_intent: "sell_to_close" })).toMatchObject({
      status: 422,
      body: {
        code: 42210000,
        message: "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
      },
    });
    const cover = await order({ side: "buy", position_intent: "buy_to_close" });
    expect(cover.body.message).toBe(
      "position intent mismatch, inferred: buy_to_open, specified: buy_to_close",
    );
  });

  test("it closes before its entry has filled", async () => {
    const { order } = await openBench();
    await order(RESTING_BUY);
    const refused = await order({ side: "sell", position_intent: "sell_to_close" });
    expect(refused.body.message).toContain("position intent mismatch");
  });

  test("it is a sell while flat of what cannot be borrowed", async () => {
    const { order, simulator } = await openBench();
    simulator.setAsset("TQQQ", { shortable: false });
    const body = { code: 42210000, message: 'asset "TQQQ" cannot be sold short' };
    expect(await order({ side: "sell" })).toMatchObject({ status: 422, body });
  });

  test("it is a fractional sell while flat", async () => {
    const { order } = await openBench();
    expect(await order({ side: "sell", qty: "0.5" })).toMatchObject({
      status: 422,
      body: { code: 42210000, message: "fractional orders cannot be sold short" },
    });
  });

  test("shorting is off", async () => {
    const { order } = await openBench({ allowShorting: false });
    expect(await order({ side: "sell" })).toMatchObject({
      status: 403,
      body: { code: 40310000, message: "account is not allowed to short" },
    });
  });

  test("it would open a short while a long buy is working, and the other way round", async () => {
    const { order, call } = await openBench();
    const buy = await order(RESTING_BUY);
    expect(await order({ side: "sell", type: "limit", limit_price: "90" })).toMatchObject({
      status: 403,
      body: {
        code: 40310000,
        message: "cannot open a short sell while a long buy order is open",
      },
    });
    await call("DELETE", `/v2/orders/${buy.body.id}`);
    await order({ side: "sell", type: "limit", limit_price: "90" });
    expect((await order(RESTING_BUY)).body.message).toBe(
      "cannot open a long buy while a short sell order is open",
    );
  });

  test("it could trade against the account's own order", async () => {
    const { order } = await openBench(LONG);
    const existing = await order({ ...RESTING_SELL, qty: "5" });
    expect(await order()).toMatchObject({
      status: 403,
      body: {
        code: 40310000,
        message: "potential wash trade detected. use complex orders",
        existing_order_id: existing.body.id,
      },
    });
    expect((await order({ type: "limit", limit_price: "90" })).status).toBe(403);
    expect((await order({ type: "limit", limit_price: "89.99" })).status).toBe(200);
  });

  test("it costs more than the buying power", async () => {
    const { order } = await openBench({ cash: "150" });
    expect((await order({ qty: "1" })).status).toBe(200);
    expect(await order({ qty: "1" })).toMatchObject({
      status: 403,
      body: {
        code: 40310000,
        message: "insufficient buying power",
        buying_power: "74.67",
        cost_basis: "75.33",
      },
    });
  });

  test("its asset is not fractionable, or not tradable, or unknown", async () => {
    const { order, simulator } = await openBench();
    simulator.setAsset("BRK.A", { fractionable: false });
    simulator.setAsset("GONE", { tradable: false });
    expect(await order({ symbol: "BRK.A", qty: "0.1" })).toMatchObject({
      status: 403,
      body: { code: 40310000, message: 'asset "BRK.A" is not fractionable' },
    });
    expect((await order({ symbol: "GONE" })).body.message).toBe('asset "GONE" is not tradable');
    expect(await order({ symbol: "NOSUCH" })).toMatchObject({
      status: 422,
      body: { code: 42210000, message: 'asset "NOSUCH" not found' },
    });
  });

  test.each([
    ["qty must be > 0", { qty: 0 }],
    ["qty must be > 0", { qty: "-1" }],
    ["qty increment must be at most 9 decimal places", { qty: "0.1234567891" }],
    ["qty increment must be at most 9 decimal places", { qty: 0.30000000000000004 }],
    ["invalid qty: six", { qty: "six" }],
    ["qty or notional is required", { qty: null }],
    ["only one of qty or notional is accepted", { qty: "1", notional: "10" }],
    ["notional must be > 0", { notional: "0" }],
    ["notional value must be limited to 2 decimal places", { notional: "10.001" }],
    ["symbol is required", { symbol: "" }],
    ["side is required", { side: null }],
    ["invalid side: hold", { side: "hold" }],
    ["invalid type: iceberg", { type: "iceberg" }],
    ["invalid time_in_force: week", { time_in_force: "week" }],
    ["invalid position_intent: buy", { position_intent: "buy" }],
    ["limit orders require a limit price", { type: "limit" }],
    ["market orders must not have a limit price", { limit_price: "70" }],
    ["stop orders require a stop price", { type: "stop" }],
    ["trailing stop orders require either trail price or trail percent", { type: "trailing_stop" }],
    [
      "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria",
      { type: "limit", limit_price: "290.123" },
    ],
    [
      "invalid limit_price 0.12345. sub-penny increment does not fulfill minimum pricing criteria",
      { type: "limit", limit_price: "0.12345" },
    ],
    ["fractional orders must be DAY orders", { qty: "0.5", time_in_force: "gtc" }],
    ["extended hours order must be DAY or GTC limit orders", { extended_hours: true }],
    ["bracket orders require take_profit.limit_price", { order_class: "bracket" }],
    ["mleg orders require 2 to 4 legs", { order_class: "mleg" }],
    ["client_order_id must be no more than 128 characters", { client_order_id: "x".repeat(129) }],
  ])("its terms do not fit: %s", async (message, fields) => {
    const { order } = await openBench();
    const refused = await order(fields);
    expect(refused.body).toEqual({ code: 42210000, message });
    expect(refused.status).toBe(422);
  });

  test.each(["day", "opg", "cls"])("it is for a pair, and %s", async (time_in_force) => {
    const { order } = await openBench({ prices: { "BTC/USD": "100" } });
    const refusal = { code: 42210000, message: "invalid crypto time_in_force" };
    expect((await order({ symbol: "BTCUSD", time_in_force })).body).toEqual(refusal);
    const taken = { symbol: "BTCUSD", time_in_force: "gtc", qty: "0.5" };
    expect((await order({ ...taken, type: "limit", limit_price: "99.123" })).status).toBe(200);
  });

  test("it sells more of a pair than its fee has left of what was bought", async () => {
    const { order, simulator } = await openBench({ prices: { "BTC/USD": "100" } });
    const pair = { symbol: "BTC/USD", time_in_force: "gtc", qty: "0.5" };
    expect((await order(pair)).status).toBe(200);
    simulator.advance(1_000);
    expect(simulator.orders()).toMatchObject([{ status: "filled", filled_qty: "0.5" }]);
    expect(simulator.positions()).toMatchObject([{ qty: "0.49875", avg_entry_price: "100" }]);
    const refused = await order({ ...pair, side: "sell" });
    const message = "insufficient balance for BTC (requested: 0.5, available: 0.49875)";
    expect(refused).toMatchObject({ status: 403, body: { code: 40310000, message } });
    expect((await order({ ...pair, side: "sell", qty: "0.49875" })).status).toBe(200);
  });

  test("it sells a pair that is not held, which nobody can sell short", async () => {
    const { order } = await openBench({ prices: { "BTC/USD": "100" } });
    const sell = { symbol: "BTC/USD", side: "sell", time_in_force: "gtc" };
    const message = "insufficient balance for BTC (requested: 0.5, available: 0)";
    expect(await order({ ...sell, qty: "0.5" })).toMatchObject({
      status: 403,
      body: { code: 40310000, message, available: "0", balance: "0", symbol: "USD" },
    });
    expect((await order({ ...sell, qty: "1" })).status).toBe(403);
  });

  test.each([
    ["invalid order type for crypto order", { type: "stop", stop_price: "90" }],
    ["invalid order type for crypto order", { type: "trailing_stop", trail_price: "5" }],
    [
      "crypto orders not allowed for advanced order_class: otoco",
      { order_class: "bracket", ...exits("110", "90") },
    ],
    [
      "crypto orders not allowed for advanced order_class: oto",
      { order_class: "oto", stop_loss: { stop_price: "90" } },
    ],
  ])("it is for a pair: %s", async (message, fields) => {
    const { order } = await openBench({ prices: { "BTC/USD": "100" } });
    const refused = await order({ symbol: "BTC/USD", time_in_force: "gtc", ...fields });
    expect(refused).toMatchObject({ status: 422, body: { code: 42210000, message } });
  });

  test("it is a bracket that would end a position, or an oco that would begin one", async () => {
    const held = await openBench(LONG);
    const bracket = { order_class: "bracket", side: "sell", ...exits("70", "80") };
    expect(await held.order(bracket)).toMatchObject({
      status: 422,
      body: { code: 42210000, message: "bracket orders must be entry orders" },
    });
    const flat = await openBench();
    const oco = { order_class: "oco", side: "sell", type: "limit", ...exits("80", "70") };
    expect(await flat.order(oco)).toMatchObject({
      status: 422,
      body: { code: 42210000, message: "oco orders must be exit orders" },
    });
  });

  const TAKE_PROFIT = "take_profit.limit_price must be";
  const STOP_LOSS = "stop_loss.stop_price must be";
  const AT_70 = { type: "limit", limit_price: "70" };

  test.each([
    ["a take-profit", {}, exits("75.33", "60"), `${TAKE_PROFIT} >= base_price + 0.01`, "75.33"],
    ["a stop", {}, exits("90", "75.33"), `${STOP_LOSS} <= base_price - 0.01`, "75.33"],
    ["a stop at a limit", AT_70, exits("80", "72"), `${STOP_LOSS} <= base_price - 0.01`, "70"],
    [
      "a short's stop",
      { side: "sell" },
      exits("60", "75.33"),
      `${STOP_LOSS} >= base_price + 0.01`,
      "75.33",
    ],
    [
      "a short's take-profit",
      { side: "sell" },
      exits("76", "90"),
      `${TAKE_PROFIT} <= base_price - 0.01`,
      "75.33",
    ],
  ])(
    "the exit of its bracket is on the wrong side: %s",
    async (_exit, entry, legs, ...expected) => {
      const [message, base_price] = expected;
      const { order } = await openBench();
      const body = { code: 42210000, message, base_price };
      const refused = await order({ order_class: "bracket", ...entry, ...legs });
      expect(refused).toMatchObject({ status: 422, body });
    },
  );

  test.each([
    ["market", exits("90", "80"), "75.33"],
    ["take-profit", exits("60", "65"), "60"],
  ])("the stop of its oco is above the %s", async (_what, legs, base_price) => {
    const { order } = await openBench(LONG);
    const oco = { order_class: "oco", side: "sell", type: "limit", ...legs };
    const body = { code: 42210000, message: `${STOP_LOSS} <= base_price - 0.01`, base_price };
    expect(await order(oco)).toMatchObject({ status: 422, body });
  });

  test("an auction order comes too late for its auction", async () => {
    const { order } = await openBench();
    const refused = await order({ time_in_force: "opg" });
    expect(refused.body.message).toBe(
      "opg orders must be submitted after 7:00pm and before 9:28am",
    );
    expect((await order({ time_in_force: "cls" })).status).toBe(200);
  });
});

describe("a refused order", () => {
  test("leaves no trace and its client_order_id free", async () => {
    const { order, call, simulator } = await openBench({ cash: "100" });
    expect((await order({ qty: "5", client_order_id: "one" })).status).toBe(403);
    expect(simulator.orders()).toEqual([]);
    const lookup = await call("GET", "/v2/orders:by_client_order_id?client_order_id=one");
    expect(lookup).toMatchObject({ status: 404, body: { code: 40410000 } });
    expect((await order({ qty: "1", client_order_id: "one" })).status).toBe(200);
  });
});

describe("the broker refuses", () => {
  test("to cancel an order that has filled or was canceled", async () => {
    const { order, call } = await openBench();
    const filled = await order();
    expect(await call("DELETE", `/v2/orders/${filled.body.id}`)).toMatchObject({
      status: 422,
      body: { code: 42210000, message: 'order is already in "filled" state' },
    });
    const resting = await order(RESTING_BUY);
    await call("DELETE", `/v2/orders/${resting.body.id}`);
    const again = await call("DELETE", `/v2/orders/${resting.body.id}`);
    expect(again.body.message).toBe('order is already in "canceled" state');
  });

  test("to replace an order that waits for the open", async () => {
    const { order, call, simulator } = await openBench();
    simulator.setTime("2026-05-21T22:00:00Z");
    const queued = await order(RESTING_BUY);
    const refused = await call("PATCH", `/v2/orders/${queued.body.id}`, { qty: "2" });
    expect(refused).toMatchObject({
      status: 422,
      body: { code: 42210000, message: "cannot replace order in accepted status" },
    });
  });

  test.each([
    ["GET", "/v2/positions/TQQQ", "position does not exist"],
    ["DELETE", "/v2/positions/TQQQ", "position does not exist"],
    ["GET", "/v2/orders/none", "order not found for none"],
    ["DELETE", "/v2/orders/none", "order not found for none"],
    ["PATCH", "/v2/orders/none", "order not found for none"],
    ["GET", "/v2/assets/TQQQ-USD-x", "asset not found for TQQQ-USD-x"],
  ])("%s %s as not found", async (method, path, message) => {
    const { call } = await openBench();
    expect(await call(method, path)).toMatchObject({
      status: 404,
      body: { code: 40410000, message },
    });
  });

  test("a path that it does not know, without a code", async () => {
    const { call } = await openBench();
    const answer = await call("GET", "/v2/options/contracts");
    expect(answer).toMatchObject({ status: 404, body: { message: "Not Found" } });
  });

  test("a body that is not JSON, and one that is too large", async () => {
    const { call, simulator } = await openBench();
    expect(await call("POST", "/v2/orders", "{no json")).toMatchObject({
      status: 400,
      body: { code: 40010000 },
    });
    const large = await call("POST", "/v2/orders", "x".repeat(1024 * 1024 + 1));
    expect(large.status).toBe(413);
    expect(simulator.requests().map((request) => request.answered)).toMatchObject([
      { status: 400 },
      { status: 413 },
    ]);
  });

  test("a body that is a nest without a bottom, and the log of it", async () => {
    const { call, simulator } = await openBench();
    const symbols = `${"[".repeat(60_000)}${"]".repeat(60_000)}`;
    const body = `{"name":"tech","symbols":${symbols}}`;
    for (const path of ["/v2/watchlists", "/v2/orders"]) {
      expect((await call("POST", path, body)).status).toBe(400);
    }
    const shown = await call("GET", "/sim/requests");
    expect(shown.status).toBe(200);
    expect(simulator.requests().map(({ body }) => body)).toEqual([body, body]);
  });
});

describe("credentials", () => {
  const body = { message: "unauthorized." };

  test("must be there, in either form", async () => {
    const { call } = await openBench();
    expect(await call("GET", "/v2/account", undefined, {})).toMatchObject({ status: 401, body });
    const half = { "APCA-API-KEY-ID": "key" };
    expect((await call("GET", "/v2/account", undefined, half)).status).toBe(401);
    const bearer = { Authorization: "Bearer token" };
    expect((await call("GET", "/v2/account", undefined, bearer)).status).toBe(200);
  });

  test("must be the configured ones", async () => {
    const { call } = await openBench({ keyId: "key", secret: "right" });
    expect(await call("GET", "/v2/account")).toMatchObject({ status: 401, body });
    const right = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "right" };
    expect((await call("GET", "/v2/account", undefined, right)).status).toBe(200);
  });
});
