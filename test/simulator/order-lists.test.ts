import { describe, expect, test } from "vitest";
import { type Bench, type Body, openBench } from "./simulator-bench.ts";

const RESTING = { type: "limit", limit_price: "60", time_in_force: "gtc" };

/** Five orders a second apart: a filled one, then four resting ones. */
async function fiveOrders(): Promise<Bench & { ids: string[]; times: string[] }> {
  const bench = await openBench({ prices: { TQQQ: "75", SPY: "500" } });
  const placed: Body[] = [];
  const terms = [{}, RESTING, { ...RESTING, symbol: "SPY" }, RESTING, RESTING];
  for (const fields of terms) {
    placed.push((await bench.order(fields)).body);
    bench.simulator.advance(1000);
  }
  const ids = placed.map((order) => order.id);
  return { ...bench, ids, times: placed.map((order) => order.submitted_at) };
}

describe("the list of orders", () => {
  test.each([
    ["", [4, 3, 2, 1]],
    ["status=open&direction=asc", [1, 2, 3, 4]],
    ["status=closed", [0]],
    ["status=all", [4, 3, 2, 1, 0]],
    ["status=all&limit=2", [4, 3]],
    ["status=all&limit=2&direction=asc", [0, 1]],
    ["status=all&symbols=SPY", [2]],
    ["status=all&symbols=spy,TQQQ&direction=asc", [0, 1, 2, 3, 4]],
    ["status=all&side=sell", []],
    ["status=all&side=buy&limit=500", [4, 3, 2, 1, 0]],
  ])("for %j has the right orders in the right order", async (query, expected) => {
    const { call, ids } = await fiveOrders();
    const answer = await call("GET", `/v2/orders?${query}`);
    expect(answer.body.map((order: Body) => ids.indexOf(order.id))).toEqual(expected);
  });

  test("takes after and until as exclusive, to the nanosecond and with any offset", async () => {
    const { call, ids, times } = await fiveOrders();
    const found = async (query: Record<string, string>) => {
      const all = { status: "all", direction: "asc", ...query };
      const answer = await call("GET", `/v2/orders?${new URLSearchParams(all)}`);
      return answer.body.map((order: Body) => ids.indexOf(order.id));
    };
    expect(await found({ after: String(times[1]) })).toEqual([2, 3, 4]);
    expect(await found({ until: String(times[1]) })).toEqual([0]);
    expect(await found({ after: String(times[0]), until: String(times[3]) })).toEqual([1, 2]);
    expect(await found({ after: "2026-05-21T10:00:01.5-04:00" })).toEqual([2, 3, 4]);
    expect(await found({ after: "2026-05-21", until: "2026-05-22" })).toEqual([0, 1, 2, 3, 4]);
    expect(await found({ after_order_id: String(ids[2]) })).toEqual([3, 4]);
    expect(await found({ before_order_id: String(ids[2]) })).toEqual([0, 1]);
  });

  test("tells orders of one millisecond apart by their times", async () => {
    const { order, call } = await openBench();
    for (let count = 0; count < 10; count += 1) await order(RESTING);
    const all = await call("GET", "/v2/orders?direction=asc");
    const times = all.body.map((placed: Body) => placed.submitted_at);
    expect(new Set(times).size).toBe(10);
    expect([...times].sort()).toEqual(times);
  });

  test.each(["status=some", "direction=up", "limit=0", "limit=501", "limit=x", "after=noon"])(
    "refuses %s",
    async (query) => {
      const { call } = await openBench();
      const answer = await call("GET", `/v2/orders?${query}`);
      expect(answer).toMatchObject({ status: 422, body: { code: 42210000 } });
    },
  );

  test("pages through everything by submission time", async () => {
    const { order, call } = await openBench();
    for (let count = 0; count < 7; count += 1) await order(RESTING);
    const seen: string[] = [];
    for (let after = "2026-05-21"; ; ) {
      const query = new URLSearchParams({ limit: "3", direction: "asc", after });
      const page = (await call("GET", `/v2/orders?${query}`)).body as Body[];
      if (page.length === 0) break;
      seen.push(...page.map((placed) => placed.id));
      after = page.at(-1).submitted_at;
    }
    expect(new Set(seen).size).toBe(7);
  });
});

