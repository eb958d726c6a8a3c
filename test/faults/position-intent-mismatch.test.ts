/**
 * "position intent mismatch" on an exit: one refusal, and the six things that it has been published
 * to mean. Which one it is the broker's records show; the refusal itself proves nothing.
 */
import { expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, cancel, cancelByHand, orderByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const MESSAGE = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";
const MISMATCH = { kind: "refuse", status: 422, code: 42_210_000, message: MESSAGE } as const;
const RESTING = { type: "limit", limit_price: "60" } as const;

async function comparing(options: object = HELD) {
  const world = await openOrderWorld(options);
  world.comparePositions(COMPARISON_MS);
  return { world, sidecar: await world.open() };
}

test.each([
  ["by an order that is on record", true, "venue"],
  ["by nothing that is on record", false, "inferred"],
])("1: the position is gone, %s", async (_, isOnRecord, provenance) => {
  const { world, sidecar } = await comparing();
  if (isOnRecord) await orderByHand(world, SELL);
  else world.simulator.setPositions([{ symbol: "TQQQ", quantity: "0", averagePrice: "70" }]);
  const refused = await world.send(sidecar, SELL);
  expect(refused).toMatchObject({ status: 422, body: { message: MESSAGE } });
  expect(sentOrders(world)).toHaveLength(1);
  await expectHealed(world, sidecar, SOON);
  expect(await claimRecord(sidecar)).toEqual([`sell 6 already_flat ${provenance}`]);
  expect(await incidentRecord(sidecar)).toEqual([`refused_exit already_flat ${provenance}`]);
  expect(await bookRecord(sidecar)).toBe("0");
  expect((await world.send(sidecar, SELL)).body.tradelatch.error).toBe("close_while_flat");
  expect(sentOrders(world)).toHaveLength(1);
  expect(brokerOrders(world)).toEqual(isOnRecord ? ["sell 6 filled 6"] : []);
});

test("1: the position is gone, and two exits of parts of it were refused", async () => {
  const { world, sidecar } = await comparing();
  await orderByHand(world, SELL);
  for (const qty of ["4", "2"]) {
    expect((await world.send(sidecar, { ...SELL, qty })).status).toBe(422);
  }
  expect(sentOrders(world)).toHaveLength(2);
  await expectHealed(world, sidecar);
  expect(await claimRecord(sidecar)).toEqual([
    "sell 4 rejected venue",
    "sell 2 already_flat venue",
  ]);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(brokerOrders(world)).toEqual(["sell 6 filled 6"]);
});

test("2: the entry has not filled in full: the exit waits for its end", async () => {
  const { world, sidecar } = await comparing();
  const entry = await world.send(sidecar, { ...ORDER, ...RESTING });
  world.fault(MISMATCH);
  expect((await world.send(sidecar, SELL)).status).toBe(422);
  world.simulator.setPositions([{ symbol: "TQQQ", quantity: "4", averagePrice: "70" }]);
  await world.advance(60_000);
  const [open] = await sidecar.started.latch.incidents({ isOpen: true });
  expect(open?.evidence.at(-1)?.text).toContain("is still working");
  expect(open?.next).toMatch(/else once that entry has ended; cancel it/);
  expect(sentOrders(world)).toHaveLength(2);
  expect(await cancel(world, sidecar, entry.body.id)).toBe(204);
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit changed_elsewhere venue"]);
  expect((await world.send(sidecar, { ...SELL, qty: "4" })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(3);
  await world.advance(5_000);
  expect(brokerOrders(world)).toEqual(["buy 6 canceled 0", "sell 4 filled 4"]);
});

test("2: all that the book has is held and free: the exit goes out beside an entry at rest", async () => {
  const { world, sidecar } = await comparing();
  await world.send(sidecar, { ...ORDER, ...RESTING, time_in_force: "gtc" });
  const exit = { ...SELL, type: "limit", limit_price: "74" };
  world.fault(MISMATCH);
  expect((await world.send(sidecar, exit)).status).toBe(422);
  await world.advance(20_000);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit still_held venue"]);
  expect((await world.send(sidecar, exit)).status).toBe(200);
  await expectHealed(world, sidecar);
  expect(brokerOrders(world)).toEqual(["buy 6 new 0", "sell 6 filled 6"]);
});

test("3: an earlier close is still working: the exit waits for what becomes of it", async () => {
  const { world, sidecar } = await comparing();
  const earlier = await orderByHand(world, { ...SELL, type: "limit", limit_price: "80" });
  world.fault(MISMATCH);
  expect((await world.send(sidecar, SELL)).status).toBe(422);
  await world.advance(40_000);
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  expect(sentOrders(world)).toHaveLength(1);
  await cancelByHand(world, earlier);
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual([
    "refused_exit still_held venue",
    "unknown_order order_gone venue",
  ]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 rejected venue"]);
  expect(brokerOrders(world)).toEqual(["sell 6 canceled 0"]);
});

test("4: the symbol is spelled in another format: the exit is told so, and never sent", async () => {
  const positions = [{ symbol: "BRK.B", quantity: "6", averagePrice: "400" }];
  const { world, sidecar } = await comparing({ positions, prices: { "BRK.B": "410" } });
  for (const symbol of ["BRK/B", "BRK-B", "BRK B"]) {
    const refused = await world.send(sidecar, { ...SELL, symbol });
    expect(refused.status).toBe(422);
    expect(refused.body.message).toContain(symbol);
  }
  const unknown = await world.send(sidecar, { ...SELL, symbol: "BRKB" });
  expect(unknown.body.tradelatch.error).toBe("close_while_flat");
  expect(sentOrders(world)).toEqual([]);
  expect((await world.send(sidecar, { ...SELL, symbol: "BRK.B" })).status).toBe(200);
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar, "BRK.B")).toBe("0");
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
});

test("5: a replacement was asked for: the order stays as it was, and stays the only one", async () => {
  const { world, sidecar } = await comparing();
  const exit = await world.send(sidecar, { ...SELL, type: "limit", limit_price: "80" });
  await world.advance(3_000);
  world.simulator.addFaults([{ match: { method: "PATCH" }, fault: MISMATCH }]);
  const patch = { method: "PATCH", path: `/v2/orders/${exit.body.id}` };
  const refused = await world.send(sidecar, { limit_price: "79" }, patch);
  expect(refused.status, "no client sends it again by itself").toBeLessThan(429);
  expect(sentOrders(world)).toHaveLength(1);
  expect(brokerOrders(world)).toEqual(["sell 6 new 0"]);
  expect((await world.send(sidecar, SELL)).body.tradelatch.error).toBe("insufficient_quantity");
  await world.advance(15_000);
  expect((await world.send(sidecar, { limit_price: "79" }, patch)).status).toBe(200);
  world.simulator.setPrice("TQQQ", "79");
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 replaced 0", "sell 6 filled 6"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
});

test("6: nothing is wrong, the shares are held and free: a verdict lets the exit go", async () => {
  const { world, sidecar } = await comparing();
  world.fault(MISMATCH);
  expect((await world.send(sidecar, SELL)).status).toBe(422);
  expect((await world.send(sidecar, SELL)).body.tradelatch.error).toBe("exit_duplicate_after_422");
  expect(sentOrders(world)).toHaveLength(1);
  await world.advance(20_000);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit still_held venue"]);
  expect((await world.send(sidecar, SELL)).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 filled 6"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 rejected venue", "sell 6 filled venue"]);
});
