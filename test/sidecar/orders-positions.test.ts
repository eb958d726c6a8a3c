import { describe, expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "./orders-world.ts";

const DELETE = { method: "DELETE" } as const;
/** 09:29 in New York. */
const BEFORE_OPEN = Date.parse("2026-05-21T13:29:00Z");
const OPEN_IN_MS = 65_000;
const TQQQ = { ...DELETE, path: "/v2/positions/TQQQ" };

/** As a broker would answer that does not nest legs. */
function withoutLegs(answer: Response): Response {
  const body = new ReadableStream({
    async start(controller) {
      const text = (await answer.text()).replace(/"legs":\[.*?\}\]/g, '"legs":null');
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
  return new Response(answer.status === 204 ? null : body, answer);
}

describe("closing a position by its own route", () => {
  test("sells all of it once, by an order of ours, in the shape that clients expect", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const first = await world.send(sidecar, "", TQQQ);
    expect(first).toMatchObject({ status: 200, body: { side: "sell", qty: "6" } });
    expect(first.body.client_order_id).toMatch(/^tl-/);
    await world.advance(5_000);
    const again = await world.send(sidecar, "", TQQQ);
    expect(again).toMatchObject({ status: 200, body: { id: first.body.id, status: "filled" } });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(world.posts()).toHaveLength(1);
  });

  test("answers in Alpaca's words when there is nothing to close", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const answer = await world.send(sidecar, "", TQQQ);
    const body = { code: 40410000, message: "position does not exist" };
    expect(answer).toMatchObject({ status: 404, body });
    expect(world.posts()).toEqual([]);
  });

  test("knows it by the asset's id too, as the same action", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const assetId = world.simulator.positions()[0]?.asset_id ?? "";
    const byAsset = { ...DELETE, path: `/v2/positions/${assetId.toUpperCase()}` };
    const first = await world.send(sidecar, "", byAsset);
    expect(first).toMatchObject({ status: 200, body: { symbol: "TQQQ", side: "sell", qty: "6" } });
    expect((await world.send(sidecar, "", TQQQ)).body).toMatchObject({ id: first.body.id });
    await world.advance(5_000);
    expect((await world.send(sidecar, "", byAsset)).body).toMatchObject({ id: first.body.id });
    expect(world.posts()).toHaveLength(1);
  });

  test("tells an asset that the broker does not know from one that cannot be read", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const assetId = "00000000-0000-4000-8000-000000000000";
    const unknown = { ...DELETE, path: `/v2/positions/${assetId}` };
    const answer = await world.send(sidecar, "", unknown);
    const message = `asset not found for ${assetId}`;
    expect(answer).toMatchObject({ status: 404, body: { code: 40410000, message } });
    world.simulator.addFaults([
      {
        match: { method: "GET", path: "/v2/assets/*" },
        fault: { kind: "html", status: 404, accept: false },
        times: 1,
      },
    ]);
    const unread = await world.send(sidecar, "", unknown);
    expect(unread.status).toBe(409);
    expect(unread.body.message).toContain(assetId);
    expect(unread.headers.get("retry-after")).not.toBeNull();
    expect(world.posts()).toEqual([]);
  });

  test("sells half only once when half is asked for twice in a row", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const half = { ...DELETE, path: "/v2/positions/TQQQ?percentage=50" };
    const first = await world.send(sidecar, "", half);
    expect(first.body).toMatchObject({ qty: "3" });
    await world.advance(5_000);
    expect((await world.send(sidecar, "", half)).body).toMatchObject({ id: first.body.id });
    expect(world.simulator.positions()).toMatchObject([{ qty: "3" }]);
  });

  test.each([
    ["shares that are not divided", "TQQQ", "7", "3"],
    ["contracts", "AAPL250620C00100000", "3", "1"],
    ["a fraction", "TQQQ", "7.5", "3.75"],
  ])("sells half of %s as the broker's own route does", async (_, symbol, quantity, half) => {
    const held = { positions: [{ symbol, quantity, averagePrice: "5" }] };
    const world = await openOrderWorld({ ...held, prices: { [symbol]: "5" } });
    world.simulator.setAsset(symbol, { fractionable: quantity.includes(".") });
    const sidecar = await world.open();
    const path = `/v2/positions/${symbol}?percentage=50`;
    const answer = await world.send(sidecar, "", { ...DELETE, path });
    expect(answer).toMatchObject({ status: 200, body: { side: "sell", qty: half } });
  });

  test("sells a contract that a split has changed, by its own name", async () => {
    const symbol = "AAPL1250620C00100000";
    const held = { positions: [{ symbol, quantity: "3", averagePrice: "5" }] };
    const world = await openOrderWorld({ ...held, prices: { [symbol]: "5" } });
    const sidecar = await world.open();
    const answer = await world.send(sidecar, "", { ...DELETE, path: `/v2/positions/${symbol}` });
    expect(answer).toMatchObject({ status: 200, body: { symbol, side: "sell", qty: "3" } });
  });

  test("of which half is less than one share is refused in the broker's words, and nothing is sent", async () => {
    const held = { positions: [{ symbol: "TQQQ", quantity: "1", averagePrice: "70" }] };
    const world = await openOrderWorld(held);
    const sidecar = await world.open();
    const half = { ...DELETE, path: "/v2/positions/TQQQ?percentage=50" };
    const refusal = { code: 42210000, message: "qty must be > 0" };
    const own = { error: "part_too_small", message: expect.stringContaining("50% of 1 TQQQ") };
    const body = { ...refusal, tradelatch: own };
    expect(await world.send(sidecar, "", half)).toMatchObject({ status: 422, body });
    expect(world.posts()).toEqual([]);
    expect(await sidecar.started.latch.claims()).toMatchObject({ claims: [] });
    expect(await sidecar.started.latch.incidents()).toEqual([]);
    await world.advance(5_000);
    expect(await world.send(sidecar, "", TQQQ)).toMatchObject({ status: 200, body: { qty: "1" } });
  });

  test("is the same action as an equal sell of so many shares", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const first = await world.send(sidecar, "", { ...DELETE, path: "/v2/positions/TQQQ?qty=6" });
    const second = await world.send(sidecar, SELL);
    expect(second.body).toMatchObject({ id: first.body.id });
    expect(world.posts()).toHaveLength(1);
  });

  test("buys a short position back", async () => {
    const short = { positions: [{ symbol: "TQQQ", quantity: "-6", averagePrice: "70" }] };
    const world = await openOrderWorld(short);
    const sidecar = await world.open();
    const answer = await world.send(sidecar, "", { ...DELETE, path: "/v2/positions/TQQQ?qty=2" });
    expect(answer.body).toMatchObject({ side: "buy", qty: "2", position_intent: "buy_to_close" });
  });

  test.each([
    ["qty=0", 422],
    ["percentage=101", 422],
    ["percentage=abc", 422],
    ["qty=1&percentage=5", 422],
    ["qty=1&qty=2", 422],
    ["percentage=50&percentage=50", 422],
    ["qty=7", 403],
  ])("refuses %s and sends nothing", async (query, status) => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const answer = await world.send(sidecar, "", { ...TQQQ, path: `${TQQQ.path}?${query}` });
    expect(answer.status).toBe(status);
    expect(world.posts()).toEqual([]);
  });

  test.each([
    ["percentage=150", 'percentage is "150": expected a number above 0 and up to 100'],
    ["percentage=", 'percentage is "": expected a number above 0 and up to 100'],
    ["qty=-6", 'qty is "-6": expected a number above zero'],
  ])("names what is wrong with %s as it was sent", async (query, message) => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const answer = await world.send(sidecar, "", { ...TQQQ, path: `${TQQQ.path}?${query}` });
    expect(answer.body).toMatchObject({ message, tradelatch: { error: "invalid_intent" } });
  });

  test("says that the outcome is unknown when the answer is lost, and sells once", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    world.fault({ kind: "accept_then_drop" });
    const answers = await world.insist(sidecar, "", TQQQ);
    expect(answers.at(-1)).toMatchObject({ status: 200, body: { qty: "6" } });
    expect(world.posts()).toHaveLength(1);
  });
});

