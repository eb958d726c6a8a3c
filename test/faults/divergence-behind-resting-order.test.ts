/** A difference in a symbol in which a GTC order of ours rests for weeks. */
import { expect, test } from "vitest";
import { HELD, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, cancel, orderByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const STOP = { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" } as const;

test("shares sold by hand beside it are found, and it goes on to hold its own", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  await world.send(sidecar, { ...STOP, qty: "4" });
  await orderByHand(world, { ...SELL, qty: "2" });
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual(["quantity adopted venue"]);
  expect(await bookRecord(sidecar)).toBe("4 less 4");
  expect((await world.send(sidecar, { ...SELL, qty: "1" })).status).toBe(403);
  expect(sentOrders(world)).toHaveLength(1);

  world.simulator.setPrice("TQQQ", "59");
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(brokerOrders(world)).toEqual(["sell 4 filled 4", "sell 2 filled 2"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 4 filled venue"]);
});

test("a position that is gone from under it is found, and an entry is free at once", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const stop = await world.send(sidecar, STOP);
  world.simulator.setPositions([{ symbol: "TQQQ", quantity: "0", averagePrice: "70" }]);
  expect(await sidecar.started.latch.entryCheck("TQQQ")).toMatchObject({ isFree: true });
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual(["phantom adopted venue"]);
  const [told] = await sidecar.started.latch.incidents();
  expect(told?.resolution?.reason).toContain("exits at work are for 6: cancel what is not wanted");
  expect(await bookRecord(sidecar), "the order at the broker is as it was").toBe("0 less 6");
  expect(await claimRecord(sidecar)).toEqual(["sell 6 IN_RECONCILIATION"]);
  expect(sentOrders(world)).toHaveLength(1);
  expect(await cancel(world, sidecar, stop.body.id)).toBe(204);
  await world.advance(5_000);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(brokerOrders(world)).toEqual(["sell 6 canceled 0"]);
});
