import { expect, onTestFinished, test } from "vitest";
import { Database } from "../sqlite-database.ts";
import { CrashWorld } from "./crash-world.ts";

test("a start while another process holds the ledger waits for it, and sends nothing meanwhile", async () => {
  const world = await CrashWorld.open();
  onTestFinished(() => world.close());
  const first = await world.program();
  const known = world.order("its own id");
  const given = await world.insist(first, known);
  await first.kill();
  // As a sidecar would that stands still in the midst of a transaction.
  const other = new Database(world.store);
  onTestFinished(() => void other.close());
  other.exec("BEGIN IMMEDIATE");
  const second = world.begin();
  await second.untilSaid(/No orders yet[^\n]*SQLITE_BUSY/);
  const newcomer = world.order("no id");
  const refused = await second.send(newcomer);
  // Whether it was asked before or behind the store's own wait for the lock.
  const either = expect.stringMatching(/^(store_busy|not_started)$/);
  expect(refused).toMatchObject({ status: 409, body: { tradelatch: { error: either } } });
  expect(world.posts(newcomer)).toEqual([]);
  other.exec("ROLLBACK");
  await second.untilSaid(/Claims picked up[^\n]*\n/);
  expect(await second.send(known)).toMatchObject({ status: 200, body: { id: given.body.id } });
  expect((await world.insist(second, newcomer)).status).toBe(200);
  expect(world.posts(newcomer)).toHaveLength(1);
  await world.verify();
});
