/** Two bots that exit the same position in the same moment. */
import { expect, test } from "vitest";
import { HELD, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

async function twoSidecars() {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  return { world, one: await world.open(), other: await world.open() };
}

test("in two processes on one store send one order, and both are given it", async () => {
  const { world, one, other } = await twoSidecars();
  const answers = await Promise.all([world.send(one, SELL), world.send(other, SELL)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(sentOrders(world)).toHaveLength(1);
  await expectHealed(world, one, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 filled 6"]);
  expect(await claimRecord(other)).toEqual(["sell 6 filled venue"]);
  expect(await incidentRecord(one)).toEqual([]);
});

test("under two ids sell the shares once: the other one is told who has sold them", async () => {
  const { world, one, other } = await twoSidecars();
  const answers = await Promise.all([
    world.send(one, { ...SELL, client_order_id: "bot-a" }),
    world.send(other, { ...SELL, client_order_id: "bot-b" }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
  const [sold] = answers.filter(({ status }) => status === 200);
  const [refused] = answers.filter(({ status }) => status === 403);
  expect(refused?.body.tradelatch.cause.requestId).toContain(sold?.body.client_order_id);
  expect(sentOrders(world)).toHaveLength(1);
  await expectHealed(world, one, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 filled 6"]);
  expect(await bookRecord(other)).toBe("0");
});

test("for parts that together are more than is held sell no more than that", async () => {
  const { world, one, other } = await twoSidecars();
  const answers = await Promise.all([
    world.send(one, { ...SELL, qty: "4" }),
    world.send(other, { ...SELL, qty: "3" }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
  expect(sentOrders(world)).toHaveLength(1);
  await expectHealed(world, one, SOON);
  const sold = answers[0]?.status === 200 ? 4 : 3;
  expect(brokerOrders(world)).toEqual([`sell ${sold} filled ${sold}`]);
  expect(await bookRecord(one)).toBe(String(6 - sold));
});