describe("a position that a fill has just made, which nobody has told the book of", () => {
  const LIMIT = { ...ORDER, type: "limit", limit_price: "70" } as const;

  test("is closed with all the others", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    await world.send(sidecar, LIMIT);
    await world.advance(60_000);
    world.simulator.setPrice("TQQQ", "69");
    const answer = await world.send(sidecar, "", { ...DELETE, path: "/v2/positions" });
    expect(answer.body).toMatchObject([{ symbol: "TQQQ", status: 200, body: { qty: "6" } }]);
  });

  test("is not told to be none while the orders at work cannot be read", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    await world.send(sidecar, LIMIT);
    await world.advance(60_000);
    world.simulator.setPrice("TQQQ", "69");
    const match = { method: "GET", path: "/v2/orders*" } as const;
    const fault = { kind: "html", status: 502, accept: false } as const;
    world.simulator.addFaults([{ match, fault, times: 20 }]);
    const answer = await world.send(sidecar, "", { ...DELETE, path: "/v2/positions" });
    expect(answer).toMatchObject({
      status: 409,
      body: { tradelatch: { error: "order_not_taken" } },
    });
  });

  test("is closed on its own side where a number of shares is asked for", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open({ allowShort: true });
    await world.send(sidecar, { ...SELL, type: "limit", limit_price: "80" });
    await world.advance(60_000);
    world.simulator.setPrice("TQQQ", "81");
    const answer = await world.send(sidecar, "", { ...DELETE, path: "/v2/positions/TQQQ?qty=6" });
    expect(answer).toMatchObject({ status: 200, body: { side: "buy", qty: "6" } });
  });
});

