/** A partially filled order that is replaced: the chain is one order, and each share counts once. */
import { expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, replaceByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const LIMIT = { type: "limit", limit_price: "75" } as const;

/** Two of six shares are filled when the answer to the replacement gets lost. */
async function replacedUnderWay(body: typeof ORDER | typeof SELL, options: object) {
  const world = await openOrderWorld({ ...options, scriptedFills: true });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const first = await world.send(sidecar, { ...body, ...LIMIT });
  const { id } = first.body as { id: string };
  await world.advance(3_000);
  world.simulator.fill({ orderId: id, quantity: "2" });
  return { world, sidecar, id };
}

test.each([
  ["entry", ORDER, {}, ["2", "6"]],
  ["exit", SELL, HELD, ["4 less 4", "0"]],
] as const)(
  "an %s is replaced through the sidecar, its answer lost",
  async (...[, body, options, [afterTwo, afterAll]]) => {
    const { world, sidecar, id } = await replacedUnderWay(body, options);
    world.simulator.addFaults([
      { match: { method: "PATCH" }, fault: { kind: "accept_then_drop" } },
    ]);
    const patch = { method: "PATCH", path: `/v2/orders/${id}` };
    const next = await world.send(sidecar, { limit_price: "76" }, patch);
    expect(next).toMatchObject({ status: 200, body: { replaces: id, qty: "4" } });
    await world.advance(5_000);
    expect(await bookRecord(sidecar)).toBe(afterTwo);
    const repeat = await world.send(sidecar, { ...body, ...LIMIT });
    expect(repeat.body.id).toBe(next.body.id);
    expect(sentOrders(world)).toHaveLength(1);
    world.simulator.fill({ orderId: next.body.id, quantity: "4" });
    await expectHealed(world, sidecar, SOON);
    const { side } = body;
    expect(brokerOrders(world)).toEqual([`${side} 6 replaced 2`, `${side} 4 filled 4`]);
    expect(await bookRecord(sidecar)).toBe(afterAll);
    expect(await claimRecord(sidecar)).toEqual([`${side} 6 filled venue`]);
    expect(await incidentRecord(sidecar)).toEqual([]);
  },
);

test("an exit that is replaced by hand, and canceled there, has sold what both of them sold", async () => {
  const { world, sidecar, id } = await replacedUnderWay(SELL, HELD);
  const next = await replaceByHand(world, id, { qty: "5" });
  world.simulator.fill({ orderId: next, quantity: "1" });
  await world.advance(5_000);
  expect(await bookRecord(sidecar)).toBe("3 less 2");
  const path = `/v2/orders/${next}`;
  expect((await world.send(sidecar, "", { method: "DELETE", path })).status).toBe(204);
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 replaced 2", "sell 3 canceled 1"]);
  expect(await bookRecord(sidecar)).toBe("3");
  expect(await claimRecord(sidecar)).toEqual(["sell 6 partially_filled venue"]);
  expect((await world.send(sidecar, { ...SELL, ...LIMIT, qty: "3" })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
});
