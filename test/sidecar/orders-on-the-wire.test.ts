import { describe, expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "./orders-world.ts";

const BRACKET = {
  ...ORDER,
  order_class: "bracket",
  take_profit: { limit_price: 78.5 },
  stop_loss: { stop_price: "70", limit_price: 69.5 },
};
const OCO = {
  ...SELL,
  type: "limit",
  order_class: "oco",
  take_profit: { limit_price: "80" },
  stop_loss: { stop_price: "65" },
};
const TRAILING = { ...SELL, type: "trailing_stop" } as const;
const { qty: _, ...WITHOUT_QUANTITY } = ORDER;

describe("an order reaches the broker with its fields", () => {
  test.each<[string, object, object]>([
    [
      "bracket",
      BRACKET,
      {
        order_class: "bracket",
        take_profit: { limit_price: "78.5" },
        stop_loss: { stop_price: "70", limit_price: "69.5" },
      },
    ],
    [
      "oto",
      { ...ORDER, order_class: "oto", stop_loss: { stop_price: 70 } },
      { order_class: "oto", stop_loss: { stop_price: "70" } },
    ],
    ["notional", { ...WITHOUT_QUANTITY, notional: 250.5 }, { notional: "250.5" }],
    ["fractional", { ...ORDER, qty: 0.30000000000000004 }, { qty: "0.3" }],
    [
      "limit",
      { ...ORDER, type: "limit", limit_price: 74.99, extended_hours: true },
      { limit_price: "74.99", extended_hours: true },
    ],
    ["stop", { ...ORDER, type: "stop", stop_price: 80 }, { stop_price: "80" }],
    [
      "stop limit",
      { ...ORDER, type: "stop_limit", stop_price: 80, limit_price: 81 },
      { stop_price: "80", limit_price: "81" },
    ],
  ])("%s", async (_name, order, fields) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const answer = await world.send(sidecar, order);
    expect(answer.status).toBe(200);
    const [post] = world.posts();
    expect(post?.body).toMatchObject({ ...fields, side: "buy", position_intent: "buy_to_open" });
    expect(world.posts()).toHaveLength(1);
  });

  test.each<[string, object, object]>([
    ["oco", OCO, { order_class: "oco", stop_loss: { stop_price: "65" } }],
    ["trailing by percent", { ...TRAILING, trail_percent: 1.5 }, { trail_percent: "1.5" }],
    ["trailing by price", { ...TRAILING, trail_price: "2" }, { trail_price: "2" }],
    ["market", SELL, { type: "market" }],
  ])("as a close, without having said so: %s", async (_name, order, fields) => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const answer = await world.send(sidecar, order);
    expect(answer.status).toBe(200);
    const [post] = world.posts();
    expect(post?.body).toMatchObject({ ...fields, position_intent: "sell_to_close" });
    expect(answer.body.position_intent).toBe("sell_to_close");
  });

  test("and with those that are not ours to understand", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const instructions = { algorithm: "VWAP", start_time: "2026-05-21T10:00:00-04:00" };
    const order = { ...ORDER, advanced_instructions: instructions, subtag: "desk-7" };
    expect((await world.send(sidecar, order)).status).toBe(200);
    const body = world.posts()[0]?.body;
    expect(body).toMatchObject({ advanced_instructions: instructions, subtag: "desk-7" });
  });
});

describe("an order that cannot be one is refused, and nothing is sent:", () => {
  test.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /not a JSON object/],
    ["nothing", "", /not a JSON object/],
    ["an array", [ORDER], /not a JSON object/],
    ["null", "null", /not a JSON object/],
    ["an unknown symbol format", { ...ORDER, symbol: "TQ QQ" }, /symbol is "TQ QQ"/],
    ["a symbol that is a path", { ...ORDER, symbol: "../x" }, /symbol is/],
    ["ten decimals as text", { ...ORDER, qty: "0.1234567891" }, /"0.1234567891"/],
    ["ten decimals as a number", { ...ORDER, qty: 0.1234567891 }, /0.1234567891/],
    ["the noise as text", { ...ORDER, qty: "0.30000000000000004" }, /at most 9 digits/],
    ["no quantity", WITHOUT_QUANTITY, /exactly one/],
    ["quantity and notional", { ...ORDER, notional: 5 }, /exactly one/],
    ["a negative quantity", { ...ORDER, qty: -6 }, /above zero/],
    ["zero", { ...ORDER, qty: 0 }, /above zero/],
    ["an infinite quantity", `{"symbol":"TQQQ","side":"buy","qty":1e999}`, /quantity|qty/],
    ["an unknown side", { ...ORDER, side: "hold" }, /side/],
    ["a limit without a price", { ...ORDER, type: "limit" }, /limit/],
    ["a contradiction", { ...ORDER, position_intent: "sell_to_close" }, /position_intent/],
    ["an invented intent", { ...ORDER, position_intent: "buy_xx_open" }, /position_intent/],
    ["a field in capitals", { ...ORDER, QTY: "600" }, /"QTY"/],
    ["a field of the prototype", { ...ORDER, qty: { constructor: 1 } }, /^qty is/],
    ["an endless nest", `{"symbol":"TQQQ","legs":${"[".repeat(9e4)}${"]".repeat(9e4)}}`, /nested/],
  ])("%s", async (_name, body, message) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const answer = await world.send(sidecar, body);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toMatch(message);
    expect(answer.body.tradelatch.hint).toBeTruthy();
    expect(world.posts()).toEqual([]);
    expect(await world.claims(sidecar)).toEqual([]);
  });

  test.each(['"open', "a b", "", "x".repeat(256), '"a", "b"', "é"])(
    "an Idempotency-Key that is no key: %j",
    async (key) => {
      const world = await openOrderWorld();
      const sidecar = await world.open();
      const answer = await world.send(sidecar, ORDER, { headers: { "idempotency-key": key } });
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain("Idempotency-Key");
      expect(world.posts()).toEqual([]);
    },
  );
});

test.each(["text/plain", "application/x-www-form-urlencoded", ""])(
  "the body is JSON whatever the Content-Type says: %j",
  async (type) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const headers = { "content-type": type };
    expect((await world.send(sidecar, ORDER, { headers })).status).toBe(200);
  },
);

test("a sell that was meant to open a short is refused, whatever is held", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  const short = { ...SELL, position_intent: "sell_to_open" };
  expect((await world.send(sidecar, short)).status).toBe(403);
  expect((await world.send(sidecar, SELL)).status).toBe(403);
  expect(world.posts()).toEqual([]);
});

test("with shorts allowed a sell while flat opens one, and a buy closes it", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open({ allowShort: true });
  expect((await world.send(sidecar, SELL)).body.position_intent).toBe("sell_to_open");
  await world.advance(5_000);
  expect((await world.send(sidecar, ORDER)).body.position_intent).toBe("buy_to_close");
});

test.each(["😀", "é", "an id"])(
  "a client_order_id of any characters is answered: %s",
  async (name) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const order = { ...ORDER, client_order_id: name };
    const first = await world.send(sidecar, order);
    expect(first).toMatchObject({ status: 200, body: { client_order_id: name } });
    expect(decodeURIComponent(first.headers.get("tradelatch-claim") ?? "")).toBe(name);
    expect((await world.send(sidecar, order)).body.id).toBe(first.body.id);
  },
);