describe("closing all positions", () => {
  const ALL = { ...DELETE, path: "/v2/positions?cancel_orders=True" };

  test("under one Idempotency-Key closes every one of them, and each once", async () => {
    const spy = { symbol: "SPY", quantity: "2", averagePrice: "400" };
    const world = await openOrderWorld({ positions: [...HELD.positions, spy] });
    const sidecar = await world.open();
    const request = { ...DELETE, path: "/v2/positions", headers: { "Idempotency-Key": "flat-1" } };
    const answer = await world.send(sidecar, "", request);
    expect(answer.body).toMatchObject([
      { symbol: "SPY", status: 200, body: { qty: "2" } },
      { symbol: "TQQQ", status: 200, body: { qty: "6" } },
    ]);
    expect((await world.send(sidecar, "", request)).body).toEqual([]);
    await world.advance(5_000);
    expect(world.simulator.positions()).toEqual([]);
    expect(world.posts()).toHaveLength(2);
  });

  test("says of one that no order can be in that it was not closed, and closes the others", async () => {
    const right = { symbol: "003CVR016", quantity: "5", averagePrice: "1" };
    const world = await openOrderWorld({ positions: [right, ...HELD.positions] });
    const sidecar = await world.open();
    const answer = await world.send(sidecar, "", { ...DELETE, path: "/v2/positions" });
    expect(answer).toMatchObject({
      status: 207,
      body: [
        { symbol: "003CVR016", status: 422, body: { tradelatch: { error: "invalid_intent" } } },
        { symbol: "TQQQ", status: 200, body: { qty: "6", side: "sell" } },
      ],
    });
    await world.advance(5_000);
    expect(world.simulator.positions()).toMatchObject([{ symbol: "003CVR016" }]);
  });

  test.each([
    ["1 t T TRUE True true", 1],
    ["0 f F FALSE False false", 0],
  ])("takes cancel_orders as the broker does: %s", async (values, canceled) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    for (const [nth, value] of values.split(" ").entries()) {
      const entry = { ...ORDER, type: "limit", limit_price: "70", client_order_id: `e-${nth}` };
      await world.send(sidecar, entry);
      const path = `/v2/positions?cancel_orders=${value}`;
      expect((await world.send(sidecar, "", { ...DELETE, path })).status).toBe(207);
      const open = world.simulator.orders().filter(({ status }) => status !== "canceled");
      expect([value, open.length]).toEqual([value, canceled === 1 ? 0 : nth + 1]);
    }
  });

  test.each([
    ["cancel_orders=yes", 'cancel_orders is "yes": expected true or false'],
    ["cancel_orders=", 'cancel_orders is "": expected true or false'],
    ["cancel_orders=false&cancel_orders=true", "expected cancel_orders at most once"],
  ])("refuses %s by name, and closes nothing", async (query, message) => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const path = `/v2/positions?${query}`;
    const answer = await world.send(sidecar, "", { ...DELETE, path });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 42290001, message, tradelatch: { error: "order_malformed" } },
    });
    expect(world.posts()).toEqual([]);
  });

  test("waits for the cancels that it asked for, and closes each once", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const stop = { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" };
    await world.send(sidecar, stop);
    const entry = { ...ORDER, symbol: "SPY", qty: "1" };
    await world.send(sidecar, entry);
    await world.advance(5_000);
    const answer = await world.send(sidecar, "", ALL);
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject([
      { symbol: "SPY", status: 200, body: { qty: "1", side: "sell" } },
      { symbol: "TQQQ", status: 200, body: { qty: "6", side: "sell" } },
    ]);
    await world.advance(5_000);
    expect(world.simulator.positions()).toEqual([]);
    expect((await world.send(sidecar, "", ALL)).body).toEqual([]);
  });

  test("does not wait for an order that has ended, though its legs are shown nowhere", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    sidecar.answered = (_, answer) => withoutLegs(answer);
    const exits = { take_profit: { limit_price: "90" }, stop_loss: { stop_price: "60" } };
    await world.send(sidecar, { ...ORDER, order_class: "bracket", ...exits });
    await world.advance(5_000);
    expect(await world.claims(sidecar)).toMatchObject([{ status: "FINAL" }]);
    const answer = await world.send(sidecar, "", ALL);
    expect(answer.body).toMatchObject([{ symbol: "TQQQ", status: 200, body: { qty: "6" } }]);
  });

  test.each([
    ["slow", { kind: "slow", delayMs: 3_000 }, 207],
    ["not there", { kind: "slow", delayMs: 30_000 }, 409],
  ] as const)("is answered within ten seconds where reads are %s", async (...[, read, status]) => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    await world.send(sidecar, { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" });
    await world.advance(3_000);
    const match = { method: "GET", path: "/v2/orders*" } as const;
    world.simulator.addFaults([{ match, fault: read, times: 1_000 }]);
    world.fault({ kind: "accept_then_hang" }, 10);
    const answer = await world.send(sidecar, "", ALL);
    expect(answer.status).toBe(status);
    expect(answer.tookMs).toBeLessThan(10_000);
    await world.advance(30_000);
  });

  test("sells nothing while a cancel is stuck", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    await world.send(sidecar, { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" });
    const match = { method: "DELETE", path: "/v2/orders" } as const;
    world.simulator.addFaults([{ match, fault: { kind: "cancel_stuck" } }]);
    const answer = await world.send(sidecar, "", ALL);
    expect(answer.status).toBe(409);
    expect(world.posts()).toHaveLength(1);
  });

  test("sells the others while a cancel is stuck in one symbol, and says so of that one", async () => {
    const spy = { symbol: "SPY", quantity: "2", averagePrice: "400" };
    const world = await openOrderWorld({ positions: [...HELD.positions, spy] });
    const sidecar = await world.open();
    await world.send(sidecar, { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" });
    const match = { method: "DELETE", path: "/v2/orders" } as const;
    world.simulator.addFaults([{ match, fault: { kind: "cancel_stuck" } }]);
    const answer = await world.send(sidecar, "", ALL);
    const message = expect.stringMatching(
      /^the order tl-\S+ in TQQQ .* has not ended; nothing was/,
    );
    expect(answer).toMatchObject({
      status: 207,
      body: [
        { symbol: "SPY", status: 200, body: { qty: "2", side: "sell" } },
        { symbol: "TQQQ", status: 409, body: { message } },
      ],
    });
    expect(answer.tookMs).toBeLessThan(10_000);
    expect(world.posts()).toHaveLength(2);
  });

  test("sells the others while the orders that it has canceled cannot be read in time", async () => {
    const spy = { symbol: "SPY", quantity: "2", averagePrice: "400" };
    const world = await openOrderWorld({ positions: [...HELD.positions, spy] });
    const sidecar = await world.open();
    await world.send(sidecar, { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" });
    const match = { method: "GET", path: "/v2/orders*" } as const;
    world.simulator.addFaults([{ match, fault: { kind: "slow", delayMs: 60_000 }, times: 100 }]);
    const answer = await world.send(sidecar, "", ALL);
    expect(answer).toMatchObject({
      status: 207,
      body: [
        { symbol: "SPY", status: 200, body: { qty: "2", side: "sell" } },
        { symbol: "TQQQ", status: 409 },
      ],
    });
    expect(answer.tookMs).toBeLessThan(10_000);
    expect(world.posts()).toHaveLength(2);
  });

  test("sells nothing where the cancels may come to the broker late", async () => {
    const spy = { symbol: "SPY", quantity: "2", averagePrice: "400" };
    const world = await openOrderWorld({ positions: [...HELD.positions, spy] });
    const sidecar = await world.open();
    await world.send(sidecar, { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" });
    const match = { method: "DELETE", path: "/v2/orders" } as const;
    const page = { kind: "html", status: 502, accept: false } as const;
    world.simulator.addFaults([{ match, fault: page, times: 100 }]);
    const answer = await world.send(sidecar, "", ALL);
    expect(answer).toMatchObject({ status: 409, body: {} });
    expect(answer.body.message).toMatch(/is not known; nothing was sold$/);
    expect(world.posts()).toHaveLength(1);
  });

  test("does not cancel its own closes where the same request comes again", async () => {
    const world = await openOrderWorld({ ...HELD, startAt: BEFORE_OPEN });
    const sidecar = await world.open();
    await world.send(sidecar, { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" });
    const request = { ...ALL, headers: { "Idempotency-Key": "flat-1" } };
    const first = await world.send(sidecar, "", request);
    expect(first.body).toMatchObject([{ symbol: "TQQQ", status: 200, body: { qty: "6" } }]);
    const again = await world.send(sidecar, "", request);
    expect(again.body).toMatchObject([{ body: { id: first.body[0].body.id, status: "accepted" } }]);
    await world.advance(OPEN_IN_MS);
    expect(world.simulator.positions()).toEqual([]);
    expect(world.posts()).toHaveLength(2);
  });

  test("closes what was left the first time, once its cancel has come through", async () => {
    const spy = { symbol: "SPY", quantity: "2", averagePrice: "400" };
    const positions = [...HELD.positions, spy];
    const world = await openOrderWorld({ positions, startAt: BEFORE_OPEN });
    const sidecar = await world.open();
    await world.send(sidecar, { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" });
    const match = { method: "DELETE", path: "/v2/orders" } as const;
    world.simulator.addFaults([{ match, fault: { kind: "cancel_stuck" } }]);
    const request = { ...ALL, headers: { "Idempotency-Key": "flat-1" } };
    for (let tries = 0; tries < 2; tries += 1) {
      const answer = await world.send(sidecar, "", request);
      expect(answer.body).toMatchObject([
        { symbol: "SPY", status: 200, body: { status: "accepted" } },
        { symbol: "TQQQ", status: 409 },
      ]);
    }
    await world.advance(OPEN_IN_MS);
    const last = await world.send(sidecar, "", request);
    expect(last.body).toMatchObject([{ symbol: "TQQQ", status: 200 }]);
    await world.advance(5_000);
    expect(world.simulator.positions()).toEqual([]);
    expect(world.posts()).toHaveLength(3);
  });

  test("cancels nothing under a key that is none", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    await world.send(sidecar, { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" });
    const answer = await world.send(sidecar, "", {
      ...ALL,
      headers: { "Idempotency-Key": "a, b" },
    });
    expect(answer).toMatchObject({ status: 400 });
    expect(world.simulator.orders()).toMatchObject([{ status: "new" }]);
  });

  test("does not touch orders where it is not asked to", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    await world.send(sidecar, { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" });
    const answer = await world.send(sidecar, "", { ...DELETE, path: "/v2/positions" });
    expect(answer.body).toMatchObject([{ symbol: "TQQQ", status: 403, body: { code: 40310000 } }]);
    expect(world.simulator.orders()).toHaveLength(1);
  });
});
