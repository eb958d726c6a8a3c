import { describe, expect, test } from "vitest";
import {
  anchored,
  CLOSE,
  LONG,
  OPEN,
  openWorld,
  type Process,
  refused,
  type World,
} from "./world.ts";

describe.each([
  ["entry", OPEN, {}, "6"],
  ["exit", CLOSE, LONG, "0"],
] as const)("an %s while nobody listens at the broker's port", (_, intent, options, net) => {
  async function awayFor(world: World, bot: Process, durationMs: number): Promise<void> {
    const backAt = world.now() + durationMs;
    bot.gate = () => (world.now() < backAt ? refused() : "pass");
  }

  test("is sent once the connection is there again", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    await awayFor(world, bot, 2_000);
    expect(await world.submit(bot, intent)).toMatchObject({ status: "PROCEED" });
    expect(world.posts()).toHaveLength(1);
    await world.untilSettled();
    expect(world.book().net).toBe(net);
  });

  test("was not sent at the send deadline, and the same intent goes out later", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    await awayFor(world, bot, 60_000);
    const sentAt = world.now();
    const answer = await world.submit(bot, intent);
    expect(answer).toMatchObject({ status: "BLOCKED", code: "not_sent" });
    expect(world.now() - sentAt).toBeLessThan(5_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "not_sent" });
    await world.advance(60_000);
    expect(await world.submit(bot, intent)).toMatchObject({
      status: "PROCEED",
      requestId: answer.requestId,
    });
    expect(world.theClaim()).toMatchObject({ attempt: 1, fencing: 2 });
    expect(world.posts()).toHaveLength(1);
  });

  test("is not reopened by a look-up that cannot be made", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    await awayFor(world, bot, 60_000);
    await world.submit(bot, intent);
    expect(await world.submit(bot, intent)).toMatchObject({ status: "BLOCKED", code: "not_sent" });
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", fencing: 2 });
    expect(world.posts()).toEqual([]);
  });
});

test("a broker that is really gone lets nothing out, and says so within the deadline", async () => {
  const world = await openWorld();
  const bot = await world.open();
  await world.simulator.close();
  expect(await world.submit(bot, anchored())).toMatchObject({
    status: "BLOCKED",
    code: "not_sent",
  });
  expect(world.theClaim()).toMatchObject({ outcome: "not_sent" });
});

describe("a bot's own client_order_id that another order has had", () => {
  const own = { ...OPEN, clientOrderId: "mine-1" };

  async function taken(world: World): Promise<void> {
    await fetch(`${world.simulator.url}/v2/orders`, {
      method: "POST",
      headers: { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" },
      body: JSON.stringify({
        symbol: "TQQQ",
        side: "buy",
        type: "market",
        time_in_force: "day",
        qty: "1",
        client_order_id: "mine-1",
      }),
    });
  }

  async function takenBefore(world: World): Promise<void> {
    await taken(world);
    await world.advance(60_000);
  }

  test("leaves ours unknown when the other came after our claim: either may be the one", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "drop" });
    const answer = bot.latch.submit(own);
    await world.rest();
    await taken(world);
    expect(await world.drive(answer)).toMatchObject({ status: "PENDING", phase: "unknown" });
    await world.advance(60_000);
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", brokerOrderId: null });
    expect(await world.submit(bot, own)).toMatchObject({ status: "PENDING" });
    expect(world.posts()).toHaveLength(2);
  });

  test("is refused as the broker refuses it, and the other order is not taken for ours", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await takenBefore(world);
    expect(await world.submit(bot, own)).toMatchObject({ code: "refused_by_broker" });
    expect(world.theClaim()).toMatchObject({ outcome: "rejected", brokerOrderId: null });
  });

  test("ends the same way when our first try never left", async () => {
    const world = await openWorld();
    const bot = await world.open();
    bot.gate = () => refused();
    await world.submit(bot, own);
    bot.gate = () => "pass";
    await takenBefore(world);
    expect(await world.submit(bot, own)).toMatchObject({ code: "refused_by_broker" });
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "rejected" });
  });

  test("does not leave an order unknown for ever whose answer was lost", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await takenBefore(world);
    world.fault({ kind: "drop" });
    expect(await world.submit(bot, own)).toMatchObject({ status: "PENDING" });
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "absent", brokerOrderId: null });
    expect(await world.submit(bot, own)).toMatchObject({ code: "refused_by_broker" });
    expect(world.orders()).toHaveLength(1);
  });
});
