/** An order and a position that a person makes in the broker's own page. */
import { expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, cancelByHand, orderByHand, replaceByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const RESTING = { ...ORDER, type: "limit", limit_price: "70", time_in_force: "gtc" } as const;

async function comparing(options: object = {}) {
  const world = await openOrderWorld(options);
  world.comparePositions(COMPARISON_MS);
  return { world, sidecar: await world.open() };
}

test("an order by hand is told of, blocks nothing, and what it fills is taken over", async () => {
  const { world, sidecar } = await comparing();
  await orderByHand(world, RESTING);
  await world.advance(20_000);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_order open"]);
  expect((await world.send(sidecar, { ...ORDER, qty: "2" })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(1);
  await world.advance(5_000);
  world.simulator.setPrice("TQQQ", "69");
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual([
    "unknown_order order_gone venue",
    "quantity adopted venue",
  ]);
  expect(await bookRecord(sidecar)).toBe("8");
  expect(brokerOrders(world)).toEqual(["buy 6 filled 6", "buy 2 filled 2"]);
  expect(await claimRecord(sidecar)).toEqual(["buy 2 filled venue"]);
});

test("an order in the place of one by hand is told of in its turn", async () => {
  const { world, sidecar } = await comparing();
  const first = await orderByHand(world, RESTING);
  await world.advance(20_000);
  const second = await replaceByHand(world, first, { limit_price: "71" });
  await world.advance(40_000);
  expect(await incidentRecord(sidecar)).toEqual([
    "unknown_order order_gone venue",
    "unknown_order open",
  ]);
  const path = `/v2/orders/${second}`;
  const third = await world.send(sidecar, { limit_price: "72" }, { method: "PATCH", path });
  await world.advance(40_000);
  expect((await incidentRecord(sidecar)).at(-1)).toBe("unknown_order open");
  await cancelByHand(world, third.body.id);
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toHaveLength(3);
});

test("an order in the place of one by hand is told of where it holds the shares of an exit", async () => {
  const { world, sidecar } = await comparing(HELD);
  const id = await orderByHand(world, { ...SELL, type: "limit", limit_price: "80" });
  expect((await world.send(sidecar, SELL)).status).toBe(403);
  const next = await replaceByHand(world, id, { limit_price: "81" });
  await world.advance(40_000);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit open", "unknown_order open"]);
  await cancelByHand(world, next);
  await expectHealed(world, sidecar);
});

test("an equal order of the bot's is another one than that by hand", async () => {
  const { world, sidecar } = await comparing();
  const byHand = await orderByHand(world, RESTING);
  await world.advance(3_000);
  const own = await world.send(sidecar, RESTING);
  expect(own.status).toBe(200);
  expect(own.body.id).not.toBe(byHand);
  expect(sentOrders(world)).toHaveLength(1);
  world.simulator.setPrice("TQQQ", "69");
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe("12");
  expect(await claimRecord(sidecar)).toEqual(["buy 6 filled venue"]);
});

test("a position by hand in another symbol is taken over, and is no matter of this one's", async () => {
  const { world, sidecar } = await comparing();
  await world.send(sidecar, ORDER);
  await orderByHand(world, { ...ORDER, symbol: "SPY", qty: "1" });
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual(["orphan adopted venue"]);
  expect(await bookRecord(sidecar, "SPY")).toBe("1");
  expect(await bookRecord(sidecar)).toBe("6");
  expect(sentOrders(world)).toHaveLength(1);
});
