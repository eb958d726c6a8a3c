/** The broker says that the client_order_id was used before: an earlier try has landed. */
import { expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, orderByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const SLOW = { kind: "arrive_late", delayMs: 12_000 } as const;
const LAGGING_POSITIONS = {
  match: { method: "GET", path: "/v2/positions*" },
  fault: { kind: "position_lag", lagMs: 25_000 },
  times: 1_000,
} as const;
const TAKEN = { code: 40_010_001, message: "client_order_id must be unique" } as const;

test.each([
  ["entry", {}, ORDER, "6"],
  ["exit", HELD, SELL, "0"],
] as const)(
  "an %s whose answer was lost and whose repeat is told that its id is taken is one order",
  async (_, options, body, net) => {
    const world = await openOrderWorld(options);
    world.comparePositions(COMPARISON_MS);
    const sidecar = await world.open();
    const named = { ...body, client_order_id: "bots-own" };
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 25_000 });
    world.fault({ kind: "list_lag", lagMs: 25_000 });
    world.simulator.addFaults([LAGGING_POSITIONS]);
    world.fault({ kind: "refuse", status: 422, ...TAKEN });
    const first = await world.send(sidecar, named);
    expect(first.status).toBe(409);
    expect(sentOrders(world)).toHaveLength(1);

    await world.advance(18_000);
    const repeats = await world.insist(sidecar, named);
    expect(repeats.at(-1)?.status).toBe(200);
    expect(repeats.at(-1)?.body.id).toBe(world.simulator.orders()[0]?.id);
    const sent = sentOrders(world).map(({ body: terms }) => terms as typeof named);
    expect(new Set(sent.map(({ client_order_id: id }) => id))).toEqual(new Set(["bots-own"]));
    expect(brokerOrders(world)).toEqual([`${body.side} 6 filled 6`]);

    await expectHealed(world, sidecar, SOON);
    expect(await bookRecord(sidecar)).toBe(net);
    expect(await claimRecord(sidecar)).toEqual([`${body.side} 6 filled venue`]);
  },
);

test("an exit that arrives after it was given up is found, and its repeat is not sent", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  world.fault(SLOW);
  expect((await world.send(sidecar, SELL)).status).toBe(409);
  const answers = await world.insist(sidecar, SELL);
  expect(answers.at(-1)?.status).toBe(200);
  expect(sentOrders(world)).toHaveLength(1);
  expect(brokerOrders(world)).toEqual(["sell 6 filled 6"]);
  await expectHealed(world, sidecar, SOON);
  expect(await incidentRecord(sidecar)).toEqual([]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
});

test("an id that somebody else's order has gets the broker's own words, and nothing is adopted", async () => {
  const world = await openOrderWorld();
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const other = { ...ORDER, symbol: "SPY", qty: "1", client_order_id: "taken" };
  await orderByHand(world, other);
  await world.advance(60_000);
  const answers = await world.insist(sidecar, { ...ORDER, client_order_id: "taken" });
  expect(answers.at(-1)).toMatchObject({ status: 422, body: TAKEN });
  expect(sentOrders(world)).toHaveLength(1);
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["buy 1 filled 1"]);
  expect(await claimRecord(sidecar)).toEqual(["buy 6 rejected venue"]);
});
