/** An entry whose answer comes while the orders at work are read was not among them. */
import { expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, type Process, type World } from "./world.ts";

const ANSWER_MS = 600;
const READ_MS = 1_000;
const READS = { method: "GET", path: "/v2/orders*" } as const;

/** Sent, filled, and accepted only once the next look at the orders at work has begun. */
async function entryUnderWay(world: World, bot: Process) {
  world.fault({ kind: "slow", delayMs: ANSWER_MS }, { side: "buy" });
  const entry = bot.latch.submit(OPEN);
  await world.advance(100);
  world.simulator.clearFaults();
  world.simulator.addFaults([{ match: READS, fault: { kind: "slow", delayMs: READ_MS } }]);
  await world.advance(200);
  return { entry };
}

test("an exit like the one before such an entry is sent, and without a further wait", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  const { requestId } = await world.submit(bot, CLOSE);
  const page = { kind: "html", status: 502, accept: false } as const;
  world.simulator.addFaults([{ match: READS, fault: page, times: 1_000 }]);
  await world.advance(10);
  const { entry } = await entryUnderWay(world, bot);
  const askedAt = world.now();
  const exit = await world.submit(bot, CLOSE);
  expect(exit).toMatchObject({ status: "PROCEED" });
  expect(exit.requestId).not.toBe(requestId);
  expect(world.now() - askedAt).toBeLessThan(2 * READ_MS);
  expect(await world.drive(entry)).toMatchObject({ status: "PROCEED" });
  await world.advance(4_000);
  expect(world.simulator.positions()).toEqual([]);
});

test("a close is not refused for want of the shares that such an entry has bought", async () => {
  const world = await openWorld();
  const bot = await world.open();
  await world.submit(bot, { ...OPEN, quantity: "1" });
  const { entry } = await entryUnderWay(world, bot);
  expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
  await world.drive(entry);
  await world.advance(4_000);
  expect(world.simulator.positions()).toMatchObject([{ qty: "1" }]);
});
