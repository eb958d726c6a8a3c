/**
 * An order in the broker's lists that cannot be read, as one that filled and has no price yet: what
 * the lists show of the others counts, and what they do not show is known by no list.
 */
import { expect, test } from "vitest";
import type { Line } from "../gateway/traffic.ts";
import { OPEN, openWorld } from "../gateway/world.ts";
import { ORDER, openOrderWorld } from "../sidecar/orders-world.ts";
import { cancel, cancelByHand, orderByHand } from "./by-hand.ts";
import { COMPARISON_MS } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const ORDERS = 12;
/** For so long no record of orders shows one. */
const HIDDEN_MS = 30_000;
const LIST = /^\/v2\/orders$/;
const RESTING = { ...OPEN, type: "limit", limitPrice: "60" } as const;

/** From now on each list has such an order in it, and leaves out those that `isShown` is against. */
function spoilLists(bot: Line, isShown: (id: string) => boolean = () => true): void {
  bot.answered = (_, answer) => {
    const text = answer.clone().text();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode(spoilt(await text, isShown)));
        controller.close();
      },
    });
    return answer.status === 204 ? answer : new Response(body, answer);
  };
}

function spoilt(text: string, isShown: (id: string) => boolean): string {
  const orders: unknown = JSON.parse(text);
  const isList = Array.isArray(orders) && orders.some((one) => "client_order_id" in one);
  if (!isList) return text;
  const strange = { ...orders[0], id: "strange", client_order_id: "strange", filled_qty: "1" };
  const shown = orders.filter(({ id }) => isShown(id));
  return JSON.stringify([{ ...strange, filled_avg_price: null }, ...shown]);
}

test("twelve orders at work are read by the list, and their fills booked", async () => {
  const world = await openWorld();
  const bot = await world.open();
  for (let number = 0; number < ORDERS; number += 1) {
    await world.submit(bot, { ...RESTING, requestId: `r${number}` });
  }
  spoilLists(bot);
  const asked = world.simulator.requests().length;
  world.simulator.setPrice("TQQQ", "59");
  await world.advance(10_000);
  expect(world.claims().map(({ outcome }) => outcome)).toEqual(Array(ORDERS).fill("filled"));
  expect(world.book().net).toBe("72");
  const later = world.simulator.requests().slice(asked);
  expect(later.filter(({ path }) => path.startsWith("/v2/orders/"))).toEqual([]);
  expect(later.some(({ path }) => LIST.test(path))).toBe(true);
});

test("one that such a list leaves out is read by itself", async () => {
  const world = await openWorld();
  const bot = await world.open();
  await world.submit(bot, { ...RESTING, requestId: "a" });
  await world.submit(bot, { ...RESTING, requestId: "b" });
  const [first] = world.orders();
  spoilLists(bot, (id) => id !== first?.id);
  world.simulator.setPrice("TQQQ", "59");
  await world.advance(10_000);
  expect(world.claims().map(({ outcome }) => outcome)).toEqual(["filled", "filled"]);
  expect(world.book().net).toBe("12");
});

test("none is proved absent by one that leaves it out", async () => {
  const world = await openWorld();
  const bot = await world.open();
  world.fault({ kind: "accept_then_drop" });
  const lookUp = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
  const lag = { kind: "client_id_lag", lagMs: 86_400_000 } as const;
  world.simulator.addFaults([{ match: lookUp, fault: lag, times: 100_000 }]);
  // Beside it, so that its lists have something in them.
  const byHand = { ...RESTING, quantity: "7", requestId: "other" };
  spoilLists(bot, (id) => id !== world.orders()[0]?.id);
  await world.submit(bot, { ...RESTING, requestId: "lost" });
  await world.submit(bot, byHand);
  await world.advance(60_000);
  const claimOf = (id: string) => world.claims().find(({ key }) => key.requestId === id);
  expect(claimOf("lost")).toMatchObject({ status: "IN_RECONCILIATION", brokerOrderId: null });
  expect(claimOf("other")?.brokerOrderId).toBe(world.orders()[1]?.id);
  bot.answered = (_, answer) => answer;
  await world.advance(60_000);
  expect(claimOf("lost")?.brokerOrderId).toBe(world.orders()[0]?.id);
});

async function comparing() {
  const world = await openOrderWorld();
  world.comparePositions(COMPARISON_MS);
  return { world, sidecar: await world.open() };
}

const BY_HAND = { ...ORDER, type: "limit", limit_price: "60", time_in_force: "gtc" };

test("an order by hand beside it is told of, and not over where such a list leaves it out", async () => {
  const { world, sidecar } = await comparing();
  const id = await orderByHand(world, BY_HAND);
  spoilLists(sidecar);
  await world.advance(40_000);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_order open"]);
  spoilLists(sidecar, () => false);
  await world.advance(40_000);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_order open"]);
  sidecar.answered = (_, answer) => answer;
  await cancelByHand(world, id);
  await world.advance(40_000);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_order order_gone venue"]);
});

test("a position is compared once our own orders were read beside it, or by themselves", async () => {
  for (const isShown of [() => true, () => false]) {
    const { world, sidecar } = await comparing();
    const sent = await world.send(sidecar, BY_HAND);
    await cancel(world, sidecar, sent.body.id);
    await world.advance(10_000);
    spoilLists(sidecar, isShown);
    await orderByHand(world, { ...ORDER, qty: "2" });
    await world.advance(60_000);
    expect(await incidentRecord(sidecar)).toContain("orphan adopted venue");
    expect(await bookRecord(sidecar)).toBe("2");
  }
});

test("an entry that came behind the proof of its absence is read where such a list leaves it out", async () => {
  const { world, sidecar } = await comparing();
  world.fault({ kind: "accept_then_drop" });
  world.fault({ kind: "client_id_lag", lagMs: HIDDEN_MS });
  world.fault({ kind: "list_lag", lagMs: HIDDEN_MS });
  expect((await world.send(sidecar, ORDER)).status).toBe(409);
  await world.advance(18_000);
  expect(await claimRecord(sidecar)).toEqual(["buy 6 absent venue"]);
  spoilLists(sidecar, () => false);
  await world.advance(2 * HIDDEN_MS);
  expect(await claimRecord(sidecar)).toEqual(["buy 6 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual(["late_evidence landed venue"]);
  expect(await bookRecord(sidecar)).toBe("6");
});
