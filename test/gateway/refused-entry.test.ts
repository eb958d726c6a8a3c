import { describe, expect, test } from "vitest";
import { anchored, CLOSE, LONG, OPEN, openWorld } from "./world.ts";

const NO_MONEY = {
  kind: "refuse",
  status: 403,
  code: 40310000,
  message: "insufficient buying power",
} as const;

describe("an entry that the broker refuses for certain", () => {
  test.each([
    [403, 40310000, "insufficient buying power"],
    [422, 42210000, "qty must be > 0"],
    [404, 40410000, "asset not found for TQQQ"],
    [401, undefined, "unauthorized."],
    [403, undefined, "forbidden."],
  ])("with %i (%s) is over, and its caller is told in the broker's words", async (...said) => {
    const [status, code, message] = said;
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "refuse", status, message, ...(code === undefined ? {} : { code }) });
    const answer = await world.submit(bot, OPEN);
    expect(answer).toMatchObject({ status: "BLOCKED", code: "refused_by_broker" });
    expect(answer).toMatchObject({ refusal: { httpStatus: status, message } });
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "rejected" });
    expect(world.posts()).toHaveLength(1);
    expect(world.orders()).toEqual([]);
  });

  test("is another order the next time, when it has no anchor", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault(NO_MONEY);
    await world.submit(bot, OPEN);
    expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PROCEED" });
    expect(world.claims().map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(world.posts()).toHaveLength(2);
  });

  test("is a second attempt under a new client_order_id, when it has one", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault(NO_MONEY);
    const first = await world.submit(bot, anchored());
    const second = await world.submit(bot, anchored());
    expect(second).toMatchObject({ status: "PROCEED", requestId: first.requestId });
    expect(world.theClaim()).toMatchObject({ attempt: 2, fencing: 2 });
    expect(world.theClaim().clientOrderId).toMatch(/-2$/);
    await world.untilSettled();
    expect(world.orders()).toHaveLength(1);
    expect(world.book().net).toBe("6");
  });

  test("gives its receipt to a repeat under the same explicit id", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault(NO_MONEY);
    await world.submit(bot, { ...OPEN, requestId: "r1" });
    expect(await world.submit(bot, { ...OPEN, requestId: "r1" })).toMatchObject({
      status: "SKIP",
      receipt: { outcome: "rejected" },
    });
    expect(world.posts()).toHaveLength(1);
  });
});

describe("an exit that the broker refuses for bad credentials", () => {
  test("is over: that says nothing about the position", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    world.fault({ kind: "refuse", status: 401, message: "unauthorized." });
    expect(await world.submit(bot, CLOSE)).toMatchObject({ code: "refused_by_broker" });
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "rejected" });
    expect(world.book().reservations).toEqual([]);
  });
});
