/** Orders with legs in a simulated world, and what of them is on record. */
import { expect } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { WireOrder } from "../../src/simulator/index.ts";
import { CLOSE, OPEN, type Process, type World } from "../gateway/world.ts";
import { foldEvents } from "../ledger/fold.ts";

const EXITS = { take_profit: { limit_price: "90" }, stop_loss: { stop_price: "60" } } as const;
export const BRACKET = { ...OPEN, extension: { order_class: "bracket", ...EXITS } } as const;
export const RESTING = { ...BRACKET, type: "limit", limitPrice: "70" } as const;
export const OTO = {
  ...OPEN,
  extension: { order_class: "oto", stop_loss: { stop_price: "60" } },
} as const;
export const OCO = {
  ...{ ...CLOSE, type: "limit" as const, limitPrice: "90" },
  extension: { order_class: "oco", ...EXITS },
} as const;

/** The claim of the order that has the legs, and those of its legs by the broker's type of order. */
export function familyIn(world: World): { parent: Claim; legs: Readonly<Record<string, Claim>> } {
  const claims = world.claims();
  const parent = claims.find(({ identity }) => identity !== "leg");
  if (parent === undefined) throw new Error("no claim but those of legs");
  const legs = claims.filter(({ identity }) => identity === "leg");
  return { parent, legs: Object.fromEntries(legs.map((leg) => [leg.intent.type, leg])) };
}

/** How each leg ended, by the broker's type of order. */
export function outcomesIn(world: World): Readonly<Record<string, Claim["outcome"]>> {
  const { legs } = familyIn(world);
  return Object.fromEntries(Object.entries(legs).map(([type, { outcome }]) => [type, outcome]));
}

/** The broker's order that works now under this type. */
export function workingOrder(world: World, type: string): WireOrder {
  const ended = ["filled", "canceled", "expired", "replaced", "rejected"];
  const order = world.orders().find((one) => one.type === type && !ended.includes(one.status));
  if (order === undefined) throw new Error(`no ${type} order works`);
  return order;
}

export function reserved(world: World): readonly string[] {
  return world.book().reservations.map(({ quantity }) => quantity);
}

/** What the bot does past the latch, as the sidecar passes it on. */
export async function atBroker(
  world: World,
  method: "PATCH" | "DELETE",
  id: string,
  body: Readonly<Record<string, string>> = {},
): Promise<number> {
  const response = await fetch(`${world.simulator.url}/v2/orders/${id}`, {
    method,
    headers: { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" },
    ...(method === "PATCH" ? { body: JSON.stringify(body) } : {}),
  });
  await response.arrayBuffer();
  return response.status;
}

/** The log alone gives every stored row, and the book is what the broker holds. */
export async function expectAgreement(world: World, { latch }: Process): Promise<void> {
  const { claims, books } = foldEvents(await latch.events({ limit: 10_000 }));
  expect(claims).toEqual(world.claims());
  expect(books.filter(({ symbol }) => symbol === "TQQQ")).toEqual([world.book()]);
  const held = world.simulator.positions().find(({ symbol }) => symbol === "TQQQ");
  expect(world.book().net).toBe(held?.qty ?? "0");
}
