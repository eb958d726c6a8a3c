import { describe, expect, test } from "vitest";
import { OPEN, openWorld } from "./world.ts";

const ONE = { ...OPEN, requestId: "one" };
const TWO = { ...OPEN, requestId: "two" };

describe("a new id for an equal intent", () => {
  test("is another order once the first one's caller has it", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, ONE);
    expect(await world.submit(bot, TWO)).toMatchObject({ status: "PROCEED", requestId: "two" });
    expect(world.posts()).toHaveLength(2);
  });

  test("waits while the first is unanswered, and is sent once it reached its caller", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "accept_then_hang" });
    const both = [bot.latch.submit(ONE), bot.latch.submit(TWO)];
    await world.advance(5_000);
    expect(world.posts()).toHaveLength(1);
    expect(await world.drive(Promise.all(both))).toMatchObject([
      { status: "PROCEED", requestId: "one" },
      { status: "PROCEED", requestId: "two" },
    ]);
    expect(world.posts()).toHaveLength(2);
  });

  test("gets the first one's order when that one's caller was never told", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 10_000 });
    expect(await world.submit(bot, ONE)).toMatchObject({ status: "PENDING", requestId: "one" });
    const second = await world.submit(bot, TWO);
    expect(second.requestId).toBe("one");
    expect(second.status).not.toBe("PROCEED");
    await world.untilSettled();
    expect(await world.submit(bot, TWO)).toMatchObject({
      status: "SKIP",
      requestId: "one",
      receipt: { outcome: "filled" },
    });
    expect(world.posts()).toHaveLength(1);
    expect(world.claims()).toHaveLength(1);
  });

  test("gets the first one's order when that one's process died", async () => {
    const world = await openWorld();
    const dead = await world.open();
    world.fault({ kind: "accept_then_hang" });
    void dead.latch.submit(ONE);
    await world.rest();
    dead.runs = false;
    const next = await world.open();
    expect(await world.submit(next, TWO)).toMatchObject({ status: "PENDING", requestId: "one" });
    await world.untilSettled();
    expect(await world.submit(next, TWO)).toMatchObject({ status: "SKIP", requestId: "one" });
    expect(world.posts()).toHaveLength(1);
  });

  test("is sent at once when the first is refused for certain", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const message = "insufficient buying power";
    world.fault({ kind: "refuse", status: 403, code: 40310000, message });
    const both = [bot.latch.submit(ONE), bot.latch.submit(TWO)];
    expect(await world.drive(Promise.all(both))).toMatchObject([
      { code: "refused_by_broker", requestId: "one" },
      { status: "PROCEED", requestId: "two" },
    ]);
    expect(world.orders()).toHaveLength(1);
  });

  test("is sent when the first was not sent, or is proved absent", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "rate_limited", retryAfterSeconds: 30 });
    expect(await world.submit(bot, ONE)).toMatchObject({ code: "not_sent" });
    world.fault({ kind: "drop" });
    expect(await world.submit(bot, TWO)).toMatchObject({ status: "PENDING", requestId: "two" });
    const third = { ...OPEN, requestId: "three" };
    expect(await world.submit(bot, third)).toMatchObject({ status: "PENDING", requestId: "two" });
    await world.untilSettled();
    expect(await world.submit(bot, third)).toMatchObject({
      status: "PROCEED",
      requestId: "three",
    });
    expect(world.orders()).toHaveLength(1);
  });

  test("is another order after a fresh read found the first for its caller", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const limit = { type: "limit", limitPrice: "60" } as const;
    world.fault({ kind: "arrive_late", delayMs: 60_000 });
    await world.submit(bot, { ...ONE, ...limit });
    await world.untilSettled();
    await world.advance(60_000);
    expect(await world.submit(bot, { ...ONE, ...limit })).toMatchObject({ status: "PROCEED" });
    expect(await world.submit(bot, { ...TWO, ...limit })).toMatchObject({
      status: "PROCEED",
      requestId: "two",
    });
    expect(world.orders()).toHaveLength(2);
  });

  test("is no other order where the bot's ids are not believed", async () => {
    const world = await openWorld();
    const bot = await world.open({ clientIdIsIdentity: false });
    await world.submit(bot, { ...OPEN, clientOrderId: "a-1" });
    expect((await world.submit(bot, { ...OPEN, clientOrderId: "a-2" })).status).toBe("SKIP");
    expect(world.posts()).toHaveLength(1);
  });
});
