/** How long a close waits for an open that nobody knows of, and what it goes by then. */
import { expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, type World } from "./world.ts";

const ALL = { symbol: "TQQQ", portion: "all" } as const;
const ENTRY = { ...OPEN, requestId: "entry" } as const;
const WAIT_MS = 2_000;

/** The POST of the open takes so long, and nothing is known of it before. */
function slowOpen(world: World, delayMs: number): void {
  world.fault({ kind: "slow", delayMs }, { side: "buy" });
}

test("a close of all waits for an open that another process sends, and closes what that has filled", async () => {
  const world = await openWorld(LONG);
  const [a, b] = [await world.open(), await world.open({ agent: "other" })];
  slowOpen(world, 1_000);
  const entry = a.latch.submit(ENTRY);
  await world.advance(100);
  const answer = await world.submit(b, ALL);
  expect(answer).toMatchObject({ status: "PROCEED", order: { quantity: "12" } });
  expect(await entry).toMatchObject({ status: "PROCEED" });
  await world.untilSettled();
  expect(world.simulator.positions()).toEqual([]);
});

test("a close waits no longer than waitMs, and leaves nothing behind but a note", async () => {
  const world = await openWorld();
  const bot = await world.open({ waitMs: WAIT_MS });
  slowOpen(world, 2 * WAIT_MS);
  const entry = bot.latch.submit(ENTRY);
  await world.advance(100);
  const sentAt = world.now();
  expect(await world.submit(bot, CLOSE)).toMatchObject({
    ...{ status: "BLOCKED", code: "not_sent", requestId: null },
    cause: { agent: "momentum", requestId: "entry" },
  });
  expect(world.now() - sentAt).toBe(WAIT_MS);
  expect(await world.drive(entry)).toMatchObject({ status: "PENDING" });
  expect((await bot.latch.claims()).claims).toHaveLength(1);
  expect(await world.eventTypes(bot)).toContain("intent_blocked");
  await world.untilSettled();
  expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
});

test("a close of what another order has filled meanwhile does not wait", async () => {
  const world = await openWorld();
  const [a, b] = [await world.open(), await world.open({ agent: "other" })];
  await world.submit(a, OPEN);
  slowOpen(world, 5_000);
  const entry = b.latch.submit(ENTRY);
  await world.advance(100);
  expect(await b.latch.claim("entry")).toMatchObject({ status: "OPEN" });
  const sentAt = world.now();
  expect(await world.submit(a, CLOSE)).toMatchObject({ status: "PROCEED" });
  expect(world.now() - sentAt).toBeLessThan(1_000);
  await world.drive(entry);
});

test("a close waits for each of two opens in turn", async () => {
  const world = await openWorld();
  const [a, b] = [await world.open(), await world.open({ agent: "other" })];
  slowOpen(world, 1_000);
  world.fault({ kind: "slow", delayMs: 2_000 }, { side: "buy", nth: 2 });
  const entries = Promise.all([a.latch.submit(ENTRY), b.latch.submit({ ...ENTRY, quantity: "4" })]);
  await world.advance(100);
  const answer = await world.submit(a, ALL);
  expect(answer).toMatchObject({ status: "PROCEED", order: { quantity: "10" } });
  expect((await entries).map(({ status }) => status)).toEqual(["PROCEED", "PROCEED"]);
});

test("a close behind an open that is refused is told that nothing is held", async () => {
  const world = await openWorld();
  const bot = await world.open();
  world.fault({ kind: "rate_limited", retryAfterSeconds: 1 });
  world.fault({
    kind: "refuse",
    status: 403,
    code: 40310000,
    message: "insufficient buying power",
  });
  const entry = bot.latch.submit(ENTRY);
  await world.advance(100);
  expect(await bot.latch.claim("entry")).toMatchObject({ status: "OPEN" });
  const answer = await world.submit(bot, ALL);
  expect(answer).toMatchObject({ status: "BLOCKED", code: "close_while_flat" });
  expect(await entry).toMatchObject({ code: "refused_by_broker" });
});
