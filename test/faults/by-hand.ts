/**
 * What a person does in the broker's own page, past the latch; and the POSTs that are the sidecar's
 * own, counted on the wire.
 */
import { expect } from "vitest";
import type { LoggedRequest, WireOrder } from "../../src/simulator/index.ts";
import { KEYS, type OrderWorld, type StartedSidecar } from "../sidecar/orders-world.ts";

/** Places an order and gives its id. */
export async function orderByHand(world: OrderWorld, body: object): Promise<string> {
  const made = await atBroker(world, "POST", "/v2/orders", body);
  expect(made.status).toBe(200);
  return ((await made.json()) as { id: string }).id;
}

/** Replaces an order and gives the new one's id. */
export async function replaceByHand(world: OrderWorld, id: string, body: object): Promise<string> {
  const made = await atBroker(world, "PATCH", `/v2/orders/${id}`, body);
  expect(made.status).toBe(200);
  return ((await made.json()) as { id: string }).id;
}

export async function cancelByHand(world: OrderWorld, id: string): Promise<void> {
  expect((await atBroker(world, "DELETE", `/v2/orders/${id}`)).status).toBe(204);
}

/** A cancel as the bot sends it: through the sidecar. */
export async function cancel(
  world: OrderWorld,
  sidecar: StartedSidecar,
  id: string,
): Promise<number> {
  const path = `/v2/orders/${id}`;
  return (await world.send(sidecar, "", { method: "DELETE", path })).status;
}

function atBroker(world: OrderWorld, method: string, path: string, body?: object) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return fetch(`${world.simulator.url}${path}`, { method, headers: KEYS, ...sent });
}

/** The sidecar's requests carry the number by which the traffic knows them; a person's do not. */
export function sentOrders(world: OrderWorld): LoggedRequest[] {
  return world.posts().filter(({ query }) => query.number !== undefined);
}

/** The broker's order book, oldest first, such as `sell 6 filled 6`. */
export function brokerOrders(world: OrderWorld): string[] {
  return world.simulator.orders().map(orderText);
}

function orderText({ side, qty, status, filled_qty }: WireOrder): string {
  return `${side} ${qty} ${status} ${filled_qty}`;
}
