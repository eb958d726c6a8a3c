import { describe, expect, test } from "vitest";
import { type Answer, HELD, ORDER, openOrderWorld, SELL } from "./orders-world.ts";

const LIMIT = { ...ORDER, type: "limit", limit_price: "70" } as const;

function expectReplay(answer: Answer, status: "PENDING" | "SKIP", claim: string | null): void {
  expect(answer.status).toBe(200);
  expect(answer.headers.get("idempotent-replayed")).toBe("true");
  expect(answer.headers.get("tradelatch-status")).toBe(status);
  expect(answer.headers.get("tradelatch-claim")).toBe(claim);
}

describe("an order", () => {
  test("is answered with the broker's own bytes and the name of its claim", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const answer = await world.send(sidecar, ORDER);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("idempotent-replayed")).toBeNull();
    expect(answer.headers.get("tradelatch-status")).toBe("PROCEED");
    expect(answer.headers.get("tradelatch-claim")).toMatch(/^[0-9a-f]{64}$/);
    expect(answer.body).not.toHaveProperty("code");
    expect(answer.body).not.toHaveProperty("message");
    expect(answer.body).toMatchObject({ id: world.simulator.orders()[0]?.id, notional: null });
    const path = `/v2/orders/${answer.body.id}`;
    const read = await world.send(sidecar, "", { method: "GET", path });
    expect(Object.keys(answer.body)).toEqual(Object.keys(read.body));
  });

  test("that comes again gets the first one as it now is", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const first = await world.send(sidecar, LIMIT);
    const claim = first.headers.get("tradelatch-claim");
    const second = await world.send(sidecar, LIMIT);
    expectReplay(second, "PENDING", claim);
    expect(second.body).toMatchObject({ id: first.body.id, status: "new" });
    world.simulator.setPrice("TQQQ", "69");
    await world.advance(5_000);
    const third = await world.send(sidecar, LIMIT);
    expectReplay(third, "SKIP", claim);
    expect(third.body).toMatchObject({ id: first.body.id, status: "filled", filled_qty: "6" });
    expect(world.posts()).toHaveLength(1);
  });

  test("without an id is a new one once its window has passed", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const first = await world.send(sidecar, ORDER);
    await world.advance(30_000);
    expectReplay(await world.send(sidecar, ORDER), "SKIP", first.headers.get("tradelatch-claim"));
    await world.advance(16_000);
    const later = await world.send(sidecar, ORDER);
    expect(later.headers.get("tradelatch-status")).toBe("PROCEED");
    expect(later.body.id).not.toBe(first.body.id);
  });

  test("that comes a hundred times at once is one order, and everybody gets it", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const send = () => world.send(sidecar, ORDER);
    const answers = await Promise.all(Array.from({ length: 100 }, send));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(world.posts()).toHaveLength(1);
  });

  test.each([
    ["qty", { qty: 6.0 }, { qty: "6.000" }],
    ["limit_price", { limit_price: 70 }, { limit_price: "70.0" }],
    ["noise", { qty: 0.1 + 0.2 }, { qty: "0.3" }],
    ["null fields", { stop_price: null, notional: null, order_class: null }, {}],
    ["a simple class", { order_class: "simple", extended_hours: false }, { order_class: "" }],
  ])("is the same by value, whatever its spelling: %s", async (_, one, other) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const first = await world.send(sidecar, { ...LIMIT, ...one });
    const second = await world.send(sidecar, { ...LIMIT, ...other });
    expect(first.status).toBe(200);
    expectReplay(second, "PENDING", first.headers.get("tradelatch-claim"));
    expect(world.posts()).toHaveLength(1);
  });
});

