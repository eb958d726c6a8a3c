/** An order of ours that a person replaces in the broker's own page. */
import { expect, test } from "vitest";
import {
  HELD,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";
import { brokerOrders, cancelByHand, replaceByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";
import { rewriteAnswers } from "./rewritten-answers.ts";

const EXIT = { ...SELL, type: "limit", limit_price: "80" } as const;
const GONE = { kind: "refuse", status: 404, code: 40410000, message: "order not found" } as const;

async function working() {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const { id } = (await world.send(sidecar, EXIT)).body as { id: string };
  await world.advance(3_000);
  return { world, sidecar, id };
}

/** From now on the broker shows orders without `fields`. */
function leaveOut(sidecar: StartedSidecar, ...fields: readonly string[]): void {
  const told = new RegExp(`("(?:${fields.join("|")})":)"[^"]+"`, "g");
  rewriteAnswers(sidecar, (text) => text.replace(told, "$1null"));
}

function hide(world: OrderWorld, id: string): void {
  const match = { method: "GET", path: `/v2/orders/${id}` } as const;
  world.simulator.addFaults([{ match, fault: GONE, times: 100_000 }]);
}

test("is followed to the new order, which is what a repeat of the exit gets", async () => {
  const { world, sidecar, id } = await working();
  const next = await replaceByHand(world, id, { limit_price: "79" });
  await world.advance(20_000);
  const repeat = await world.send(sidecar, EXIT);
  expect(repeat).toMatchObject({ status: 200, body: { id: next, limit_price: "79" } });
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  expect(sentOrders(world)).toHaveLength(1);
  world.simulator.setPrice("TQQQ", "79");
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 replaced 0", "sell 6 filled 6"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
  expect(sentOrders(world)).toHaveLength(1);
});

test("leaves free what the new order no longer sells, and all of it once that is canceled", async () => {
  const { world, sidecar, id } = await working();
  const next = await replaceByHand(world, id, { qty: "4" });
  await world.advance(20_000);
  expect(await bookRecord(sidecar)).toBe("6 less 4");
  expect((await world.send(sidecar, { ...EXIT, qty: "2" })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(2);
  await cancelByHand(world, next);
  await expectHealed(world, sidecar, SOON);
  expect(await bookRecord(sidecar)).toBe("6 less 2");
  expect(await claimRecord(sidecar)).toEqual(["sell 6 canceled venue", "sell 2 IN_RECONCILIATION"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
});

test.each(["that cannot be asked for", "that the old one does not name"])(
  "is followed to the new order also where it is one %s",
  async (which) => {
    const { world, sidecar, id } = await working();
    const next = await replaceByHand(world, id, { limit_price: "79" });
    if (which === "that cannot be asked for") hide(world, next);
    else leaveOut(sidecar, "replaced_by");
    await world.advance(20_000);
    expect((await world.send(sidecar, EXIT)).body.id).toBe(next);
    world.simulator.setPrice("TQQQ", "79");
    await expectHealed(world, sidecar, SOON);
    expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
    expect(await incidentRecord(sidecar)).toEqual([]);
    expect(sentOrders(world)).toHaveLength(1);
  },
);

test("is told of, and holds its shares, for as long as nothing shows the order in its place", async () => {
  const { world, sidecar, id } = await working();
  const asItIs = sidecar.answered;
  leaveOut(sidecar, "replaced_by", "replaces");
  await replaceByHand(world, id, { limit_price: "79" });
  await world.advance(25_000);
  expect(await incidentRecord(sidecar)).not.toContain("unknown_outcome open");
  await world.advance(10 * 60_000);
  const told = await sidecar.started.latch.incidents({ isOpen: true });
  expect(told.find(({ kind }) => kind === "unknown_outcome")?.summary).toBe(
    "the order to sell 6 TQQQ was replaced, and nobody knows the order in its place",
  );
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  expect((await world.send(sidecar, { ...SELL, client_order_id: "again" })).status).toBe(403);
  expect(sentOrders(world)).toHaveLength(1);
  sidecar.answered = asItIs;
  await world.advance(30_000);
  world.simulator.setPrice("TQQQ", "79");
  await expectHealed(world, sidecar);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
  expect((await incidentRecord(sidecar)).sort()).toEqual([
    "unknown_order order_gone venue",
    "unknown_outcome outcome_known venue",
  ]);
});
