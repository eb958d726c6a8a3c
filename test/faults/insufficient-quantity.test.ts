/** An exit that is refused because other orders hold its shares: our own, and another's. */
import { expect, test } from "vitest";
import { HELD, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, cancel, cancelByHand, orderByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const STOP = { ...SELL, type: "stop", stop_price: "60", time_in_force: "gtc" } as const;

async function comparing() {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  return { world, sidecar: await world.open() };
}

test("shares that our own order holds: the exit is told so, not sent, and free once it ends", async () => {
  const { world, sidecar } = await comparing();
  const stop = await world.send(sidecar, STOP);
  expect(stop.status).toBe(200);
  const refused = await world.send(sidecar, SELL);
  expect(refused).toMatchObject({
    status: 403,
    body: {
      code: 40_310_000,
      message: "insufficient qty available for order (requested: 6, available: 0)",
      tradelatch: { error: "insufficient_quantity", available: "0" },
    },
  });
  expect(refused.body.tradelatch.cause.requestId).toBe(stop.headers.get("tradelatch-claim"));
  expect(sentOrders(world)).toHaveLength(1);

  expect(await cancel(world, sidecar, stop.body.id)).toBe(204);
  await world.advance(5_000);
  expect((await world.send(sidecar, SELL)).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
  expect(brokerOrders(world)).toEqual(["sell 6 canceled 0", "sell 6 filled 6"]);
  await expectHealed(world, sidecar, SOON);
  expect(await incidentRecord(sidecar)).toEqual([]);
  expect(await bookRecord(sidecar)).toBe("0");
});

test("shares that another's order holds: its name is told, and the exit waits for its end", async () => {
  const { world, sidecar } = await comparing();
  const stop = await orderByHand(world, STOP);
  expect((await world.send(sidecar, SELL)).status).toBe(403);
  expect(sentOrders(world)).toHaveLength(1);
  await world.advance(60_000);
  const [unknown, refused] = await sidecar.started.latch.incidents({ isOpen: true });
  expect(unknown).toMatchObject({ kind: "unknown_order", subject: `order ${stop}` });
  expect(refused).toMatchObject({ kind: "refused_exit", next: expect.stringContaining("cancel") });
  expect(refused?.evidence.at(-1)?.text).toContain(stop);
  expect((await world.send(sidecar, SELL)).body.tradelatch.error).toBe("exit_duplicate_after_422");
  expect(sentOrders(world)).toHaveLength(1);

  await cancelByHand(world, stop);
  await expectHealed(world, sidecar, SOON);
  expect(await incidentRecord(sidecar)).toEqual([
    "refused_exit still_held venue",
    "unknown_order order_gone venue",
  ]);
  expect(await bookRecord(sidecar)).toBe("6");
  expect((await world.send(sidecar, SELL)).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
  await world.advance(5_000);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 rejected venue", "sell 6 filled venue"]);
});

test("shares that another's order sells in the end: the exit is over, by that order", async () => {
  const { world, sidecar } = await comparing();
  await orderByHand(world, STOP);
  expect((await world.send(sidecar, SELL)).status).toBe(403);
  await world.advance(20_000);
  world.simulator.setPrice("TQQQ", "59");
  await expectHealed(world, sidecar);
  expect(sentOrders(world)).toHaveLength(1);
  expect(brokerOrders(world)).toEqual(["sell 6 filled 6"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 already_flat venue"]);
  expect(await bookRecord(sidecar)).toBe("0");
});
