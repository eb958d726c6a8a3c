import { describe, expect, test } from "vitest";
import { anchored, CLOSE, LONG, OPEN, openWorld } from "./world.ts";

const LIMIT = { ...OPEN, type: "limit", limitPrice: "70" } as const;

describe("an order that nothing goes wrong with", () => {
  test("is sent once, answered PROCEED and settled by the next poll", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const answer = await world.submit(bot, OPEN);
    expect(answer).toMatchObject({ status: "PROCEED", order: { symbol: "TQQQ", quantity: "6" } });
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", told: "certain" });
    await world.advance(2_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.book()).toMatchObject({ net: "6", averagePrice: "75", episode: 1 });
    expect(world.posts()).toHaveLength(1);
    expect(world.orders()).toMatchObject([{ status: "filled", filled_qty: "6" }]);
  });

  test("closes what is held and leaves the book flat, with the profit", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
    expect(world.book().reservations).toMatchObject([{ quantity: "6" }]);
    await world.advance(2_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.book()).toMatchObject({ net: "0", realizedProfitUsd: "30", reservations: [] });
    expect(world.posts()).toHaveLength(1);
    expect(world.simulator.positions()).toEqual([]);
  });

  test.each([
    ["buy_to_open", [], { side: "buy", effect: "open" }],
    ["sell_to_close", LONG.positions, { side: "sell", effect: "close" }],
    ["sell_to_open", [], { side: "sell", effect: "open" }],
    [
      "buy_to_close",
      [{ symbol: "TQQQ", quantity: "-6", averagePrice: "80" }],
      { side: "buy", effect: "close" },
    ],
  ] as const)("says %s on the wire", async (positionIntent, positions, terms) => {
    const world = await openWorld({ positions });
    const bot = await world.open({ allowShort: true });
    expect(await world.submit(bot, { ...OPEN, ...terms })).toMatchObject({ status: "PROCEED" });
    expect(world.posts()).toMatchObject([{ body: { position_intent: positionIntent, qty: "6" } }]);
    await world.untilSettled();
    expect(world.simulator.positions().map(({ qty }) => qty)).toEqual(
      world.book().net === "0" ? [] : [world.book().net],
    );
  });

  test("goes under an id of ours that the account, agent and request give", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, anchored());
    expect(world.orders()[0]?.client_order_id).toMatch(/^tl-[0-9a-f]{32}-1$/);
    expect(world.orders()[0]?.client_order_id).toBe(world.theClaim().clientOrderId);
  });

  test("goes under the bot's own client_order_id where it gives one", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const answer = await world.submit(bot, { ...OPEN, clientOrderId: "bot-2026-05-21-1" });
    expect(answer).toMatchObject({ requestId: "bot-2026-05-21-1" });
    expect(world.orders()).toMatchObject([{ client_order_id: "bot-2026-05-21-1" }]);
    expect(await world.submit(bot, { ...OPEN, clientOrderId: "bot-2026-05-21-1" })).toMatchObject({
      status: "PENDING",
      phase: "working",
    });
    expect(world.posts()).toHaveLength(1);
  });

  test("is booked part by part, and closes only what is there", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "partial_fill", quantity: "2", rest: "script" });
    await world.submit(bot, OPEN);
    await world.advance(4_000);
    expect(world.book()).toMatchObject({ net: "2" });
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", bookedQuantity: "2" });
    const { id } = world.orders()[0] ?? { id: "" };
    world.simulator.fill({ orderId: id, quantity: "1", price: "76" });
    await world.advance(30_000);
    expect(world.book()).toMatchObject({ net: "3" });
    world.simulator.fill({ orderId: id, quantity: "3", price: "78" });
    await world.advance(30_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", bookedCost: "460" });
    expect(world.book()).toMatchObject({ net: "6" });
    expect(world.posts()).toHaveLength(1);
  });

  test.each([
    ["canceled", "0", "canceled"],
    ["partially_filled", "2", "canceled"],
  ])("that a person cancels ends as %s with %s shares", async (outcome, filled, status) => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "partial_fill", quantity: filled, rest: "script" });
    await world.submit(bot, OPEN);
    const { id } = world.orders()[0] ?? { id: "" };
    const canceled = await fetch(`${world.simulator.url}/v2/orders/${id}`, {
      method: "DELETE",
      headers: { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" },
    });
    expect(canceled.status).toBe(204);
    await world.untilSettled();
    expect(world.orders()).toMatchObject([{ status }]);
    expect(world.theClaim()).toMatchObject({ outcome, bookedQuantity: filled });
    expect(world.book()).toMatchObject({ net: filled, reservations: [] });
  });

  test("that never trades expires with its day, and its shares are free again", async () => {
    const justBeforeTheClose = Date.parse("2026-05-21T19:59:30Z");
    const world = await openWorld({ ...LONG, startAt: justBeforeTheClose });
    const bot = await world.open();
    await world.submit(bot, { ...CLOSE, type: "limit", limitPrice: "90" });
    await world.advance(90_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "expired" });
    expect(world.book()).toMatchObject({ net: "6", reservations: [] });
    expect(world.posts()).toHaveLength(1);
  });

  test("may be rejected by the market after it was accepted", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "reject_later" });
    expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PROCEED" });
    await world.advance(2_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "rejected" });
    expect(world.book().net).toBe("0");
  });
});

