/** A close while the market is closed: the broker queues it, and it waits for the open. */
import { expect, test } from "vitest";
import { HELD, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

/** 09:29 in New York; the market opens a minute later. */
const BEFORE_OPEN = Date.parse("2026-05-21T13:29:00Z");

test("an exit before the open is queued, and neither refused nor repeated until it fills", async () => {
  const world = await openOrderWorld({ ...HELD, startAt: BEFORE_OPEN });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const exit = await world.send(sidecar, SELL);
  expect(exit).toMatchObject({ status: 200, body: { status: "accepted", filled_qty: "0" } });
  for (let nth = 0; nth < 3; nth += 1) {
    await world.advance(15_000);
    const repeat = await world.send(sidecar, SELL);
    expect(repeat).toMatchObject({ status: 200, body: { id: exit.body.id, status: "accepted" } });
    expect(repeat.headers.get("tradelatch-status")).toBe("PENDING");
    expect(sentOrders(world)).toHaveLength(1);
  }
  expect(brokerOrders(world)).toEqual(["sell 6 accepted 0"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 IN_RECONCILIATION"]);
  expect(await bookRecord(sidecar)).toBe("6 less 6");

  await world.advance(15_000);
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 filled 6"]);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
  expect(sentOrders(world)).toHaveLength(1);
});

test("one whose answer was lost before the open is found in the queue, not sent again", async () => {
  const world = await openOrderWorld({ ...HELD, startAt: BEFORE_OPEN });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  world.fault({ kind: "accept_then_error", status: 504 });
  const answers = await world.insist(sidecar, SELL);
  expect(answers.at(-1)).toMatchObject({ status: 200, body: { status: "accepted" } });
  expect(sentOrders(world)).toHaveLength(1);
  await world.advance(55_000);
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 filled 6"]);
  expect(await bookRecord(sidecar)).toBe("0");
});