describe("one order", () => {
  test("is found by its id and by its client_order_id, colon escaped or not", async () => {
    const { order, call } = await openBench();
    const placed = await order({ client_order_id: "a b/ü" });
    const name = encodeURIComponent("a b/ü");
    for (const path of [
      `/v2/orders/${placed.body.id}`,
      `/v2/orders:by_client_order_id?client_order_id=${name}`,
      `/v2/orders%3Aby_client_order_id?client_order_id=${name}`,
    ]) {
      expect((await call("GET", path)).body.id).toBe(placed.body.id);
    }
  });

  test("gets a client_order_id from the server when the caller gave none", async () => {
    const { order } = await openBench();
    const first = await order();
    const second = await order({ client_order_id: null });
    expect(first.body.client_order_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.body.client_order_id).not.toBe(first.body.client_order_id);
  });

  test.each(["application/json", "text/plain", "application/x-www-form-urlencoded", ""])(
    "is placed whatever the Content-Type says: %j",
    async (type) => {
      const { call } = await openBench();
      const headers = {
        "APCA-API-KEY-ID": "k",
        "APCA-API-SECRET-KEY": "s",
        "Content-Type": type,
      };
      const terms = { symbol: "TQQQ", qty: 1, side: "buy", type: "market", time_in_force: "day" };
      expect((await call("POST", "/v2/orders", terms, headers)).status).toBe(200);
      expect((await call("DELETE", "/v2/orders", undefined, headers)).status).toBe(207);
    },
  );
});

describe("canceling", () => {
  test("answers 204 with an empty body, and the order is canceled thereafter", async () => {
    const { order, call } = await openBench();
    const placed = await order(RESTING);
    const answer = await call("DELETE", `/v2/orders/${placed.body.id}`);
    expect(answer).toMatchObject({ status: 204, text: "" });
    const after = await call("GET", `/v2/orders/${placed.body.id}`);
    expect(after.body).toMatchObject({
      status: "canceled",
      canceled_at: expect.stringMatching(/^2026/),
    });
  });

  test("all orders answers 207 with each order's status", async () => {
    const { call, ids } = await fiveOrders();
    const answer = await call("DELETE", "/v2/orders");
    expect(answer.status).toBe(207);
    const expected = ids.slice(1).map((id) => ({ id, status: 200, body: { id } }));
    expect(answer.body).toMatchObject(expected);
    expect((await call("GET", "/v2/orders")).body).toEqual([]);
  });
});

describe("replacing", () => {
  test("makes a new order and ends the old one", async () => {
    const { order, call } = await openBench();
    const old = await order({ ...RESTING, client_order_id: "old" });
    const patch = { qty: "2", limit_price: "61", client_order_id: "new" };
    const answer = await call("PATCH", `/v2/orders/${old.body.id}`, patch);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      replaces: old.body.id,
      client_order_id: "new",
      qty: "2",
      limit_price: "61",
      status: "pending_new",
    });
    expect((await call("GET", `/v2/orders/${old.body.id}`)).body).toMatchObject({
      status: "replaced",
      replaced_by: answer.body.id,
      replaced_at: expect.stringMatching(/^2026/),
    });
    expect((await call("GET", `/v2/orders/${answer.body.id}`)).body.status).toBe("new");
  });

  test("asks for the rest of what an order has filled in part", async () => {
    const { order, call, simulator } = await openBench({ scriptedFills: true });
    const old = await order({ ...RESTING, qty: "6" });
    simulator.fill({ orderId: old.body.id, quantity: "2", price: "60" });
    const few = await call("PATCH", `/v2/orders/${old.body.id}`, { qty: "2" });
    expect(few).toMatchObject({ status: 422, body: { message: "qty must be > filled_qty" } });
    const answer = await call("PATCH", `/v2/orders/${old.body.id}`, { limit_price: "61" });
    expect(answer.body).toMatchObject({ qty: "4", filled_qty: "0" });
  });

  test("refuses a used client_order_id and an order that has ended", async () => {
    const { order, call } = await openBench();
    const filled = await order({ client_order_id: "used" });
    const resting = await order(RESTING);
    const patch = { client_order_id: "used" };
    expect((await call("PATCH", `/v2/orders/${resting.body.id}`, patch)).body.code).toBe(40010001);
    const ended = await call("PATCH", `/v2/orders/${filled.body.id}`, { qty: "2" });
    expect(ended.body.message).toBe('order is already in "filled" state');
  });

  test("a sell that holds all shares is possible", async () => {
    const positions = [{ symbol: "TQQQ", quantity: "6", averagePrice: "70" }];
    const { order, call } = await openBench({ positions });
    const sell = await order({ side: "sell", qty: "6", type: "limit", limit_price: "90" });
    const answer = await call("PATCH", `/v2/orders/${sell.body.id}`, { limit_price: "91" });
    expect(answer.body).toMatchObject({ limit_price: "91", qty: "6" });
    expect((await call("PATCH", `/v2/orders/${answer.body.id}`, { qty: "7" })).status).toBe(403);
  });
});