describe("an order that nobody has told the end of", () => {
  test.each([
    ["an entry", LIMIT, {}],
    ["an exit", { ...SELL, type: "limit", limit_price: "90" }, HELD],
  ])("is no answer to the same order after its cancel: %s", async (_, body, options) => {
    const world = await openOrderWorld(options);
    const sidecar = await world.open();
    const first = await world.send(sidecar, body);
    await world.advance(3_000);
    const path = `/v2/orders/${first.body.id}`;
    expect((await world.send(sidecar, "", { method: "DELETE", path })).status).toBe(204);
    const second = await world.send(sidecar, body);
    expect(second.headers.get("tradelatch-status")).toBe("PROCEED");
    const orders = world.simulator.orders().map(({ id, status }) => [id, status]);
    expect(orders).toEqual([
      [first.body.id, "canceled"],
      [second.body.id, "new"],
    ]);
  });

  test("is no answer either once its window has passed, where it has filled", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const first = await world.send(sidecar, LIMIT);
    await world.advance(60_000);
    world.simulator.setPrice("TQQQ", "69");
    const second = await world.send(sidecar, LIMIT);
    expect(second.headers.get("tradelatch-status")).toBe("PROCEED");
    expect(second.body.id).not.toBe(first.body.id);
  });

  test("and is in another one's place, is answered with that one", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const first = await world.send(sidecar, LIMIT);
    await world.advance(3_000);
    const request = { method: "PATCH", path: `/v2/orders/${first.body.id}` };
    const replaced = await world.send(sidecar, { limit_price: "71" }, request);
    const claim = first.headers.get("tradelatch-claim");
    const repeat = await world.send(sidecar, LIMIT);
    expectReplay(repeat, "PENDING", claim);
    expect(repeat.body.id).toBe(replaced.body.id);
  });
});

describe("an id that came before", () => {
  test.each([
    ["qty", { qty: "7" }, "qty"],
    ["side", { side: "sell" }, "side"],
    ["type", { type: "limit", limit_price: "70" }, "type"],
    ["time_in_force", { time_in_force: "gtc" }, "time_in_force"],
  ])("with another %s gets Alpaca's 422 and the field's name", async (_, change, field) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const named = { ...ORDER, client_order_id: "bot-1" };
    const first = await world.send(sidecar, named);
    const { status, body } = await world.send(sidecar, { ...named, ...change });
    expect({ status, code: body.code, message: body.message }).toEqual({
      status: 422,
      code: 40010001,
      message: "client_order_id must be unique",
    });
    expect(body.tradelatch.field).toBe(field);
    expect(body.tradelatch.cause.requestId).toBe("bot-1");
    await world.advance(5_000);
    expectReplay(await world.send(sidecar, named), "SKIP", "bot-1");
    expect(world.simulator.orders().map(({ id }) => id)).toEqual([first.body.id]);
  });

  test("as Idempotency-Key with another quantity is refused with 422", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const request = { headers: { "idempotency-key": "key-1" } };
    await world.send(sidecar, ORDER, request);
    expect((await world.send(sidecar, { ...ORDER, qty: "7" }, request)).status).toBe(422);
    await world.advance(5_000);
    expectReplay(await world.send(sidecar, ORDER, request), "SKIP", "key-1");
  });

  test("is the client's own at the broker, and a key of its own is another order", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    await world.send(sidecar, { ...ORDER, client_order_id: "bot-1" });
    await world.send(sidecar, { ...ORDER, client_order_id: "bot-2" });
    const ids = world.simulator.orders().map((order) => order.client_order_id);
    expect(ids).toEqual(["bot-1", "bot-2"]);
  });
});

