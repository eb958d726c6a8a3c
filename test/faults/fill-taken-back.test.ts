/** A trade that the broker busts: the order has filled fewer shares than it had, and they are back. */
import { expect, test } from "vitest";
import {
  HELD,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";
import { cancelByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";
import { rewriteAnswers } from "./rewritten-answers.ts";

const HELD_SHARES = { symbol: "TQQQ", averagePrice: "70" } as const;
const EXIT = { ...SELL, type: "limit", limit_price: "80", time_in_force: "gtc" } as const;
const ENTRY = { ...ORDER, type: "limit", limit_price: "75", time_in_force: "gtc" } as const;

/** From now on the broker shows the order without any fill, and the position as it was before. */
function bust(world: OrderWorld, sidecar: StartedSidecar, id: string, held: string): void {
  world.simulator.setPositions([{ ...HELD_SHARES, quantity: held }]);
  rewriteAnswers(sidecar, (text) => {
    const body: unknown = JSON.parse(text);
    return JSON.stringify(Array.isArray(body) ? body.map(unfilled) : unfilled(body));
  });
  function unfilled(value: unknown) {
    const order = value as { id?: string; status: string };
    if (order.id !== id) return value;
    const status = order.status === "partially_filled" ? "new" : order.status;
    return { ...order, status, filled_qty: "0", filled_avg_price: null };
  }
}

test("of an exit that is canceled then: its shares are free, and the next exit sells all", async () => {
  const world = await openOrderWorld({ ...HELD, scriptedFills: true });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const exit = await world.send(sidecar, EXIT);
  world.simulator.fill({ orderId: exit.body.id, quantity: "2", price: "80" });
  await world.advance(40_000);
  expect(await bookRecord(sidecar)).toBe("4 less 4");
  bust(world, sidecar, exit.body.id, "6");
  await world.advance(60_000);
  expect(await bookRecord(sidecar)).toBe("6 less 4");
  expect(await incidentRecord(sidecar)).toEqual(["quantity adopted venue"]);

  await cancelByHand(world, exit.body.id);
  await world.advance(65_000);
  expect(await bookRecord(sidecar)).toBe("6");
  expect(await claimRecord(sidecar)).toEqual(["sell 6 partially_filled venue"]);
  const next = await world.send(sidecar, SELL);
  expect(next.status).toBe(200);
  world.simulator.fill({ orderId: next.body.id, quantity: "6" });
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(await incidentRecord(sidecar)).toEqual([
    "quantity adopted venue",
    "missing_fills fills_booked venue",
  ]);
  expect(sentOrders(world)).toHaveLength(2);
});

test("of an entry that is canceled then: nothing is held, and the next entry is free", async () => {
  const world = await openOrderWorld({ scriptedFills: true });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const entry = await world.send(sidecar, ENTRY);
  world.simulator.fill({ orderId: entry.body.id, quantity: "2" });
  await world.advance(40_000);
  bust(world, sidecar, entry.body.id, "0");
  await cancelByHand(world, entry.body.id);
  await world.advance(65_000);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(await incidentRecord(sidecar)).toContain("phantom adopted venue");
  expect(await world.claims(sidecar)).toEqual([]);
  expect((await world.send(sidecar, { ...ENTRY, qty: "5" })).status).toBe(200);
  expect((await world.send(sidecar, SELL)).body.tradelatch.error).toBe("close_while_flat");
  await expectHealed(world, sidecar);
});
