/** A stock split overnight: the broker's shares are twice as many, and nobody traded. */
import { expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

/** 09:29 in New York; the market opens a minute later. */
const BEFORE_OPEN = Date.parse("2026-05-21T13:29:00Z");
const SPLIT = [{ symbol: "TQQQ", quantity: "12", averagePrice: "35" }];

test("the book takes the new number over, and the next exit sells all of it", async () => {
  const world = await openOrderWorld({ ...HELD, startAt: BEFORE_OPEN });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  await world.advance(2_000);
  world.simulator.setPositions(SPLIT);
  world.simulator.setPrice("TQQQ", "37.5");
  await world.advance(40_000);
  expect(await bookRecord(sidecar)).toBe("12");
  expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ averagePrice: "35" });
  expect(await incidentRecord(sidecar)).toEqual(["quantity adopted venue"]);
  expect(sentOrders(world)).toEqual([]);

  await world.advance(20_000);
  const tooMany = await world.send(sidecar, { ...SELL, qty: "13" });
  expect(tooMany.status).toBe(403);
  expect((await world.send(sidecar, { ...SELL, qty: "12" })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(1);
  await expectHealed(world, sidecar);
  expect(brokerOrders(world)).toEqual(["sell 12 filled 12"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 12 filled venue"]);
  expect(await bookRecord(sidecar)).toBe("0");
});

test("one that nobody noticed before the exit is told by the broker's refusal", async () => {
  const world = await openOrderWorld(HELD);
  const sidecar = await world.open();
  world.simulator.setPositions([{ symbol: "TQQQ", quantity: "3", averagePrice: "140" }]);
  expect((await world.send(sidecar, SELL)).status).toBe(403);
  expect((await world.send(sidecar, SELL)).body.tradelatch.error).toBe("exit_duplicate_after_422");
  expect(sentOrders(world)).toHaveLength(1);
  await expectHealed(world, sidecar, SOON);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit changed_elsewhere venue"]);
  expect(await bookRecord(sidecar)).toBe("3");
  expect((await world.send(sidecar, { ...SELL, qty: "3" })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
  await world.advance(5_000);
  expect(brokerOrders(world)).toEqual(["sell 3 filled 3"]);
});

test("one that came while no process ran is found at the start, and a close of all is exact", async () => {
  const world = await openOrderWorld();
  world.comparePositions(COMPARISON_MS);
  const before = await world.open();
  await world.send(before, ORDER);
  await world.advance(3_000);
  await world.shut(before);
  world.simulator.setPositions(SPLIT);
  const sidecar = await world.open();
  await world.advance(60_000);
  expect(await incidentRecord(sidecar)).toEqual(["quantity adopted venue"]);
  const path = "/v2/positions/TQQQ";
  expect((await world.send(sidecar, "", { method: "DELETE", path })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
  await expectHealed(world, sidecar);
  expect(brokerOrders(world)).toEqual(["buy 6 filled 6", "sell 12 filled 12"]);
});