describe("the same action once more", () => {
  test("gets PENDING while its order works, and SKIP with the receipt once it filled", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, { ...LIMIT, anchor: anchored().anchor });
    expect(await world.submit(bot, { ...LIMIT, anchor: anchored().anchor })).toMatchObject({
      status: "PENDING",
      phase: "working",
    });
    world.simulator.setPrice("TQQQ", "69");
    await world.advance(6_000);
    expect(await world.submit(bot, { ...LIMIT, anchor: anchored().anchor })).toMatchObject({
      status: "SKIP",
      receipt: { status: "SETTLED", outcome: "filled", filledQuantity: "6", averagePrice: "69" },
    });
    expect(world.posts()).toHaveLength(1);
  });

  test("is the same without any anchor within the window, and another one after it", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, { ...OPEN, decisionId: "one" });
    await world.advance(2_000);
    // The entry made the position, so an equal intent belongs to the episode it began.
    const second = await world.submit(bot, { ...OPEN, decisionId: "two" });
    expect(second).toMatchObject({ status: "SKIP", receipt: { outcome: "filled" } });
    await world.advance(45_000);
    expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PROCEED" });
    expect(world.posts()).toHaveLength(2);
  });

  test("is one order when it comes twice at once in one process", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const both = [bot.latch.submit(OPEN), bot.latch.submit(OPEN)];
    const statuses = (await world.drive(Promise.all(both))).map(({ status }) => status);
    expect(statuses.sort()).toEqual(["PROCEED", "SKIP"]);
    expect(world.posts()).toHaveLength(1);
    expect(world.claims()).toHaveLength(1);
  });

  test("is one order when it comes twice at once in two processes on one ledger", async () => {
    const world = await openWorld();
    const [a, b] = [await world.open(), await world.open()];
    const both = [a.latch.submit(OPEN), b.latch.submit(OPEN)];
    const statuses = (await world.drive(Promise.all(both))).map(({ status }) => status);
    expect(statuses.sort()).toEqual(["PROCEED", "SKIP"]);
    expect(world.posts()).toHaveLength(1);
    await world.untilSettled();
    expect(world.book().net).toBe("6");
  });

  test("with another size under the same anchor is blocked, naming the quantity", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const first = await world.submit(bot, anchored());
    const second = await world.submit(bot, { ...anchored(), quantity: "7" });
    expect(second).toMatchObject({
      status: "BLOCKED",
      code: "fingerprint_mismatch",
      cause: { requestId: first.requestId },
      difference: { field: "quantity", first: "6", second: "7" },
    });
    expect(world.posts()).toHaveLength(1);
    expect(await world.eventTypes(bot)).toContain("repeat_answered");
  });
});

test("an order says nothing of its position intent where the setting leaves it out", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open({ positionIntent: false });
  expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
  expect(world.posts()[0]?.body).not.toHaveProperty("position_intent");
});
