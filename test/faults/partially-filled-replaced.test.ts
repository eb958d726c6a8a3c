/** A partially filled order that is replaced: the chain is one order, and each share counts once. */
import { describe, expect, test } from "vitest";
import { HELD, ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, replaceByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";
import { rewriteAnswers } from "./rewritten-answers.ts";

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

/** As a broker shows it whose orders count what those before them have filled: two shares. */
function countedOn(text: string): string {
  return JSON.stringify(JSON.parse(text), (_, value) => {
    if (value?.replaces == null) return value;
    const [qty, filled_qty] = [value.qty, value.filled_qty].map((own) => String(Number(own) + 2));
    return { ...value, qty, filled_qty, filled_avg_price: "75" };
  });
}

describe("where the order in its place counts what it had filled", () => {
  test.each([
    ["entry", ORDER, {}, ["2", "6"]],
    ["exit", SELL, HELD, ["4 less 4", "0"]],
  ] as const)(
    "an %s that is replaced has filled each share once",
    async (...[, body, options, [afterTwo, afterAll]]) => {
      const { world, sidecar, id } = await replacedUnderWay(body, options);
      rewriteAnswers(sidecar, countedOn);
      const patch = { method: "PATCH", path: `/v2/orders/${id}` };
      const next = await world.send(sidecar, { limit_price: "76" }, patch);
      expect(next).toMatchObject({ status: 200, body: { replaces: id, qty: "6" } });
      await world.advance(5_000);
      expect(await bookRecord(sidecar)).toBe(afterTwo);
      world.simulator.fill({ orderId: next.body.id, quantity: "1", price: "75" });
      await world.advance(5_000);
      world.simulator.fill({ orderId: next.body.id, quantity: "3", price: "75" });
      await expectHealed(world, sidecar, SOON);
      expect(await bookRecord(sidecar)).toBe(afterAll);
      expect(await claimRecord(sidecar)).toEqual([`${body.side} 6 filled venue`]);
      expect(await incidentRecord(sidecar)).toEqual([]);
    },
  );

  test("an exit that is replaced by hand, and fills before it is read, has sold each share once", async () => {
    const { world, sidecar, id } = await replacedUnderWay(SELL, HELD);
    rewriteAnswers(sidecar, countedOn);
    const next = await replaceByHand(world, id, { limit_price: "75" });
    world.simulator.fill({ orderId: next, quantity: "3", price: "75" });
    await world.advance(20_000);
    expect(await bookRecord(sidecar)).toBe("1 less 1");
    world.simulator.fill({ orderId: next, quantity: "1", price: "75" });
    await expectHealed(world, sidecar, SOON);
    expect(await bookRecord(sidecar)).toBe("0");
    expect(await incidentRecord(sidecar)).toEqual([]);
  });
});

test("an order in its place is not followed while nobody can tell whose fills it counts", async () => {
  const { world, sidecar, id } = await replacedUnderWay(SELL, HELD);
  const match = { method: "GET", path: "/v2/account/activities/*" } as const;
  const fault = { kind: "html", status: 502, accept: false } as const;
  world.simulator.addFaults([{ match, fault, times: 3 }]);
  const next = await replaceByHand(world, id, { limit_price: "75" });
  world.simulator.fill({ orderId: next, quantity: "3" });
  await world.advance(2_000);
  expect(await bookRecord(sidecar)).toBe("4 less 4");
  await world.advance(30_000);
  expect(await bookRecord(sidecar)).toBe("1 less 1");
  world.simulator.fill({ orderId: next, quantity: "1" });
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe("0");
});

test("an order in its place that fills more before it is read, and counts its own, adds to it", async () => {
  const { world, sidecar, id } = await replacedUnderWay(ORDER, {});
  const next = await replaceByHand(world, id, { limit_price: "76" });
  world.simulator.fill({ orderId: next, quantity: "3" });
  await world.advance(5_000);
  expect(await bookRecord(sidecar)).toBe("5");
  world.simulator.fill({ orderId: next, quantity: "1" });
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe("6");
  expect(await incidentRecord(sidecar)).toEqual([]);
});

/** The account's activities as long as those of an order are late. */
function withoutActivitiesOf(orderId: string) {
  return (text: string) => {
    const read: unknown = JSON.parse(text);
    if (!Array.isArray(read)) return text;
    const isLate = (one: { activity_type?: string; order_id?: string }) =>
      one.activity_type === "FILL" && one.order_id === orderId;
    return JSON.stringify(read.filter((one) => !isLate(one)));
  };
}

test("an order in its place whose own fills the activities do not list yet adds them all the same", async () => {
  const { world, sidecar, id } = await replacedUnderWay(ORDER, {});
  const next = await replaceByHand(world, id, { limit_price: "76" });
  world.simulator.fill({ orderId: next, quantity: "2" });
  rewriteAnswers(sidecar, withoutActivitiesOf(next));
  await world.advance(4_000);
  rewriteAnswers(sidecar, (text) => text);
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe("4");
  world.simulator.fill({ orderId: next, quantity: "2" });
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe("6");
  expect(await claimRecord(sidecar)).toEqual(["buy 6 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
});
