import { expect, test } from "vitest";
import { ORDER, openOrderWorld } from "./orders-world.ts";

test.each([
  ["while the first is on its way", 1_000],
  ["after the broker has answered the first", 10_000],
])("a client that hung up and sends again under a new id, %s, gets its order", async (_, later) => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  world.fault({ kind: "slow", delayMs: 5_000 });
  const hangUp = new AbortController();
  const first = { ...ORDER, client_order_id: "try-1" };
  const lost = world.send(sidecar, first, { signal: hangUp.signal }).catch(() => undefined);
  await world.advance(3_000);
  hangUp.abort();
  await lost;
  await world.advance(later);
  const answers = await world.insist(sidecar, { ...ORDER, client_order_id: "try-2" });
  expect(answers.at(-1)).toMatchObject({ status: 200, body: { client_order_id: "try-1" } });
  expect(world.posts()).toHaveLength(1);
  expect(world.simulator.orders()).toHaveLength(1);
});
