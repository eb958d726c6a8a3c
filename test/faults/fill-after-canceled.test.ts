/** A fill that arrives after the broker has said "canceled". */
import { expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, cancel, cancelByHand, replaceByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

/** More than a page of claims has where nobody says how many it is to have. */
const LATER_ORDERS = 101;
const MORE_THAN_A_DAY_MS = 25 * 60 * 60_000;
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

test("is found behind many later orders too", async () => {
  const held = { symbol: "TQQQ", quantity: "600", averagePrice: "70" };
  const world = await openOrderWorld({ positions: [held], scriptedFills: true });
  const sidecar = await world.open();
  const exit = await world.send(sidecar, EXIT);
  await world.advance(3_000);
  expect(await cancel(world, sidecar, exit.body.id)).toBe(204);
  for (let nth = 1; nth <= LATER_ORDERS; nth += 1) {
    const sold = await world.send(sidecar, { ...EXIT, qty: "1", client_order_id: `later-${nth}` });
    world.simulator.fill({ orderId: sold.body.id, quantity: "1" });
    await world.advance(2_000);
  }
  world.simulator.fill({ orderId: exit.body.id, quantity: "2", price: "80", late: true });
  world.comparePositions(COMPARISON_MS);
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe(String(600 - LATER_ORDERS - 2));
  expect(await incidentRecord(sidecar)).toEqual(["late_evidence fills_booked venue"]);
});

/** More than are read one by one. */
test.each([1, 21])("is found where %d orders had rested for more than a day", async (count) => {
  const held = { symbol: "TQQQ", quantity: String(6 * count), averagePrice: "70" };
  const world = await openOrderWorld({ positions: [held], scriptedFills: true });
  world.comparePositions(COMPARISON_MS);
  const before = await world.open();
  for (let nth = 1; nth <= count; nth += 1) {
    const terms = { time_in_force: "gtc", client_order_id: `exit-${nth}` };
    await world.send(before, { ...EXIT, ...terms });
  }
  await world.shut(before);
  await world.advance(MORE_THAN_A_DAY_MS);
  const sidecar = await world.open();
  for (const { id } of world.simulator.orders()) {
    expect(await cancel(world, sidecar, id)).toBe(204);
  }
  await world.advance(40_000);
  expect(await claimRecord(sidecar)).toEqual(Array(count).fill("sell 6 canceled venue"));
  const [{ id: orderId } = { id: "" }] = world.simulator.orders();
  world.simulator.fill({ orderId, quantity: "2", price: "80", late: true });
  await expectHealed(world, sidecar);
  expect((await claimRecord(sidecar))[0]).toBe("sell 6 partially_filled venue");
  expect(await incidentRecord(sidecar)).toEqual(["late_evidence fills_booked venue"]);
  const [order] = world.simulator.orders();
  await sidecar.started.latch.applyUpdate({ ...order });
  expect(await bookRecord(sidecar)).toBe(String(6 * count - 2));
});

test("of a bracket's leg is found inside its order, where nobody tells of it", async () => {
  const world = await openOrderWorld({ scriptedFills: true });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const legs = { take_profit: { limit_price: "80" }, stop_loss: { stop_price: "70" } };
  const bracket = { ...ORDER, order_class: "bracket", ...legs };
  const placed = await world.send(sidecar, bracket);
  world.simulator.fill({ orderId: placed.body.id, quantity: "6", price: "75" });
  await world.advance(5_000);
  const takeProfit = world.simulator.orders().find(({ type }) => type === "limit")?.id ?? "";
  await cancelByHand(world, takeProfit);
  await world.advance(40_000);
  world.simulator.fill({ orderId: takeProfit, quantity: "2", price: "80", late: true });
  await expectHealed(world, sidecar);
  expect((await bookRecord(sidecar)).split(" ")[0]).toBe("4");
  expect(await incidentRecord(sidecar)).toEqual(["late_evidence fills_booked venue"]);
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

test("of an order in another's place is found, though that had filled more", async () => {
  const world = await openOrderWorld({ ...HELD, scriptedFills: true });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const exit = await world.send(sidecar, EXIT);
  world.simulator.fill({ orderId: exit.body.id, quantity: "3" });
  await world.advance(3_000);
  const next = await replaceByHand(world, exit.body.id, { limit_price: "79" });
  await world.advance(3_000);
  expect(await cancel(world, sidecar, next)).toBe(204);
  await world.advance(40_000);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 partially_filled venue"]);
  world.simulator.fill({ orderId: next, quantity: "2", price: "79", late: true });
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe("1");
  expect(await incidentRecord(sidecar)).toEqual(["late_evidence fills_booked venue"]);
});

test("of an entry before the exit of all is of the same life: the exit's repeat is that exit", async () => {
  const world = await openOrderWorld({ ...HELD, scriptedFills: true }, { hearsStream: false });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const exit = await world.send(sidecar, EXIT);
  await world.advance(1_000);
  const entry = await world.send(sidecar, { ...ORDER, qty: "8", type: "limit", limit_price: "70" });
  expect(await cancel(world, sidecar, entry.body.id)).toBe(204);
  await world.advance(3_000);
  expect((await claimRecord(sidecar)).at(-1)).toBe("buy 8 canceled venue");
  world.simulator.fill({ orderId: entry.body.id, quantity: "8", price: "70", late: true });
  await world.advance(100);
  world.simulator.fill({ orderId: exit.body.id, quantity: "6", price: "80" });
  await world.advance(30_000);
  expect(await bookRecord(sidecar)).toBe("8");
  const again = await world.send(sidecar, EXIT);
  expect(again.body.id).toBe(exit.body.id);
  expect(sentOrders(world)).toHaveLength(2);
});
