import { expect, test } from "vitest";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import { LONG, OPEN, openWorld } from "./world.ts";

const HALF: IntentInput = { symbol: "TQQQ", portion: "50%" };
const ALL: IntentInput = { symbol: "TQQQ", portion: "all" };

test("half of the position is sold once, though it is asked for twice in a row", async () => {
  const world = await openWorld(LONG);
  const [a, b] = [await world.open(), await world.open()];
  const before = world.book().net;
  expect(await world.submit(a, HALF)).toMatchObject({ status: "PROCEED" });
  await world.untilSettled();
  expect(await world.submit(b, HALF)).toMatchObject({ status: "SKIP" });
  expect(world.posts()).toHaveLength(1);
  expect(Number(world.book().net)).toBe(Number(before) / 2);
  expect(world.posts()[0]?.body).toMatchObject({ position_intent: "sell_to_close" });
});

test("half of the position is half of what is held now, also of fills nobody has polled", async () => {
  const world = await openWorld();
  const bot = await world.open();
  await world.submit(bot, OPEN);
  await world.untilSettled();
  await world.advance(60_000);
  await world.submit(bot, OPEN);
  await world.submit(bot, HALF);
  await world.untilSettled();
  expect(world.book().net).toBe("6");
});

test("later, half of the rest is another action", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  const before = Number(world.book().net);
  await world.submit(bot, HALF);
  await world.untilSettled();
  await world.advance(60_000);
  expect(await world.submit(bot, HALF)).toMatchObject({ status: "PROCEED" });
  await world.untilSettled();
  expect(Number(world.book().net)).toBe(before / 4);
});

test("half of it under a request id stays that one close, whatever is held by then", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  const half = { ...HALF, requestId: "half" };
  await world.submit(bot, half);
  await world.untilSettled();
  await world.advance(60_000);
  expect(await world.submit(bot, half)).toMatchObject({ status: "SKIP" });
  expect(await world.submit(bot, { ...half, portion: "all" })).toMatchObject({
    code: "fingerprint_mismatch",
  });
  expect(world.posts()).toHaveLength(1);
});

test("all of a position is closed once, and then there is nothing to close", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  const first = await world.submit(bot, ALL);
  await world.untilSettled();
  expect(await world.submit(bot, ALL)).toMatchObject({ status: "SKIP" });
  await world.advance(60_000);
  expect(await world.submit(bot, ALL)).toMatchObject({
    code: "close_while_flat",
    cause: { requestId: first.requestId },
  });
  expect(world.simulator.positions()).toEqual([]);
  expect(world.posts()).toHaveLength(1);
});

test("all of a short position is bought back", async () => {
  const short = [{ symbol: "TQQQ", quantity: "-6", averagePrice: "75" }];
  const world = await openWorld({ positions: short });
  const bot = await world.open();
  expect(await world.submit(bot, ALL)).toMatchObject({ status: "PROCEED" });
  expect(world.posts()[0]?.body).toMatchObject({ side: "buy", position_intent: "buy_to_close" });
});
