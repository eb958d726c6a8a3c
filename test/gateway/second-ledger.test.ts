/** A ledger that begins anew in front of an account that has a history. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { CLOSE, OPEN, openWorld } from "./world.ts";

const EXIT = { ...CLOSE, anchor: { episode: 1, leg: "stop" } };

/** A position was bought and sold by a bot whose ledger is gone. */
async function withHistory() {
  const world = await openWorld();
  const bot = await world.open();
  await world.submit(bot, OPEN);
  await world.advance(10_000);
  await world.submit(bot, EXIT);
  await world.advance(60_000);
  bot.runs = false;
  const store = join(world.store, "../second.db");
  const other = await world.open({ store, agent: "momentum" });
  await world.advance(60_000);
  return { world, other };
}

test("an order that nothing names is sent, and is no order of the ledger before", async () => {
  const { world, other } = await withHistory();
  expect(await world.submit(other, OPEN)).toMatchObject({ status: "PROCEED" });
  await world.advance(10_000);
  expect(world.orders()).toHaveLength(3);
}, 60_000);

test("an exit under a life's number is sent, and is not told of one of the ledger before", async () => {
  const { world, other } = await withHistory();
  await world.submit(other, OPEN);
  await world.advance(10_000);
  expect(await world.submit(other, EXIT)).toMatchObject({ status: "BLOCKED" });
  expect(await world.submit(other, EXIT)).toMatchObject({ status: "PROCEED" });
  await world.advance(10_000);
  expect(world.orders()).toHaveLength(4);
}, 60_000);
