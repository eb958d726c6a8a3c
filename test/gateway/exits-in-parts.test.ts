/** Which life of the position an exit is of that has sold its shares in parts, and is read late. */
import { describe, expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, type World } from "./world.ts";

const KEYS = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" };
const PAGE = { kind: "html", status: 502, accept: false } as const;
const EXIT = { ...CLOSE, type: "limit", limitPrice: "90" } as const;

async function replaceByHand({ simulator }: World, id: string, change: object): Promise<void> {
  const patch = { method: "PATCH", headers: KEYS, body: JSON.stringify(change) };
  expect((await fetch(`${simulator.url}/v2/orders/${id}`, patch)).status).toBe(200);
}

function hide({ simulator }: World, ...paths: readonly string[]): void {
  for (const path of paths) {
    simulator.addFaults([{ match: { method: "GET", path }, fault: PAGE, times: 1_000 }]);
  }
}

function workingExit(world: World): string {
  const isAtWork = ({ side, status }: { side: string; status: string }) =>
    side === "sell" && (status === "new" || status === "partially_filled");
  return world.orders().find(isAtWork)?.id ?? "";
}

describe("an exit sells one half, is replaced, and the order in its place sells the other half:", () => {
  /** Nobody has read anything of it by then. */
  async function soldInTwoOrders(world: World): Promise<void> {
    const id = workingExit(world);
    world.simulator.fill({ orderId: id, quantity: "3", price: "90" });
    await replaceByHand(world, id, { limit_price: "85" });
    world.simulator.fill({ orderId: workingExit(world), quantity: "3", price: "85" });
    await world.advance(100);
  }

  test("an entry that had rested and fills behind it begins a life, and the next exit is sent", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "70" });
    await world.advance(10);
    await world.submit(bot, EXIT);
    await soldInTwoOrders(world);
    world.simulator.setPrice("TQQQ", "69");
    await world.advance(6_000);
    expect(world.book()).toMatchObject({ net: "6", episode: 2 });
    expect(await world.submit(bot, EXIT)).toMatchObject({ status: "PROCEED" });
  });

  test("where an entry behind it is booked first it is of the life before, and the next is sent", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const { requestId } = await world.submit(bot, EXIT);
    hide(world, "/v2/orders", `/v2/orders/${workingExit(world)}`);
    await soldInTwoOrders(world);
    await world.submit(bot, OPEN);
    await world.advance(2_500);
    expect(world.book()).toMatchObject({ net: "12", episode: 1 });
    world.simulator.clearFaults();
    await world.advance(6_000);
    expect(world.book()).toMatchObject({ net: "6" });
    const next = await world.submit(bot, EXIT);
    expect(next).toMatchObject({ status: "PROCEED" });
    expect(next.requestId).not.toBe(requestId);
  });
});

test("an entry behind an exit is opened behind it also where it was replaced before it was read", async () => {
  const world = await openWorld(LONG);
  const bot = await world.open();
  const { requestId } = await world.submit(bot, CLOSE);
  const [{ id } = { id: "" }] = world.orders();
  hide(world, "/v2/orders", `/v2/orders/${id}`);
  await world.advance(100);
  await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "70" });
  const [, entry] = world.orders();
  await replaceByHand(world, entry?.id ?? "", { limit_price: "76" });
  await world.advance(2_500);
  expect(world.book()).toMatchObject({ net: "12", episode: 1 });
  world.simulator.clearFaults();
  await world.advance(6_000);
  expect(world.book()).toMatchObject({ net: "6" });
  const next = await world.submit(bot, CLOSE);
  expect(next).toMatchObject({ status: "PROCEED" });
  expect(next.requestId).not.toBe(requestId);
});
