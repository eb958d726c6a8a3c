/**
 * An order that every record of orders hides for longer than the proof of absence takes, while the
 * position shows it at once: its shares count once, as the claim's own fills.
 */
import { expect, test } from "vitest";
import { HELD, ORDER, type OrderWorld, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const HIDDEN_MS = 30_000;
const MORE_THAN_A_DAY_MS = 25 * 60 * 60_000;

/** It gets to the broker, its answer is lost, and no record shows it for a while. */
function hideNextOrder(world: OrderWorld): void {
  world.fault({ kind: "accept_then_drop" });
  world.fault({ kind: "client_id_lag", lagMs: HIDDEN_MS });
  world.fault({ kind: "list_lag", lagMs: HIDDEN_MS });
}

test.each([
  ["entry", {}, ORDER, "0", "6", "late_evidence"],
  ["exit", HELD, SELL, "6", "0", "lost_exit"],
] as const)(
  "an %s is found before its shares are taken for nobody's",
  async (...[, options, body, before, after, kind]) => {
    const world = await openOrderWorld(options);
    world.comparePositions(COMPARISON_MS);
    const sidecar = await world.open();
    hideNextOrder(world);
    expect((await world.send(sidecar, body)).status).toBe(409);
    await world.advance(18_000);
    expect(await claimRecord(sidecar)).toEqual([`${body.side} 6 absent venue`]);
    expect(await bookRecord(sidecar)).toBe(before);

    await world.advance(HIDDEN_MS);
    expect(await bookRecord(sidecar)).toBe(after);
    expect(await claimRecord(sidecar)).toEqual([`${body.side} 6 filled venue`]);
    expect(await incidentRecord(sidecar)).toEqual([`${kind} landed venue`]);
    expect((await world.send(sidecar, body)).body.id).toBe(world.simulator.orders()[0]?.id);
    await expectHealed(world, sidecar);
    expect(await bookRecord(sidecar)).toBe(after);
    expect(brokerOrders(world)).toEqual([`${body.side} 6 filled 6`]);
    expect(sentOrders(world)).toHaveLength(1);
  },
);

test("so is a multi-leg order, which no list of a contract shows", async () => {
  const [LOW, HIGH] = ["SPY270115C00500000", "SPY270115C00510000"];
  const world = await openOrderWorld({ prices: { SPY: "500", [LOW]: "12.50", [HIGH]: "7.50" } });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const legs = [
    { symbol: LOW, ratio_qty: "1", side: "buy", position_intent: "buy_to_open" },
    { symbol: HIGH, ratio_qty: "1", side: "sell", position_intent: "sell_to_open" },
  ];
  hideNextOrder(world);
  const spread = { order_class: "mleg", qty: "2", type: "market", time_in_force: "day", legs };
  expect((await world.send(sidecar, spread)).status).toBe(409);
  await world.advance(18_000);
  expect(await bookRecord(sidecar, LOW)).toBe("0");
  await world.advance(HIDDEN_MS);
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar, LOW)).toBe("2");
  expect(await bookRecord(sidecar, HIGH)).toBe("-2");
  expect(await incidentRecord(sidecar)).toEqual(["late_evidence landed venue"]);
  expect(sentOrders(world)).toHaveLength(1);
});

test("an entry is found that was claimed more than a day ago, and sent again of late", async () => {
  const world = await openOrderWorld();
  world.comparePositions(COMPARISON_MS);
  const before = await world.open();
  const entry = { ...ORDER, client_order_id: "bot-entry" };
  world.fault({ kind: "drop" });
  expect((await world.send(before, entry)).status).toBe(409);
  await world.advance(18_000);
  expect(await claimRecord(before)).toEqual(["buy 6 absent venue"]);
  await world.shut(before);
  await world.advance(MORE_THAN_A_DAY_MS);
  const sidecar = await world.open();
  hideNextOrder(world);
  expect((await world.send(sidecar, entry)).status).toBe(409);
  await world.advance(18_000);
  expect(await claimRecord(sidecar)).toEqual(["buy 6 absent venue"]);
  await world.advance(HIDDEN_MS);
  await expectHealed(world, sidecar);
  expect(await claimRecord(sidecar)).toEqual(["buy 6 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual(["late_evidence landed venue"]);
  expect(await bookRecord(sidecar)).toBe("6");
});

test.each([
  ["entry", {}, { ...ORDER, limit_price: "60" }, "0", "late_evidence"],
  ["exit", HELD, { ...SELL, limit_price: "80" }, "6 less 6", "lost_exit"],
] as const)(
  "an %s that is at work then is the claim's own, and nobody's stranger",
  async (...[, options, body, book, kind]) => {
    const world = await openOrderWorld(options);
    world.comparePositions(COMPARISON_MS);
    const sidecar = await world.open();
    hideNextOrder(world);
    expect((await world.send(sidecar, { ...body, type: "limit" })).status).toBe(409);
    await world.advance(18_000);
    expect(await claimRecord(sidecar)).toEqual([`${body.side} 6 absent venue`]);
    await world.advance(2 * HIDDEN_MS);
    expect(await claimRecord(sidecar)).toEqual([`${body.side} 6 IN_RECONCILIATION`]);
    expect(await bookRecord(sidecar)).toBe(book);
    await expectHealed(world, sidecar);
    expect(await incidentRecord(sidecar)).toEqual([`${kind} landed venue`]);
    expect(sentOrders(world)).toHaveLength(1);
  },
);
