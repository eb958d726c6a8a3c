/** A 404 whose body is a gateway's web page says nothing; above all it does not say "flat". */
import { expect, test } from "vitest";
import { HELD, ORDER, type OrderWorld, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, orderByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const PAGE = { kind: "html", status: 404, accept: false } as const;
const MISMATCH = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";

function pagesFor(world: OrderWorld, ...paths: readonly string[]): void {
  for (const path of paths) {
    world.simulator.addFaults([{ match: { method: "GET", path }, fault: PAGE, times: 1_000 }]);
  }
}

test("a refused exit stays in question while the position is a page, then is judged", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  pagesFor(world, "/v2/positions", "/v2/positions/*");
  world.fault({ kind: "refuse", status: 422, code: 42_210_000, message: MISMATCH });
  expect((await world.send(sidecar, SELL)).status).toBe(422);
  await world.advance(60_000);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit open"]);
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  expect((await world.send(sidecar, { ...ORDER, qty: "1" })).status, "entries stay free").toBe(200);
  expect(sentOrders(world)).toHaveLength(2);

  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit still_held venue"]);
  expect(await bookRecord(sidecar)).toBe("7");
  expect(await claimRecord(sidecar)).toEqual(["sell 6 rejected venue", "buy 1 filled venue"]);
});

test("a position that the list leaves out and whose own read is a page is not taken for gone", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  await orderByHand(world, SELL);
  pagesFor(world, "/v2/positions/*");
  await world.advance(60_000);
  expect(await bookRecord(sidecar)).toBe("6");
  expect(await incidentRecord(sidecar)).toEqual([]);
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual(["phantom adopted venue"]);
  expect(sentOrders(world)).toEqual([]);
});

test("an order that a page hides is not taken for absent: nothing is sent again", async () => {
  const world = await openOrderWorld();
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  world.fault({ kind: "accept_then_drop" });
  pagesFor(world, "/v2/orders*");
  expect((await world.send(sidecar, ORDER)).status).toBe(409);
  await world.advance(60_000);
  expect((await world.send(sidecar, ORDER)).status).toBe(409);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome open"]);
  expect(sentOrders(world)).toHaveLength(1);
  await expectHealed(world, sidecar);
  expect(brokerOrders(world)).toEqual(["buy 6 filled 6"]);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome outcome_known venue"]);
  expect(await claimRecord(sidecar)).toEqual(["buy 6 filled venue"]);
});
