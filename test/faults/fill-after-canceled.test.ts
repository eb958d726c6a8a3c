/** A fill that arrives after the broker has said "canceled". */
import { expect, test } from "vitest";
import { HELD, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, cancel, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const EXIT = { ...SELL, type: "limit", limit_price: "80" } as const;

/** An exit that has ended as canceled, and of which shares are filled nevertheless. */
async function filledLate(hearsStream: boolean, quantity = "2") {
  const world = await openOrderWorld({ ...HELD, scriptedFills: true }, { hearsStream });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const exit = await world.send(sidecar, EXIT);
  await world.advance(3_000);
  expect(await cancel(world, sidecar, exit.body.id)).toBe(204);
  await world.advance(3_000);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 canceled venue"]);
  expect(await bookRecord(sidecar)).toBe("6");
  world.simulator.fill({ orderId: exit.body.id, quantity, price: "80", late: true });
  await world.advance(hearsStream ? 3_000 : 0);
  return { world, sidecar };
}

test("is booked as soon as the stream tells of it, and the outcome is corrected", async () => {
  const { world, sidecar } = await filledLate(true);
  expect(await bookRecord(sidecar)).toBe("4");
  expect(await claimRecord(sidecar)).toEqual(["sell 6 partially_filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual(["late_evidence fills_booked venue"]);
  expect(sentOrders(world)).toHaveLength(1);
  const rest = await world.send(sidecar, { ...EXIT, qty: "4" });
  expect(rest.status).toBe(200);
  world.simulator.fill({ orderId: rest.body.id, quantity: "4" });
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toHaveLength(1);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(brokerOrders(world)).toEqual(["sell 6 canceled 2", "sell 4 filled 4"]);
});

test("is found and booked where nobody tells of it, and not once more when it is told", async () => {
  const { world, sidecar } = await filledLate(false);
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe("4");
  const [order] = world.simulator.orders();
  await sidecar.started.latch.applyUpdate({ ...order });
  expect(await bookRecord(sidecar)).toBe("4");
  expect(await incidentRecord(sidecar)).toEqual(["late_evidence fills_booked venue"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 partially_filled venue"]);
  expect(sentOrders(world)).toHaveLength(1);
  expect((await world.send(sidecar, EXIT)).status, "six are no longer held").toBe(403);
  expect((await world.send(sidecar, { ...EXIT, qty: "4" })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
});

test.each([
  ["all of its shares", "6", "0", "sell 6 already_flat venue"],
  ["two of them", "2", "4", "sell 6 rejected venue"],
])("explains why the next exit is refused: it has sold %s", async (...[, sold, left, end]) => {
  const { world, sidecar } = await filledLate(false, sold);
  expect((await world.send(sidecar, SELL)).status).toBeGreaterThanOrEqual(400);
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe(left);
  expect((await claimRecord(sidecar)).at(-1)).toBe(end);
  expect(await incidentRecord(sidecar)).toContain("late_evidence fills_booked venue");
  expect(sentOrders(world)).toHaveLength(2);
});
