import { describe, expect, test } from "vitest";
import { OPEN, openWorld } from "./world.ts";

describe("a caller waits no longer than waitMs", () => {
  test("for a POST that hangs after a pause for the rate limit; the POST goes on", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "rate_limited", retryAfterSeconds: 4 });
    world.fault({ kind: "slow", delayMs: 5_000 }, { nth: 2 });
    const sentAt = world.now();
    const answer = await world.submit(bot, OPEN);
    expect(answer).toMatchObject({ status: "PENDING", phase: "in_flight" });
    expect(world.now() - sentAt).toBe(8_000);
    expect(world.theClaim()).toMatchObject({ status: "OPEN", told: "pending" });
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "filled", told: "pending" });
    expect(world.orders()).toHaveLength(1);
  });

  test("and a new id for the same intent then gets that order instead of a second", async () => {
    const world = await openWorld();
    const bot = await world.open({ waitMs: 1_000 });
    world.fault({ kind: "slow", delayMs: 3_000 });
    expect(await world.submit(bot, { ...OPEN, requestId: "one" })).toMatchObject({
      status: "PENDING",
    });
    await world.advance(3_000);
    expect((await world.submit(bot, { ...OPEN, requestId: "two" })).requestId).toBe("one");
    expect(world.posts()).toHaveLength(1);
  });

  test("when it had waited for another's order before its own turn came", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const twoAt = world.now() + 1_000;
    world.fault({ kind: "rate_limited", retryAfterSeconds: 4 });
    world.fault({
      kind: "refuse",
      status: 403,
      code: 40310000,
      message: "insufficient buying power",
    });
    world.fault({ kind: "slow", delayMs: 5_500 }, { nth: 3 });
    const one = bot.latch.submit({ ...OPEN, requestId: "one" });
    await world.advance(1_000);
    const two = await world.submit(bot, { ...OPEN, requestId: "two" });
    expect(await one).toMatchObject({ code: "refused_by_broker" });
    expect(two).toMatchObject({ status: "PENDING", requestId: "two" });
    expect(world.now() - twoAt).toBe(8_000);
    await world.untilSettled();
    expect(world.orders()).toHaveLength(1);
  });

  test("for the fills that a refusal for shares looks up first", async () => {
    const world = await openWorld();
    const bot = await world.open({ waitMs: 2_000 });
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "60" });
    world.simulator.addFaults([
      { match: { method: "GET" }, fault: { kind: "slow", delayMs: 4_000 }, times: 5 },
    ]);
    const sentAt = world.now();
    const close = { ...OPEN, side: "sell", effect: "close" } as const;
    expect(await world.submit(bot, close)).toMatchObject({ code: "not_sent" });
    expect(world.now() - sentAt).toBe(2_000);
    expect(world.posts()).toHaveLength(1);
  });

  test.each([
    ["works", "60", { status: "PENDING", phase: "working" }],
    ["filled", "75", { status: "SKIP", receipt: { outcome: "filled" } }],
  ])("for the look at an order that was found; it then hears that it %s", async (...row) => {
    const [, limitPrice, expected] = row;
    const world = await openWorld();
    const bot = await world.open({ waitMs: 3_000 });
    world.fault({ kind: "accept_then_drop" });
    world.simulator.addFaults([
      { match: { method: "GET", path: "/v2/orders/*" }, fault: { kind: "slow", delayMs: 4_000 } },
    ]);
    const limit = { ...OPEN, type: "limit", limitPrice } as const;
    expect(await world.submit(bot, limit)).toMatchObject(expected);
    expect(world.theClaim()).toMatchObject({ told: "pending" });
    await world.advance(60_000);
    expect(world.posts()).toHaveLength(1);
  });
});
