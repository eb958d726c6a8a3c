import { describe, expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld } from "./world.ts";

const BY_ID = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;

describe.each([
  ["entry", OPEN, {}, "6"],
  ["exit", CLOSE, LONG, "0"],
] as const)("an %s that meets the broker's rate limit", (_, intent, options, net) => {
  test("is sent again after the pause, once a look-up finds nothing", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    const sentAt = world.now();
    world.fault({ kind: "rate_limited", retryAfterSeconds: 2 });
    expect(await world.submit(bot, intent)).toMatchObject({ status: "PROCEED" });
    expect(world.now() - sentAt).toBe(2_000);
    const [first, second] = world.posts();
    const looks = world.reads(BY_ID.path);
    expect(world.posts()).toHaveLength(2);
    expect(looks).toHaveLength(1);
    expect(looks[0]?.sequence).toBeGreaterThan(first?.sequence ?? 0);
    expect(looks[0]?.sequence).toBeLessThan(second?.sequence ?? 0);
    await world.untilSettled();
    expect(world.orders()).toHaveLength(1);
    expect(world.book().net).toBe(net);
  });

  test("is not sent when the pause would pass the send deadline, and may be repeated", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    world.fault({ kind: "rate_limited", retryAfterSeconds: 30 });
    const answer = await world.submit(bot, intent);
    expect(answer).toMatchObject({ status: "BLOCKED", code: "not_sent" });
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "not_sent" });
    expect(world.book().reservations).toEqual([]);
    expect(world.posts()).toHaveLength(1);
    await world.advance(30_000);
    expect(await world.submit(bot, intent)).toMatchObject({
      status: "PROCEED",
      requestId: answer.requestId,
    });
    expect(world.posts()).toHaveLength(2);
    expect(world.orders()).toHaveLength(1);
  });

  test("is not sent in the end when the limit outlasts the send deadline", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    world.fault({ kind: "rate_limited", retryAfterSeconds: 1 }, {}, 10);
    expect(await world.submit(bot, intent)).toMatchObject({ code: "not_sent" });
    expect(world.posts()).toHaveLength(5);
    expect(world.orders()).toEqual([]);
  });

  test("becomes unknown when the look-up before the repeat proves nothing", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    world.fault({ kind: "rate_limited", retryAfterSeconds: 1 });
    world.simulator.addFaults([{ match: BY_ID, fault: { kind: "drop" }, times: 1 }]);
    expect(await world.submit(bot, intent)).toMatchObject({ status: "PENDING", phase: "unknown" });
    expect(world.posts()).toHaveLength(1);
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "absent" });
  });

  test("was processed after all: the look-up finds it, and nothing is repeated", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    const limited = { status: 429, headers: { "retry-after": "1" } };
    bot.answered = (method, answer) =>
      method === "POST" ? Response.json({ message: "too many requests." }, limited) : answer;
    const answer = await world.submit(bot, intent);
    expect(answer).toMatchObject({ status: "PROCEED" });
    expect(world.theClaim()).toMatchObject({ told: "certain" });
    expect(world.posts()).toHaveLength(1);
    await world.untilSettled();
    expect(world.orders()).toHaveLength(1);
    expect(world.book().net).toBe(net);
  });
});
