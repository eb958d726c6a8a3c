import { describe, expect, test } from "vitest";
import { anchored, CLOSE, LONG, OPEN, openWorld, refused } from "./world.ts";

describe("a close right after its open", () => {
  test("goes through although nobody has polled the open's fill yet", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, OPEN);
    expect(world.book().net).toBe("0");
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.book()).toMatchObject({ net: "0", episode: 1 });
    expect(world.posts()).toHaveLength(2);
    expect(world.simulator.positions()).toEqual([]);
  });

  test("goes through from another process", async () => {
    const world = await openWorld();
    const [a, b] = [await world.open(), await world.open()];
    await world.submit(a, OPEN);
    expect(await world.submit(b, CLOSE)).toMatchObject({ status: "PROCEED" });
    expect(world.posts()).toHaveLength(2);
  });

  test("is reopened against fills that nobody has polled", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const exit = { ...CLOSE, anchor: { episode: 1, leg: "stop" } };
    bot.gate = () => refused();
    await world.submit(bot, exit);
    bot.gate = () => "pass";
    await world.submit(bot, { ...CLOSE, requestId: "by hand" });
    await world.advance(2_000);
    expect(world.book().net).toBe("0");
    await world.submit(bot, OPEN);
    expect(await world.submit(bot, exit)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.simulator.positions()).toEqual([]);
    expect(world.book().net).toBe("0");
  });

  test("is no repeat of an equal one that sold what was held before it", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, CLOSE);
    await world.advance(2_000);
    await world.submit(bot, OPEN);
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.posts()).toHaveLength(3);
    expect(world.simulator.positions()).toEqual([]);
  });

  test("is refused while the open has not filled, and nothing is sent", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "60" });
    expect(await world.submit(bot, CLOSE)).toMatchObject({ code: "close_while_flat", cause: null });
    expect(world.posts()).toHaveLength(1);
  });

  test("closes what has filled of it, and no more", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "partial_fill", quantity: "2", rest: "script" });
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "76" });
    // Above the rest of the entry: the broker lets no order meet the account's own.
    const exit = { ...CLOSE, type: "limit", limitPrice: "80" } as const;
    expect(await world.submit(bot, exit)).toMatchObject({ code: "close_crosses_zero" });
    expect(world.book().net).toBe("2");
    expect(await world.submit(bot, { ...exit, quantity: "2" })).toMatchObject({
      status: "PROCEED",
    });
    expect(world.posts()).toHaveLength(2);
  });
});

describe("a close while flat", () => {
  test("is blocked with the claim that closed the position as the cause", async () => {
    const world = await openWorld(LONG);
    const [a, b] = [await world.open(), await world.open({ agent: "other" })];
    const first = await world.submit(a, CLOSE);
    await world.advance(2_000);
    expect(await world.submit(b, CLOSE)).toMatchObject({
      status: "BLOCKED",
      code: "close_while_flat",
      requestId: null,
      cause: { agent: "momentum", requestId: first.requestId },
    });
    expect(world.posts()).toHaveLength(1);
    expect(await world.eventTypes(b)).toContain("intent_blocked");
  });

  test("is blocked by the fill of a close that nobody has polled yet", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const first = await world.submit(bot, CLOSE);
    expect(await world.submit(bot, { ...CLOSE, quantity: "5" })).toMatchObject({
      code: "close_while_flat",
      cause: { requestId: first.requestId },
    });
    expect(world.posts()).toHaveLength(1);
  });
});

describe("exits of the same shares", () => {
  test("of different size at once cannot sell more than is held", async () => {
    const world = await openWorld(LONG);
    const bots = [await world.open(), await world.open()] as const;
    world.simulator.setPrice("TQQQ", "75");
    const limit = { ...CLOSE, type: "limit", limitPrice: "80" } as const;
    const answers = await world.drive(
      Promise.all([
        bots[0].latch.submit({ ...limit, quantity: "4" }),
        bots[1].latch.submit({ ...limit, quantity: "5" }),
      ]),
    );
    const sent = answers.filter(({ status }) => status === "PROCEED");
    const blocked = answers.filter(({ status }) => status === "BLOCKED");
    expect(sent).toHaveLength(1);
    expect(blocked).toMatchObject([
      { code: "insufficient_quantity", cause: { requestId: sent[0]?.requestId } },
    ]);
    expect(world.posts()).toHaveLength(1);
    world.simulator.setPrice("TQQQ", "81");
    await world.untilSettled();
    expect(["1", "2"]).toContain(world.book().net);
  });

  test("that are equal and minutes apart both go", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const half = { ...CLOSE, quantity: "3" };
    expect(await world.submit(bot, half)).toMatchObject({ status: "PROCEED" });
    await world.advance(2 * 60_000);
    expect(await world.submit(bot, half)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.book().net).toBe("0");
    expect(world.posts()).toHaveLength(2);
  });

  test("that would cross through zero is blocked and never sent", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    expect(await world.submit(bot, { ...CLOSE, quantity: "7" })).toMatchObject({
      code: "close_crosses_zero",
    });
    expect(world.posts()).toEqual([]);
  });
});

describe("an entry on the other side", () => {
  test("is blocked while shorts are off, without any read", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const readsBefore = world.simulator.requests().length;
    expect(await world.submit(bot, { ...OPEN, side: "sell" })).toMatchObject({
      code: "short_not_allowed",
    });
    expect(world.simulator.requests()).toHaveLength(readsBefore);
  });

  test("of the position is blocked, until its close is known to have filled", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open({ allowShort: true });
    const short = { ...anchored(), side: "sell" as const };
    expect(await world.submit(bot, short)).toMatchObject({ code: "open_against_position" });
    await world.submit(bot, CLOSE);
    expect(await world.submit(bot, short)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.book().net).toBe("-6");
  });
});
