/** Orders with legs (bracket, oco): each leg is one order, and together they sell no share twice. */
import { expect, test } from "vitest";
import { HELD, ORDER, type OrderWorld, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const EXITS = { take_profit: { limit_price: "80" }, stop_loss: { stop_price: "70" } } as const;
const BRACKET = { ...ORDER, order_class: "bracket", ...EXITS } as const;
const OCO = { ...SELL, type: "limit", limit_price: "80", order_class: "oco", ...EXITS } as const;

async function comparing(options: object = {}) {
  const world = await openOrderWorld(options);
  world.comparePositions(COMPARISON_MS);
  return { world, sidecar: await world.open() };
}

/** The id of the working order of this type. */
function working(world: OrderWorld, type: string): string {
  const order = world.simulator.orders().find((one) => one.type === type);
  if (order === undefined) throw new Error(`no ${type} order`);
  return order.id;
}

test("a bracket whose answer was lost is found with its legs, which hold the shares", async () => {
  const { world, sidecar } = await comparing();
  world.fault({ kind: "accept_then_drop" });
  const answers = await world.insist(sidecar, BRACKET);
  expect(answers.at(-1)?.status).toBe(200);
  expect(sentOrders(world)).toHaveLength(1);
  await world.advance(5_000);
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  const exit = await world.send(sidecar, SELL);
  expect(exit.body.tradelatch.error).toBe("insufficient_quantity");
  expect(sentOrders(world)).toHaveLength(1);
  world.simulator.setPrice("TQQQ", "69");
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["buy 6 filled 6", "sell 6 canceled 0", "sell 6 filled 6"]);
  expect([...(await claimRecord(sidecar))].sort()).toEqual([
    "buy 6 filled venue",
    "sell 6 canceled venue",
    "sell 6 filled venue",
  ]);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(await incidentRecord(sidecar)).toEqual([]);
});

test("an oco that fills on both sides has sold what it was for, and not a share more", async () => {
  const { world, sidecar } = await comparing({ ...HELD, scriptedFills: true });
  expect((await world.send(sidecar, OCO)).status).toBe(200);
  await world.advance(3_000);
  world.simulator.fill({ orderId: working(world, "limit"), quantity: "2", price: "80" });
  await world.advance(5_000);
  expect(await bookRecord(sidecar)).toBe("4 less 4");
  const other = await world.send(sidecar, { ...SELL, qty: "4" });
  expect(other.body.tradelatch.error).toBe("insufficient_quantity");
  world.simulator.fill({ orderId: working(world, "stop"), quantity: "4", price: "70" });
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(sentOrders(world)).toHaveLength(1);
  expect(await incidentRecord(sidecar)).toEqual([]);
  const claims = await claimRecord(sidecar);
  expect(claims).toHaveLength(2);
  for (const claim of claims) expect(claim).toMatch(/venue$/);
});