describe("a refusal", () => {
  test("of the broker is given again, with its claim as the cause", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const message = "insufficient buying power";
    world.fault({ kind: "refuse", status: 403, code: 40310000, message });
    const named = { ...ORDER, client_order_id: "bot-1" };
    const answers = [await world.send(sidecar, named), await world.send(sidecar, named)];
    for (const { status, body } of answers) {
      expect({ status, code: body.code, message: body.message }).toEqual({
        ...{ status: 403, code: 40310000, message },
      });
      expect(body.tradelatch.cause).toMatchObject({ requestId: "bot-1" });
    }
    expect(world.posts()).toHaveLength(1);
  });

  test("for want of shares is in Alpaca's words and names who holds them", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const exit = { ...SELL, type: "limit", limit_price: "90" };
    const holder = await world.send(sidecar, exit);
    const { status, body } = await world.send(sidecar, { ...SELL, qty: "4" });
    expect({ status, code: body.code, message: body.message }).toEqual({
      status: 403,
      code: 40310000,
      message: "insufficient qty available for order (requested: 4, available: 0)",
    });
    expect(body.tradelatch.available).toBe("0");
    expect(body.tradelatch.cause.requestId).toBe(holder.headers.get("tradelatch-claim"));
    expect(world.posts()).toHaveLength(1);
  });

  test("of a second exit while flat names the exit that closed the position", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const exit = await world.send(sidecar, SELL);
    expect(exit.status).toBe(200);
    await world.advance(5_000);
    const claim = exit.headers.get("tradelatch-claim");
    expectReplay(await world.send(sidecar, SELL), "SKIP", claim);
    const other = await world.send(sidecar, { ...SELL, qty: "3" });
    expect(other).toMatchObject({ status: 403, body: { code: 40310000 } });
    expect(other.body.tradelatch.cause.requestId).toBe(claim);
    await world.advance(60_000);
    const late = await world.send(sidecar, SELL);
    expect(late.status).toBe(403);
    expect(late.body.tradelatch.cause.requestId).toBe(claim);
    expect(world.posts()).toHaveLength(1);
  });

  test("of a refused exit is not sent again", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const message = "qty must be > 0";
    world.fault({ kind: "refuse", status: 422, code: 42210000, message });
    expect(await world.send(sidecar, SELL)).toMatchObject({ status: 422, body: { message } });
    const again = await world.send(sidecar, SELL);
    expect(again).toMatchObject({ status: 403, body: { code: 40310000 } });
    expect(again.body.tradelatch.error).toBe("exit_duplicate_after_422");
    expect(again.body.tradelatch.cause.requestId).toBeTruthy();
    expect(world.posts()).toHaveLength(1);
  });
});

test("an outcome that is unknown is told with the evidence so far and when to ask again", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  world.fault({ kind: "html", status: 502, accept: false });
  const { status, headers, body } = await world.send(sidecar, ORDER);
  expect(status).toBe(409);
  expect(Number(headers.get("retry-after"))).toBeLessThan(22);
  expect(headers.get("tradelatch-status")).toBe("PENDING");
  expect(body.tradelatch.evidence).toContain("502");
  expect(body.tradelatch.claim).toBe(headers.get("tradelatch-claim"));
});

test("a ledger that fails is told as 409, for an earlier try may be at the broker", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  await world.send(sidecar, ORDER);
  await sidecar.started.latch.close();
  const { status, headers, body } = await world.send(sidecar, ORDER);
  expect(status).toBe(409);
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  expect(body.message).toContain("this call sent no order");
});

test("a repeat of an entry that was refused says again who refused it, and what mends it", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  const message = "insufficient buying power";
  world.fault({ kind: "refuse", status: 403, code: 40310000, message });
  const entry = { ...ORDER, client_order_id: "bot-1" };
  const first = await world.send(sidecar, entry);
  const again = await world.send(sidecar, entry);
  expect(again).toMatchObject({
    status: 403,
    body: {
      ...{ code: 40310000, message },
      tradelatch: { status: "SKIP", error: "refused_by_broker", cause: { requestId: "bot-1" } },
    },
  });
  expect(again.body.tradelatch.hint).toBe(first.body.tradelatch.hint);
  expect(world.posts()).toHaveLength(1);
});

test.each([
  [{ qty: "-6" }, 'qty is "-6": expected a number above zero'],
  [{ type: "limit" }, "limit_price is missing: required for a limit order"],
  [{ time_in_force: "gtx" }, /^time_in_force is "gtx": /],
  [{ client_order_id: "x".repeat(129) }, /^client_order_id is "x/],
  [{ symbol: "" }, 'symbol is "": expected a symbol such as TQQQ or BRK.B'],
  [{ symbol: undefined }, "symbol is missing: expected a symbol such as TQQQ or BRK.B"],
])("an order with %j is told what is wrong by the names that it came with", async (part, words) => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  const { status, body } = await world.send(sidecar, { ...ORDER, ...part });
  expect([status, body.tradelatch.error]).toEqual([422, "invalid_intent"]);
  expect(body.message).toMatch(words);
  expect(world.posts()).toEqual([]);
});