describe("activities", () => {
  test("list fills without any client_order_id, in pages", async () => {
    const { order, call } = await openBench();
    for (const qty of ["1", "2", "3"]) await order({ qty, client_order_id: `mine-${qty}` });
    const first = await call("GET", "/v2/account/activities/FILL?page_size=2&direction=asc");
    expect(first.body).toMatchObject([
      { activity_type: "FILL", type: "fill", qty: "1", cum_qty: "1", leaves_qty: "0" },
      { qty: "2", price: "75.33", side: "buy", symbol: "TQQQ", order_status: "filled" },
    ]);
    expect(first.text).not.toContain("mine-");
    const token = encodeURIComponent(first.body[1].id);
    const path = `/v2/account/activities/FILL?page_size=2&direction=asc&page_token=${token}`;
    expect((await call("GET", path)).body).toMatchObject([{ qty: "3" }]);
    const newestFirst = await call("GET", "/v2/account/activities?activity_types=FILL");
    expect(newestFirst.body.map((fill: Body) => fill.qty)).toEqual(["3", "2", "1"]);
  });

  test("show the parts of an order with what was done and what is left", async () => {
    const { order, call, simulator } = await openBench({ scriptedFills: true });
    const placed = await order({ qty: "3" });
    simulator.fill({ orderId: placed.body.id, quantity: "1", price: "10" });
    simulator.fill({ orderId: placed.body.id, quantity: "2", price: "11" });
    const fills = await call("GET", "/v2/account/activities/FILL?direction=asc");
    expect(fills.body).toMatchObject([
      { type: "partial_fill", cum_qty: "1", leaves_qty: "2", order_status: "partially_filled" },
      { type: "fill", cum_qty: "3", leaves_qty: "0", order_id: placed.body.id },
    ]);
  });

  test("are chosen by order and by time, and refuse a page that is too large", async () => {
    const { order, call, simulator } = await openBench();
    const { id } = (await order()).body;
    simulator.advance(86_400_000);
    await order();
    const count = async (query: string) =>
      (await call("GET", `/v2/account/activities/FILL?${query}`)).body.length;
    expect(await count("date=2026-05-21")).toBe(1);
    expect(await count("after=2026-05-22T00:00:00Z")).toBe(1);
    expect(await count("until=2026-05-22T00:00:00Z")).toBe(1);
    expect(await count(`order_id=${id}`)).toBe(1);
    expect(await count(`order_id=${id}&after=2026-05-22T00:00:00Z`)).toBe(0);
    expect(await count("")).toBe(2);
    expect((await call("GET", "/v2/account/activities/DIV")).body).toEqual([]);
    expect((await call("GET", "/v2/account/activities/FILL?page_size=101")).status).toBe(422);
  });
});
