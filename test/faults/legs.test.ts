/** Orders with legs (bracket, oco): each leg is one order, and together they sell no share twice. */
import { expect, test } from "vitest";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import {
  HELD,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";
import { brokerOrders, cancelByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";
import { rewriteAnswers } from "./rewritten-answers.ts";

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

type Fields = Readonly<Record<string, unknown>>;
type Link = "replaced_by" | "replaces";

/**
 * From now on the take-profit order that its stop has canceled reads as Alpaca has it: `replaced`,
 * with such of the two links between the orders as are named.
 */
function showReplaced(world: OrderWorld, sidecar: StartedSidecar, links: readonly Link[]): void {
  const [profit, stop] = [working(world, "limit"), working(world, "stop")];
  const isCanceled = () =>
    world.simulator.orders().some(({ id, status }) => id === profit && status === "canceled");
  rewriteAnswers(sidecar, (text) => {
    if (!isCanceled() || !text.includes(profit)) return text;
    return JSON.stringify(JSON.parse(text), (_, value: Fields | null) => {
      if (value?.id === stop && links.includes("replaces")) return { ...value, replaces: profit };
      if (value?.id !== profit || value.status === "replaced") return value;
      const replaced_by = links.includes("replaced_by") ? stop : null;
      return { ...value, status: "replaced", replaced_by };
    });
  });
}

test.each<readonly Link[][]>([
  [["replaced_by", "replaces"]],
  [["replaced_by"]],
  [["replaces"]],
  [[]],
])(
  "whose take-profit order gives way to the stop are over once that has filled: %j",
  async (links) => {
    const { world, sidecar } = await comparing(HELD);
    expect((await world.send(sidecar, OCO)).status).toBe(200);
    await world.advance(3_000);
    showReplaced(world, sidecar, links);
    world.simulator.setPrice("TQQQ", "69");
    await expectHealed(world, sidecar, SOON);
    expect(await bookRecord(sidecar)).toBe("0");
    expect(await claimRecord(sidecar)).toEqual(["sell 6 canceled venue", "sell 6 filled venue"]);
    expect(await incidentRecord(sidecar)).toEqual([]);
    // Neither the next exit nor a close of everything waits for an order that is not there.
    await world.send(sidecar, ORDER);
    const path = "/v2/positions?cancel_orders=true";
    const closed = await world.send(sidecar, "", { method: "DELETE", path });
    expect(closed).toMatchObject({ status: 207, body: [{ symbol: "TQQQ", status: 200 }] });
    await expectHealed(world, sidecar, SOON);
    expect(world.simulator.positions()).toEqual([]);
  },
);

test("of which one gives way to the other hold their shares for as long as that one works", async () => {
  const { world, sidecar } = await comparing({ ...HELD, scriptedFills: true });
  await world.send(sidecar, OCO);
  await world.advance(3_000);
  const [profit, stop] = [working(world, "limit"), working(world, "stop")];
  rewriteAnswers(sidecar, (text) => {
    if (!text.includes(profit)) return text;
    return JSON.stringify(JSON.parse(text), (_, value: Fields | null) =>
      value?.id === profit && value.status === "new"
        ? { ...value, status: "replaced", replaced_by: stop }
        : value,
    );
  });
  await world.advance(120_000);
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  const other = await world.send(sidecar, { ...SELL, client_order_id: "another" });
  expect(other.body.tradelatch.error).toBe("insufficient_quantity");
  expect(await incidentRecord(sidecar)).toEqual([]);
  world.simulator.fill({ orderId: stop, quantity: "6", price: "70" });
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(sentOrders(world)).toHaveLength(1);
});

const ONE_EXIT: IntentInput = {
  ...{ symbol: "TQQQ", side: "sell", effect: "close", quantity: "6", type: "limit" },
  extension: { order_class: "oco", ...EXITS },
};
const TWELVE = [{ symbol: "TQQQ", quantity: "12", averagePrice: "70" }];

test.each<[string, Partial<IntentInput>]>([
  ["under one anchor", { anchor: { episode: 1, leg: "a" } }],
  ["without a name", {}],
])(
  "of an oco %s are one exit, though its stop's fill is told after the other one's cancel",
  async (_, name) => {
    const { world, sidecar } = await comparing({ positions: TWELVE });
    const { latch } = sidecar.started;
    const intent = { ...ONE_EXIT, ...name };
    expect(await world.drive(latch.submit(intent))).toMatchObject({ status: "PROCEED" });
    await world.advance(20_000);
    world.simulator.setPrice("TQQQ", "69");
    const [profit] = world.simulator.orders();
    await world.drive(latch.applyUpdate({ ...profit, legs: null }));
    expect(await claimRecord(sidecar)).toEqual([
      "sell 6 canceled venue",
      "sell 6 IN_RECONCILIATION",
    ]);
    expect(await world.drive(latch.submit(intent))).toMatchObject({ status: "SKIP" });
    await expectHealed(world, sidecar, SOON);
    expect(sentOrders(world)).toHaveLength(1);
    expect(await bookRecord(sidecar)).toBe("6");
  },
);

test("of an oco that was canceled are free for the next try at once", async () => {
  const { world, sidecar } = await comparing({ positions: TWELVE });
  const { latch } = sidecar.started;
  const intent = { ...ONE_EXIT, anchor: { episode: 1, leg: "a" } };
  await world.drive(latch.submit(intent));
  await world.advance(60_000);
  await cancelByHand(world, working(world, "limit"));
  const [profit] = world.simulator.orders();
  await world.drive(latch.applyUpdate({ ...profit, legs: null }));
  expect(await world.drive(latch.submit(intent))).toMatchObject({ status: "PROCEED" });
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe("12 less 6");
});
