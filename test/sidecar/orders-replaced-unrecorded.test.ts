/** Replacing an order before any claim has it on record. */
import { describe, expect, test } from "vitest";
import { orderByHand } from "../faults/by-hand.ts";
import { bookRecord, claimRecord } from "../faults/ledger-record.ts";
import {
  KEYS,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "./orders-world.ts";

const EXIT = { ...SELL, qty: "6", type: "limit", limit_price: "90" } as const;
const TEN = { positions: [{ symbol: "TQQQ", quantity: "10", averagePrice: "70" }] };
const TWO_GROUPS = {
  agents: JSON.stringify(
    ["one", "two"].map((group) => ({ id: group, secret: `secret-${group}`, group })),
  ),
};

function as(group: string) {
  return { "APCA-API-KEY-ID": group, "APCA-API-SECRET-KEY": `secret-${group}` };
}

function patch(world: OrderWorld, sidecar: StartedSidecar, id: string, body: object, headers = {}) {
  return world.send(sidecar, body, { method: "PATCH", path: `/v2/orders/${id}`, headers });
}

function patches(world: OrderWorld) {
  return world.simulator.requests().filter(({ method }) => method === "PATCH");
}

/** The last order that the broker has taken. */
function lastId(world: OrderWorld): string {
  return world.simulator.orders().at(-1)?.id ?? "";
}

/** No order is found by its client_order_id. */
function hideNames(world: OrderWorld): void {
  const match = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
  const fault = { kind: "html", status: 502, accept: false } as const;
  world.simulator.addFaults([{ match, fault, times: 100_000 }]);
}

/** An exit of four shares that is on its way to the broker for four seconds. */
async function beginExitOfFour(world: OrderWorld, { sidecar }: StartedSidecar) {
  world.fault({ kind: "arrive_late", delayMs: 4_000 });
  const body = JSON.stringify({ ...EXIT, qty: "4", limit_price: "91" });
  const sent = fetch(`${sidecar.url}/v2/orders`, { method: "POST", headers: KEYS, body });
  await world.advance(1_000);
  return { over: () => world.drive(sent.then((response) => response.text())) };
}

describe("an exit whose answer was lost", () => {
  async function unanswered(exit: object = EXIT) {
    const world = await openOrderWorld(TEN);
    const sidecar = await world.open();
    world.fault({ kind: "accept_then_drop" });
    hideNames(world);
    expect((await world.send(sidecar, exit)).status).toBe(409);
    return { world, sidecar, id: lastId(world) };
  }

  test.each([
    ["an id of ours", EXIT],
    ["the bot's own id", { ...EXIT, client_order_id: "first" }],
  ])("under %s is not replaced by one for shares that another exit holds", async (_, exit) => {
    const { world, sidecar, id } = await unanswered(exit);
    const other = await beginExitOfFour(world, sidecar);
    expect(await bookRecord(sidecar)).toBe("10 less 6 less 4");
    const answer = await patch(world, sidecar, id, { qty: "10" });
    await other.over();
    expect(patches(world)).toEqual([]);
    expect(answer).toMatchObject({
      status: 403,
      body: { tradelatch: { error: "insufficient_quantity", available: "6" } },
    });
  });

  test("is replaced on record with its claim, which follows to the new order", async () => {
    const { world, sidecar, id } = await unanswered();
    const answer = await patch(world, sidecar, id, { qty: "8" });
    expect(answer).toMatchObject({ status: 200, body: { replaces: id, qty: "8" } });
    expect(answer.headers.get("tradelatch-claim")).toMatch(/^[0-9a-f]{64}$/);
    await world.advance(5_000);
    expect(await world.claims(sidecar)).toMatchObject([{ brokerOrderId: answer.body.id }]);
    expect(await bookRecord(sidecar)).toBe("10 less 8");
    world.simulator.setPrice("TQQQ", "91");
    await world.advance(5_000);
    expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
    expect(await bookRecord(sidecar)).toBe("2");
  });
});

describe("an exit that was replaced a moment ago", () => {
  async function replaced() {
    const world = await openOrderWorld(TEN);
    const sidecar = await world.open();
    const first = await world.send(sidecar, EXIT);
    await world.advance(3_000);
    const other = await beginExitOfFour(world, sidecar);
    const second = await patch(world, sidecar, first.body.id, { limit_price: "92" });
    expect(second.status).toBe(200);
    expect(await world.claims(sidecar)).toMatchObject([{ brokerOrderId: first.body.id }, {}]);
    return { world, sidecar, other, first: first.body.id, second: second.body.id };
  }

  test("is not replaced again by one for shares that another exit holds", async () => {
    const { world, sidecar, other, second } = await replaced();
    const answer = await patch(world, sidecar, second, { qty: "10" });
    await other.over();
    expect(patches(world)).toHaveLength(1);
    expect(answer).toMatchObject({
      status: 403,
      body: { tradelatch: { error: "insufficient_quantity", available: "6" } },
    });
  });

  test("is replaced again at once, and its claim has followed", async () => {
    const { world, sidecar, other, second } = await replaced();
    const answer = await patch(world, sidecar, second, { qty: "5" });
    await other.over();
    expect(answer).toMatchObject({ status: 200, body: { replaces: second, qty: "5" } });
    await world.advance(5_000);
    const [claim] = await world.claims(sidecar);
    expect(claim).toMatchObject({ brokerOrderId: answer.body.id, replacing: null });
  });

  test("is not replaced again while the order before it cannot be read", async () => {
    const { world, sidecar, other, first, second } = await replaced();
    const match = { method: "GET", path: `/v2/orders/${first}` } as const;
    const fault = { kind: "html", status: 502, accept: false } as const;
    world.simulator.addFaults([{ match, fault, times: 100 }]);
    const answer = await patch(world, sidecar, second, { qty: "5" });
    await other.over();
    expect(answer).toMatchObject({ status: 409, body: { code: 40990002 } });
    expect(patches(world)).toHaveLength(1);
  });
});

test("an order whose id two agents gave is not replaced until it is told whose it is", async () => {
  const world = await openOrderWorld(TEN);
  const sidecar = await world.open(TWO_GROUPS);
  const named = { ...EXIT, qty: "5", client_order_id: "mine" };
  hideNames(world);
  world.fault({ kind: "accept_then_drop" });
  expect((await world.send(sidecar, named, { headers: as("one") })).status).toBe(409);
  world.fault({ kind: "drop" });
  expect((await world.send(sidecar, named, { headers: as("two") })).status).toBe(409);
  const id = lastId(world);
  const early = await patch(world, sidecar, id, { limit_price: "91" }, as("one"));
  expect(early).toMatchObject({ status: 409, body: { code: 40990002 } });
  expect(early.headers.get("retry-after")).toBe("5");
  expect(patches(world)).toEqual([]);
  world.simulator.clearFaults();
  await world.advance(30_000);
  const later = await patch(world, sidecar, id, { limit_price: "91" }, as("one"));
  expect(later).toMatchObject({ status: 200, body: { replaces: id } });
});

test("an order by hand is replaced although a later claim, still unanswered, has its id", async () => {
  const world = await openOrderWorld(TEN);
  const sidecar = await world.open();
  const id = await orderByHand(world, { ...EXIT, client_order_id: "mine" });
  await world.advance(20_000);
  hideNames(world);
  world.fault({ kind: "drop" });
  const own = await world.send(sidecar, { ...EXIT, qty: "4", client_order_id: "mine" });
  expect(own.status).toBe(409);
  const answer = await patch(world, sidecar, id, { limit_price: "91" });
  expect(answer).toMatchObject({ status: 200, body: { replaces: id } });
  expect(answer.headers.get("tradelatch-claim")).toBeNull();
});
