import { describe, expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, type World } from "./world.ts";

const MISMATCH = {
  kind: "refuse",
  status: 422,
  code: 42210000,
  message: "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
} as const;
const NO_SHARES = {
  kind: "refuse",
  status: 403,
  code: 40310000,
  message: "insufficient qty available for order (requested: 6, available: 0)",
} as const;
const NO_POSITION = {
  kind: "refuse",
  status: 404,
  code: 40410000,
  message: "position does not exist",
} as const;

function expectLatched(world: World): void {
  const [claim] = world.claims();
  expect(claim).toMatchObject({ status: "IN_RECONCILIATION", outcome: null });
  expect(world.book().reservations).toMatchObject([{ quantity: "6" }]);
}

describe.each([
  ["422", MISMATCH],
  ["403", NO_SHARES],
  ["404", NO_POSITION],
])("an exit that the broker refuses with %s", (_, refusal) => {
  test("is a question: blocked, in reconciliation, its shares reserved", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    world.fault(refusal);
    expect(await world.submit(bot, CLOSE)).toMatchObject({
      status: "BLOCKED",
      code: "refused_by_broker",
      refusal: { httpStatus: refusal.status, message: refusal.message },
    });
    expectLatched(world);
    await world.advance(8_000);
    expectLatched(world);
    await world.advance(12_000);
    expect(world.claims()[0]).toMatchObject({ status: "SETTLED", outcome: "rejected" });
    expect(world.book()).toMatchObject({ net: "6", reservations: [] });
    expect(world.posts()).toHaveLength(1);
  });

  test("is not sent again by ten repeats from two processes, who hear why", async () => {
    const world = await openWorld(LONG);
    const bots = [await world.open(), await world.open()] as const;
    world.fault(refusal);
    const first = await world.submit(bots[0], CLOSE);
    for (let repeat = 0; repeat < 10; repeat += 1) {
      const bot = repeat % 2 === 0 ? bots[1] : bots[0];
      expect(await world.submit(bot, CLOSE)).toMatchObject({
        status: "BLOCKED",
        code: "exit_duplicate_after_422",
        cause: { requestId: first.requestId, agent: "momentum" },
      });
      await world.advance(700);
    }
    expect(world.posts()).toHaveLength(1);
    expect(world.claims()).toHaveLength(1);
  });

  test("does not stand in the way of a new entry in the same symbol", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    world.fault(refusal);
    await world.submit(bot, CLOSE);
    expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PROCEED" });
    await world.advance(4_000);
    expect(world.book().net).toBe("12");
    expectLatched(world);
    expect(world.posts()).toHaveLength(2);
  });

  test("keeps its shares from another agent's exit", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const other = await world.open({ agent: "other" });
    world.fault(refusal);
    const first = await world.submit(bot, CLOSE);
    expect(await world.submit(other, { ...CLOSE, quantity: "1" })).toMatchObject({
      status: "BLOCKED",
      code: "insufficient_quantity",
      availableQuantity: "0",
      cause: { requestId: first.requestId, agent: "momentum" },
    });
    expect(world.posts()).toHaveLength(1);
  });

  test("stays latched after a restart, until the verdict permits one more try", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    world.fault(refusal);
    await world.submit(bot, CLOSE);
    await bot.latch.close();
    bot.runs = false;
    const next = await world.open();
    await world.advance(5_000);
    expect(await world.submit(next, CLOSE)).toMatchObject({ code: "exit_duplicate_after_422" });
    expect(world.posts()).toHaveLength(1);
    await world.advance(15_000);
    expect(await world.submit(next, CLOSE)).toMatchObject({ status: "PROCEED" });
  });
});
