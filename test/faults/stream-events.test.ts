/** Trade updates that come twice, not at all, in the wrong order, or not after a cut. */
import { expect, test } from "vitest";
import { ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

test.each([
  ["come twice", "event_repeated"],
  ["are lost", "event_lost"],
  ["come in the wrong order", "event_reordered"],
  ["end with the connection, again and again", "stream_cut"],
] as const)("fills are booked once where updates %s", async (_, kind) => {
  const world = await openOrderWorld({ scriptedFills: true }, { hearsStream: true });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  await world.advance(2_000);
  world.simulator.addFaults([{ match: {}, fault: { kind }, times: 1_000 }]);
  const entry = await world.send(sidecar, ORDER);
  for (const quantity of ["1", "2", "3"]) {
    world.simulator.fill({ orderId: entry.body.id, quantity });
  }
  await world.advance(5_000);
  expect(await bookRecord(sidecar)).toBe("6");
  const exit = await world.send(sidecar, { ...SELL, qty: "4" });
  world.simulator.fill({ orderId: exit.body.id, quantity: "1" });
  world.simulator.fill({ orderId: exit.body.id, quantity: "3" });
  await world.advance(5_000);
  expect(await bookRecord(sidecar)).toBe("2");
  expect(sentOrders(world)).toHaveLength(2);

  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["buy 6 filled 6", "sell 4 filled 4"]);
  expect(await claimRecord(sidecar)).toEqual(["buy 6 filled venue", "sell 4 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
});
