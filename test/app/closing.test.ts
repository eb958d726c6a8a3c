import { describe, expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, refused } from "../gateway/world.ts";

describe("closing a latch", () => {
  test("in the middle of a POST answers PENDING, and the next start finds the order", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "accept_then_hang" });
    const answer = bot.latch.submit(OPEN);
    await world.rest();
    await bot.latch.close();
    expect(await answer).toMatchObject({ status: "PENDING" });
    expect(bot.clock.nextWakeAt()).toBeUndefined();
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", told: "pending" });
    bot.runs = false;
    const next = await world.open();
    await next.latch.tick();
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "filled" });
    expect(world.posts()).toHaveLength(1);
  });

  test("before a try could leave concludes that nothing was sent", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    bot.gate = () => refused();
    const answer = bot.latch.submit(CLOSE);
    await world.rest();
    await bot.latch.close();
    expect((await answer).status).not.toBe("PROCEED");
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "not_sent" });
    expect(world.book().reservations).toEqual([]);
  });

  test("answers those who wait for another's order, and leaves it as it is", async () => {
    const world = await openWorld();
    const [owner, other] = [await world.open(), await world.open()];
    world.fault({ kind: "slow", delayMs: 4_000 });
    const first = owner.latch.submit(OPEN);
    await world.rest();
    const second = other.latch.submit(OPEN);
    await world.rest();
    await other.latch.close();
    expect(await second).toMatchObject({ status: "PENDING", phase: "in_flight" });
    other.runs = false;
    expect(await world.drive(first)).toMatchObject({ status: "PROCEED" });
  });

  test("in the middle of reads ends them, and drops nothing that was known", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "drop" });
    await world.submit(bot, OPEN);
    world.simulator.addFaults([
      { match: { method: "GET" }, fault: { kind: "slow", delayMs: 60_000 }, times: 5 },
    ]);
    await world.advance(4_000);
    const tick = bot.latch.tick();
    await bot.latch.close();
    await tick;
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION" });
    expect(world.theClaim().notFound?.count).toBeGreaterThan(0);
    expect(bot.clock.nextWakeAt()).toBeUndefined();
    expect(world.log.join("")).not.toContain("could not be followed");
  });

  test("lets a round that is under way come to its end", async () => {
    const world = await openWorld();
    const dead = await world.open();
    dead.gate = (method) => (method === "POST" ? "lost" : "pass");
    for (const quantity of ["1", "2", "3"]) void dead.latch.submit({ ...OPEN, quantity });
    await world.rest();
    dead.runs = false;
    await world.advance(20_000);
    const bot = await world.open();
    const round = bot.latch.tick();
    await bot.latch.close();
    await round;
    bot.runs = false;
    expect(world.claims().map(({ status }) => status)).toEqual(Array(3).fill("IN_RECONCILIATION"));
  });

  test("writes the answers that are still in memory", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, OPEN);
    await world.submit(bot, OPEN);
    await bot.latch.close();
    const again = await world.open();
    expect(await world.eventTypes(again)).toContain("repeat_answered");
  });

  test("refuses what comes afterwards, and may be done twice", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const closing = bot.latch.close();
    await expect(bot.latch.submit(OPEN)).rejects.toMatchObject({ code: "store_closed" });
    await Promise.all([closing, bot.latch.close()]);
    await expect(bot.latch.submit(OPEN)).rejects.toMatchObject({ code: "store_closed" });
    await expect(bot.latch.tick()).rejects.toMatchObject({ code: "store_closed" });
    expect(world.claims()).toEqual([]);
    bot.runs = false;
  });
});
