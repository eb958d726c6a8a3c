/** The relay and the books: what a listener hears is on record, and what it missed is told. */
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { StreamClient } from "../simulator/simulator-bench.ts";
import {
  KEY_ID,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  SECRET,
  type StartedSidecar,
} from "./orders-world.ts";
import { told } from "./stream-bench.ts";

const KEY = { key_id: KEY_ID, secret_key: SECRET };

async function listening(options = {}): Promise<{
  readonly world: OrderWorld;
  readonly sidecar: StartedSidecar;
  readonly client: StreamClient;
}> {
  const world = await openOrderWorld(options, { hearsStream: true });
  const sidecar = await world.open();
  const socket = new WebSocket(`${sidecar.sidecar.url.replace("http", "ws")}/stream`);
  const client = new StreamClient(socket);
  onTestFinished(() => client.close());
  await new Promise((resolve) => socket.once("open", resolve));
  await client.listen(KEY);
  return { world, sidecar, client };
}

test("a fill is in the book before a listener hears of it", async () => {
  const { world, sidecar, client } = await listening({ scriptedFills: true });
  const placed = await world.send(sidecar, ORDER);
  expect(await told(client, 1)).toEqual(["new"]);
  world.simulator.fill({ orderId: placed.body.id, quantity: "2", price: "75" });
  expect(await told(client, 1)).toEqual(["partial_fill 2"]);
  expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "2" });
  world.simulator.fill({ orderId: placed.body.id, quantity: "4", price: "76" });
  expect(await told(client, 1)).toEqual(["fill 4"]);
  expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "6" });
  expect(await sidecar.started.latch.unsettledClaims()).toEqual([]);
});

test("a fill that the stream lost is told once polling has found it, and only once", async () => {
  const { world, sidecar, client } = await listening({ scriptedFills: true });
  const placed = await world.send(sidecar, ORDER);
  expect(await told(client, 1)).toEqual(["new"]);
  world.simulator.addFaults([{ match: { event: "fill" }, fault: { kind: "event_lost" } }]);
  world.simulator.fill({ orderId: placed.body.id, quantity: "6", price: "75" });
  await world.advance(10_000);
  expect(await told(client, 1)).toEqual(["fill 6 *"]);
  const next = await world.send(sidecar, { ...ORDER, type: "limit", limit_price: "60" });
  const [update] = await client.events(1);
  expect(update).toMatchObject({ event: "new", order: { id: next.body.id } });
});

test("a fill of an order whose answer is lost is told too, where the stream has lost it", async () => {
  const { world, sidecar, client } = await listening();
  const lost = [{ event: "new" }, { event: "fill" }];
  for (const match of lost) {
    world.simulator.addFaults([{ match, fault: { kind: "event_lost" } }]);
  }
  world.fault({ kind: "accept_then_drop" });
  const placed = await world.send(sidecar, ORDER);
  expect(placed.body).toMatchObject({ status: "filled" });
  await world.advance(10_000);
  expect(await told(client, 1)).toEqual(["fill 6 *"]);
  const next = await world.send(sidecar, { ...ORDER, type: "limit", limit_price: "60" });
  const [update] = await client.events(1);
  expect(update).toMatchObject({ event: "new", order: { id: next.body.id } });
});

test("an order whose answer is lost is known as soon as the stream tells of it", async () => {
  const { world, sidecar, client } = await listening();
  world.fault({ kind: "accept_then_hang" });
  const answer = await world.send(sidecar, ORDER);
  expect(answer).toMatchObject({ status: 200, body: { id: world.simulator.orders()[0]?.id } });
  expect(await told(client, 2)).toEqual(["new", "fill 6"]);
  expect(world.posts()).toHaveLength(1);
});

test("the legs of a bracket are told and booked like any order", async () => {
  const { world, sidecar, client } = await listening();
  const placed = await world.send(sidecar, {
    ...{ ...ORDER, order_class: "bracket" },
    ...{ take_profit: { limit_price: "90" }, stop_loss: { stop_price: "60" } },
  });
  expect(placed.body.legs).toHaveLength(2);
  expect(await told(client, 3)).toEqual(["new", "fill 6", "new"]);
  world.simulator.setPrice("TQQQ", "90");
  expect(await told(client, 2)).toEqual(["fill 6", "canceled"]);
  const { latch } = sidecar.started;
  expect(await latch.book("TQQQ")).toMatchObject({ net: "0", reservations: [] });
  expect(await latch.unsettledClaims()).toEqual([]);
});
