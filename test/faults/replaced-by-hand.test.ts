/** An order of ours that a person replaces in the broker's own page. */
import { expect, test } from "vitest";
import { HELD, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, cancelByHand, replaceByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const EXIT = { ...SELL, type: "limit", limit_price: "80" } as const;

async function working() {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const { id } = (await world.send(sidecar, EXIT)).body as { id: string };
  await world.advance(3_000);
  return { world, sidecar, id };
}

test("is followed to the new order, which is what a repeat of the exit gets", async () => {
  const { world, sidecar, id } = await working();
  const next = await replaceByHand(world, id, { limit_price: "79" });
  await world.advance(20_000);
  const repeat = await world.send(sidecar, EXIT);
  expect(repeat).toMatchObject({ status: 200, body: { id: next, limit_price: "79" } });
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  expect(sentOrders(world)).toHaveLength(1);
  world.simulator.setPrice("TQQQ", "79");
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 replaced 0", "sell 6 filled 6"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
  expect(sentOrders(world)).toHaveLength(1);
});

test("leaves free what the new order no longer sells, and all of it once that is canceled", async () => {
  const { world, sidecar, id } = await working();
  const next = await replaceByHand(world, id, { qty: "4" });
  await world.advance(20_000);
  expect(await bookRecord(sidecar)).toBe("6 less 4");
  expect((await world.send(sidecar, { ...EXIT, qty: "2" })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
  await cancelByHand(world, next);
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe("6 less 2");
  expect(await claimRecord(sidecar)).toEqual(["sell 6 canceled venue", "sell 2 IN_RECONCILIATION"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
});
