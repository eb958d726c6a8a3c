/** Lists of orders that do not show an order for a while. */
import { expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const LAG_MS = 30_000;

test("an order that no list shows is booked by its own read, and is nobody's stranger", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  world.fault({ kind: "list_lag", lagMs: LAG_MS });
  expect((await world.send(sidecar, SELL)).status).toBe(200);
  await world.advance(5_000);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
  await expectHealed(world, sidecar, SOON);
  expect(await incidentRecord(sidecar)).toEqual([]);
  expect(sentOrders(world)).toHaveLength(1);
});

test.each([
  ["the list alone", { list: LAG_MS, id: 0 }],
  ["the list and the look-up by its id, for ten seconds", { list: 10_000, id: 10_000 }],
])(
  "an order whose answer was lost is not taken for absent where it is missing from %s",
  async (...[, { list, id }]) => {
    const world = await openOrderWorld();
    world.comparePositions(COMPARISON_MS);
    const sidecar = await world.open();
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "list_lag", lagMs: list });
    world.fault({ kind: "client_id_lag", lagMs: id });
    await world.send(sidecar, ORDER);
    const answers = await world.insist(sidecar, ORDER);
    expect(answers.at(-1)?.status).toBe(200);
    expect(answers.at(-1)?.body.id).toBe(world.simulator.orders()[0]?.id);
    expect(sentOrders(world)).toHaveLength(1);
    await expectHealed(world, sidecar, SOON);
    expect(brokerOrders(world)).toEqual(["buy 6 filled 6"]);
    expect(await claimRecord(sidecar)).toEqual(["buy 6 filled venue"]);
  },
);
