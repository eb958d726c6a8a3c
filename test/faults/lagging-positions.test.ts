/** Positions that lag 10 s behind orders, as the broker's have been measured to. */
import { expect, test } from "vitest";
import { ORDER, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const MISMATCH = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";

async function lagging() {
  const world = await openOrderWorld();
  world.comparePositions(COMPARISON_MS);
  const match = { method: "GET", path: "/v2/positions*" } as const;
  const fault = { kind: "position_lag", lagMs: 10_000 } as const;
  world.simulator.addFaults([{ match, fault, times: 10_000 }]);
  return { world, sidecar: await world.open() };
}

test("an entry and its exit seconds later are no difference, although both are shown late", async () => {
  const { world, sidecar } = await lagging();
  expect((await world.send(sidecar, ORDER)).status).toBe(200);
  await world.advance(4_000);
  expect(await bookRecord(sidecar)).toBe("6");
  expect((await world.send(sidecar, SELL)).status).toBe(200);
  await world.advance(4_000);
  expect(await bookRecord(sidecar)).toBe("0");
  expect((await world.send(sidecar, { ...ORDER, qty: "2" })).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(3);
  await world.advance(60_000);
  expect(await incidentRecord(sidecar)).toEqual([]);
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe("2");
  expect(sentOrders(world)).toHaveLength(3);
});

test("an exit that is refused while the entry does not show is not taken for flat", async () => {
  const { world, sidecar } = await lagging();
  await world.send(sidecar, ORDER);
  await world.advance(3_000);
  world.fault({ kind: "refuse", status: 422, code: 42_210_000, message: MISMATCH });
  expect((await world.send(sidecar, SELL)).status).toBe(422);
  expect((await world.send(sidecar, SELL)).body.tradelatch.error).toBe("exit_duplicate_after_422");
  expect(sentOrders(world)).toHaveLength(2);
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit still_held venue"]);
  expect((await world.send(sidecar, SELL)).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(3);
  await world.advance(5_000);
  expect(brokerOrders(world)).toEqual(["buy 6 filled 6", "sell 6 filled 6"]);
  expect(await claimRecord(sidecar)).toEqual([
    "buy 6 filled venue",
    "sell 6 rejected venue",
    "sell 6 filled venue",
  ]);
});
