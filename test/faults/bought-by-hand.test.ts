/** Shares that a person buys in the broker's own page, and that the bot then exits. */
import { expect, test } from "vitest";
import { ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, orderByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

test("an exit that comes too early is told why; once they are in the book they are sold, once", async () => {
  const world = await openOrderWorld();
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  await orderByHand(world, ORDER);
  const early = await world.send(sidecar, SELL);
  expect(early).toMatchObject({
    status: 403,
    body: { tradelatch: { error: "close_while_flat" } },
  });
  expect(sentOrders(world)).toEqual([]);
  await world.advance(30_000);
  expect(await incidentRecord(sidecar)).toEqual(["orphan adopted venue"]);
  expect(await bookRecord(sidecar)).toBe("6");
  const exit = await world.send(sidecar, SELL);
  expect(exit.status).toBe(200);
  await world.advance(3_000);
  expect((await world.send(sidecar, SELL)).body.id).toBe(exit.body.id);
  expect(sentOrders(world)).toHaveLength(1);
  await expectHealed(world, sidecar);
  expect(brokerOrders(world)).toEqual(["buy 6 filled 6", "sell 6 filled 6"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
});
