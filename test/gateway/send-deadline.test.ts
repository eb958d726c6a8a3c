import { describe, expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld } from "./world.ts";

describe.each([
  ["entry", OPEN, {}],
  ["exit", CLOSE, LONG],
] as const)("an %s whose process stood still past the send deadline", (_, intent, options) => {
  test("is not sent, and the same intent may come again", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    const answer = bot.latch.submit(intent);
    // The claim is queued and carries the time from before the pause.
    bot.clock.advanceTo(bot.clock.now() + 5_000);
    const blocked = await world.drive(answer);
    expect(blocked).toMatchObject({ status: "BLOCKED", code: "not_sent" });
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "not_sent" });
    expect(world.posts()).toEqual([]);
    await world.advance(5_000);
    expect(await world.submit(bot, intent)).toMatchObject({
      status: "PROCEED",
      requestId: blocked.requestId,
    });
    expect(world.posts()).toHaveLength(1);
  });

  test("is sent when the pause ends a millisecond before it", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    const answer = bot.latch.submit(intent);
    bot.clock.advanceTo(bot.clock.now() + 4_999);
    await world.rest();
    expect(await answer).toMatchObject({ status: "PROCEED" });
    await world.advance(5_000);
  });

  test("is not sent after a fresh read that took too long", async () => {
    const world = await openWorld(options);
    const bot = await world.open({ sendDeadlineMs: 2_000 });
    world.fault({ kind: "drop" });
    await world.submit(bot, intent);
    await world.untilSettled();
    world.simulator.addFaults([
      { match: { method: "GET" }, fault: { kind: "slow", delayMs: 2_000 } },
    ]);
    expect(await world.submit(bot, intent)).toMatchObject({ status: "BLOCKED", code: "not_sent" });
    expect(world.posts()).toHaveLength(1);
  });
});
