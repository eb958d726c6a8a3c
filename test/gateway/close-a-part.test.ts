import { describe, expect, test } from "vitest";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import { CLOSE, LONG, OPEN, openWorld, refused, type World } from "./world.ts";

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
  const positions = [{ symbol: "TQQQ", quantity: "8", averagePrice: "70" }];
  const world = await openWorld({ positions });
  const bot = await world.open();
  await world.submit(bot, HALF);
  await world.untilSettled();
  await world.advance(60_000);
  expect(await world.submit(bot, HALF)).toMatchObject({ status: "PROCEED" });
  await world.untilSettled();
  expect(world.book().net).toBe("2");
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

const TEN = { positions: [{ symbol: "TQQQ", quantity: "10", averagePrice: "70" }] };

/** What was sent, such as `sell 10`. */
function sent(world: World): string[] {
  return world.posts().map(({ body }) => {
    const { side, qty } = body as { side: string; qty: string };
    return `${side} ${qty}`;
  });
}

describe.each([
  ["without a name", {}],
  ["under a request id", { requestId: "exit-1" }],
  ["under an anchor", { anchor: { episode: 1, leg: "stop" } }],
] as const)("a close of a part %s that is opened again", (_, name) => {
  const all = { ...ALL, ...name };
  const half = { ...HALF, ...name };

  test("is of what is held by then, where its first try was never sent and the position grew", async () => {
    const world = await openWorld(TEN);
    const bot = await world.open();
    bot.gate = (method) => (method === "POST" ? refused() : "pass");
    expect(await world.submit(bot, all)).toMatchObject({ code: "not_sent" });
    bot.gate = () => "pass";
    await world.submit(bot, { ...OPEN, requestId: "entry" });
    await world.untilSettled();
    expect(world.book().net).toBe("16");
    await world.submit(bot, all);
    await world.untilSettled();
    expect(sent(world)).toEqual(["buy 6", "sell 16"]);
    expect(world.book().net).toBe("0");
  });

  test("sends what it reserves, where its first try was never sent and the position shrank", async () => {
    const world = await openWorld(TEN);
    const bot = await world.open();
    bot.gate = (method) => (method === "POST" ? refused() : "pass");
    await world.submit(bot, half);
    bot.gate = () => "pass";
    await world.submit(bot, { ...CLOSE, quantity: "4", requestId: "part" });
    await world.untilSettled();
    await world.submit(bot, half);
    await world.untilSettled();
    expect(sent(world)).toEqual(["sell 4", "sell 3"]);
    expect(world.book().net).toBe("3");
  });

  test("is of what is held by then, where its first try was proved absent", async () => {
    const world = await openWorld(TEN);
    const bot = await world.open();
    world.fault({ kind: "drop" }, { nth: 1 });
    await world.submit(bot, all);
    await world.advance(40_000);
    await world.submit(bot, { ...CLOSE, quantity: "4", requestId: "part" });
    await world.untilSettled();
    await world.submit(bot, all);
    await world.untilSettled();
    expect(sent(world).at(-1)).toBe("sell 6");
    expect(world.book().net).toBe("0");
  });
});

test("a close of all that was refused for want of shares sells what a person has left", async () => {
  const world = await openWorld(TEN);
  const bot = await world.open();
  const url = `${world.simulator.url}/v2/orders`;
  const byHand = { symbol: "TQQQ", side: "sell", qty: "6", type: "market", time_in_force: "day" };
  const headers = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" };
  await fetch(url, { method: "POST", headers, body: JSON.stringify(byHand) });
  const exit = { ...ALL, anchor: { episode: 1, leg: "stop" } };
  expect(await world.submit(bot, exit)).toMatchObject({ status: "BLOCKED" });
  await world.advance(60_000);
  expect(world.book().net).toBe("4");
  expect(await world.submit(bot, exit)).toMatchObject({ status: "PROCEED" });
  await world.untilSettled();
  expect(sent(world)).toEqual(["sell 6", "sell 10", "sell 4"]);
  expect(world.book().net).toBe("0");
});

test("a part that comes to no whole share is refused for certain, and nothing is sent", async () => {
  const one = { positions: [{ symbol: "TQQQ", quantity: "1", averagePrice: "70" }] };
  const world = await openWorld(one);
  const bot = await world.open();
  expect(await world.submit(bot, { ...HALF, requestId: "half" })).toMatchObject({
    ...{ status: "BLOCKED", code: "part_too_small" },
    message: "qty must be > 0; 50% of 1 TQQQ, rounded down, is 0",
  });
  expect(sent(world)).toEqual([]);
  await world.submit(bot, { ...OPEN, requestId: "entry" });
  await world.untilSettled();
  await world.submit(bot, { ...HALF, requestId: "half" });
  expect(sent(world)).toEqual(["buy 6", "sell 3"]);
});

test("nor is it said while an entry without an answer may have bought more", async () => {
  const one = { positions: [{ symbol: "TQQQ", quantity: "1", averagePrice: "70" }] };
  const world = await openWorld(one);
  const bot = await world.open();
  world.fault({ kind: "drop" }, { nth: 1 });
  const entry = await world.submit(bot, OPEN);
  expect(await world.submit(bot, HALF)).toMatchObject({
    ...{ status: "BLOCKED", code: "not_sent", cause: { requestId: entry.requestId } },
  });
});
