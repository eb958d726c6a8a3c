/** A cancel that the broker takes and carries out only at the next open. */
import { expect, test } from "vitest";
import { HELD, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, cancel, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

/** 09:29 in New York; the market opens a minute later. */
const BEFORE_OPEN = Date.parse("2026-05-21T13:29:00Z");
const EXIT = { ...SELL, type: "limit", limit_price: "80", time_in_force: "gtc" } as const;

async function cancelStuck() {
  const world = await openOrderWorld({ ...HELD, startAt: BEFORE_OPEN });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const exit = await world.send(sidecar, EXIT);
  world.simulator.addFaults([{ match: { method: "DELETE" }, fault: { kind: "cancel_stuck" } }]);
  expect(await cancel(world, sidecar, exit.body.id)).toBe(204);
  await world.advance(3_000);
  expect(brokerOrders(world)).toEqual(["sell 6 pending_cancel 0"]);
  return { world, sidecar, id: exit.body.id as string };
}

test("the same exit waits for the end of the first one, and only then is it sent again", async () => {
  const { world, sidecar, id } = await cancelStuck();
  for (let nth = 0; nth < 2; nth += 1) {
    const repeat = await world.send(sidecar, EXIT);
    expect(repeat).toMatchObject({ status: 200, body: { id, status: "pending_cancel" } });
    expect(repeat.headers.get("tradelatch-status")).toBe("PENDING");
    await world.advance(15_000);
  }
  expect(sentOrders(world)).toHaveLength(1);
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  await world.advance(57_000);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 canceled venue"]);
  expect(await bookRecord(sidecar)).toBe("6");
  expect((await world.send(sidecar, EXIT)).body.id).not.toBe(id);
  expect(sentOrders(world)).toHaveLength(2);
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 canceled 0", "sell 6 new 0"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
});

test("another exit of the same shares is refused meanwhile, by the order that holds them", async () => {
  const { world, sidecar } = await cancelStuck();
  const other = await world.send(sidecar, SELL);
  expect(other.body.tradelatch).toMatchObject({ error: "insufficient_quantity", available: "0" });
  expect(sentOrders(world)).toHaveLength(1);
  await world.advance(87_000);
  expect((await world.send(sidecar, SELL)).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 canceled 0", "sell 6 filled 6"]);
});
