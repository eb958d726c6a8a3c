/**
 * Order reads fail for a minute and more while positions can be read, and the stream is silent.
 * What an order of ours fills meanwhile shows in the position only: it is not somebody else's, and
 * counts once, when the order can be read.
 */
import { describe, expect, test } from "vitest";
import { HELD, ORDER, type OrderWorld, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { cancelByHand, replaceByHand } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const PAGE = { kind: "html", status: 502, accept: false } as const;
const LONG_MS = 90_000;

function hide(world: OrderWorld, path = "/v2/orders*"): void {
  const match = { method: "GET", path } as const;
  world.simulator.addFaults([{ match, fault: PAGE, times: 100_000 }]);
}

const ENTRY = { ...ORDER, type: "limit", limit_price: "70" } as const;
const EXIT = { ...SELL, type: "limit", limit_price: "80" } as const;

test.each([
  ["entry", {}, ENTRY, "69", "0", "6"],
  ["exit", HELD, EXIT, "81", "6 less 6", "0"],
] as const)(
  "what an %s fills that cannot be read is not taken for nobody's",
  async (...[, options, body, price, before, after]) => {
    const world = await openOrderWorld(options);
    world.comparePositions(COMPARISON_MS);
    const sidecar = await world.open();
    expect((await world.send(sidecar, body)).status).toBe(200);
    await world.advance(60_000);
    hide(world);
    world.simulator.setPrice("TQQQ", price);
    await world.advance(LONG_MS);
    expect(await bookRecord(sidecar)).toBe(before);
    await expectHealed(world, sidecar);
    expect(await bookRecord(sidecar)).toBe(after);
    expect(await claimRecord(sidecar)).toEqual([`${body.side} 6 filled venue`]);
    expect(await incidentRecord(sidecar)).toEqual([]);
  },
);

const FLAT = { method: "DELETE", path: "/v2/positions/TQQQ" } as const;
const NOT_SENT = { status: 409, body: { tradelatch: { error: "not_sent" } } };

test.each([
  ["a sell", SELL, {}],
  ["a close of all", "", FLAT],
  ["a close of so many shares", "", { ...FLAT, path: `${FLAT.path}?qty=6` }],
] as const)(
  "%s is not refused for certain while what an entry has filled cannot be read",
  async (...[, body, request]) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    const entry = await world.send(sidecar, ENTRY);
    await world.advance(60_000);
    hide(world);
    world.simulator.setPrice("TQQQ", "69");
    const told = await world.send(sidecar, body, request);
    expect(told).toMatchObject(NOT_SENT);
    expect(told.headers.get("retry-after")).toBe("5");
    const requestId = entry.headers.get("tradelatch-claim");
    expect(told.body.tradelatch.cause).toMatchObject({ requestId });
    expect(world.posts()).toHaveLength(1);
    world.simulator.clearFaults();
    expect((await world.send(sidecar, body, request)).body).toMatchObject({ qty: "6" });
    await expectHealed(world, sidecar);
    expect(world.simulator.positions()).toEqual([]);
  },
);

test("a sell like one of a moment ago is not told of that one's fill meanwhile", async () => {
  const world = await openOrderWorld(HELD);
  const sidecar = await world.open();
  const first = await world.send(sidecar, SELL);
  await world.advance(5_000);
  await world.send(sidecar, ENTRY);
  await world.advance(5_000);
  hide(world);
  world.simulator.setPrice("TQQQ", "69");
  expect(await world.send(sidecar, SELL)).toMatchObject(NOT_SENT);
  world.simulator.clearFaults();
  const second = await world.send(sidecar, SELL);
  expect(second.headers.get("tradelatch-status")).toBe("PROCEED");
  expect(second.body.id).not.toBe(first.body.id);
  await expectHealed(world, sidecar);
  expect(world.simulator.positions()).toEqual([]);
});

test("closing all positions names an entry that cannot be read, and closes the others", async () => {
  const world = await openOrderWorld(HELD);
  const sidecar = await world.open();
  await world.send(sidecar, { ...ENTRY, symbol: "SPY", qty: "1", limit_price: "490" });
  await world.advance(60_000);
  hide(world);
  world.simulator.setPrice("SPY", "489");
  const told = await world.send(sidecar, "", { method: "DELETE", path: "/v2/positions" });
  expect(told.body).toMatchObject([
    { symbol: "TQQQ", status: 200, body: { qty: "6" } },
    { symbol: "SPY", ...NOT_SENT },
  ]);
  world.simulator.clearFaults();
  await world.send(sidecar, "", { method: "DELETE", path: "/v2/positions" });
  await expectHealed(world, sidecar);
  expect(world.simulator.positions()).toEqual([]);
});

test("closing everything buys nothing where an exit has filled that could not be read", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open({ positionIntent: false });
  await world.send(sidecar, EXIT);
  await world.advance(60_000);
  hide(world);
  world.simulator.setPrice("TQQQ", "81");
  await world.advance(LONG_MS);
  world.simulator.clearFaults();
  const path = "/v2/positions?cancel_orders=true";
  await world.send(sidecar, "", { method: "DELETE", path });
  await expectHealed(world, sidecar);
  expect(world.posts()).toHaveLength(1);
  expect(world.simulator.positions()).toEqual([]);
});

test("what fills in place of an order replaced by hand counts once it can be read", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const exit = await world.send(sidecar, EXIT);
  await world.advance(3_000);
  await replaceByHand(world, exit.body.id, { limit_price: "76", qty: "6" });
  hide(world);
  await world.advance(3_000);
  world.simulator.setPrice("TQQQ", "77");
  await world.advance(LONG_MS);
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe("0");
  expect(await incidentRecord(sidecar)).toEqual([]);
});

test("a refused exit is not judged by a position while another exit cannot be read", async () => {
  const world = await openOrderWorld(HELD);
  const sidecar = await world.open();
  world.fault({ kind: "list_lag", lagMs: 2 * LONG_MS });
  expect((await world.send(sidecar, { ...EXIT, qty: "2" })).status).toBe(200);
  await world.advance(60_000);
  const refused = { kind: "refuse", status: 422, code: 42_210_000, message: MISMATCH } as const;
  world.fault(refused);
  expect((await world.send(sidecar, { ...SELL, qty: "3" })).status).toBe(422);
  hide(world, "/v2/orders/*");
  world.simulator.setPrice("TQQQ", "81");
  await world.advance(LONG_MS);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit open"]);
  expect(await bookRecord(sidecar)).toBe("6 less 2 less 3");
  await expectHealed(world, sidecar);
  expect(await incidentRecord(sidecar)).toEqual(["refused_exit still_held venue"]);
  expect(await bookRecord(sidecar)).toBe("4");
});

const MISMATCH = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";

const LOW = "SPY270115C00500000";
const HIGH = "SPY270115C00510000";
const SPREAD = {
  ...{ order_class: "mleg", qty: "2", type: "limit", time_in_force: "day" },
  legs: [
    { symbol: LOW, ratio_qty: "1", side: "buy", position_intent: "buy_to_open" },
    { symbol: HIGH, ratio_qty: "1", side: "sell", position_intent: "sell_to_open" },
  ],
};

async function comboWorld() {
  const world = await openOrderWorld({ prices: { SPY: "500", [LOW]: "12.50", [HIGH]: "7.50" } });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const nets = () =>
    Promise.all([LOW, HIGH].map(async (leg) => (await sidecar.started.latch.book(leg)).net));
  return { world, sidecar, nets };
}

test("what a combo without an answer has filled is not taken for nobody's", async () => {
  const { world, sidecar, nets } = await comboWorld();
  world.fault({ kind: "accept_then_drop" });
  hide(world, "/v2/orders:by_client_order_id");
  expect((await world.send(sidecar, { ...SPREAD, limit_price: "5.00" })).status).toBe(409);
  await world.advance(LONG_MS);
  expect(await nets()).toEqual(["0", "0"]);
  await expectHealed(world, sidecar);
  expect(await nets()).toEqual(["2", "-2"]);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome outcome_known venue"]);
});

test("nor what a combo fills that cannot be read", async () => {
  const { world, sidecar, nets } = await comboWorld();
  expect((await world.send(sidecar, { ...SPREAD, limit_price: "4.00" })).status).toBe(200);
  await world.advance(60_000);
  hide(world, "/v2/orders/*");
  world.simulator.setPrice(LOW, "11.40");
  await world.advance(LONG_MS);
  expect(await nets()).toEqual(["0", "0"]);
  await expectHealed(world, sidecar);
  expect(await nets()).toEqual(["2", "-2"]);
  expect(await incidentRecord(sidecar)).toEqual([]);
});

test("what the position says is told after five minutes of that, and not taken over", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  expect((await world.send(sidecar, EXIT)).status).toBe(200);
  await world.advance(60_000);
  hide(world);
  world.simulator.setPrice("TQQQ", "81");
  await world.advance(4 * 60_000);
  expect(await incidentRecord(sidecar)).toEqual([]);
  await world.advance(3 * 60_000);
  expect((await incidentRecord(sidecar)).sort()).toEqual(["phantom open", "unknown_outcome open"]);
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  const told = (await sidecar.started.latch.incidents()).find(({ kind }) => kind === "phantom");
  expect(told?.next).toMatch(/our own orders could not be read.*nothing is taken over/);
  await expectHealed(world, sidecar);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
  expect(await bookRecord(sidecar)).toBe("0");
  expect((await incidentRecord(sidecar)).sort()).toEqual([
    "phantom agrees_again venue",
    "unknown_outcome outcome_known venue",
  ]);
});

describe("an order at work that cannot be read while the position agrees", () => {
  async function unread(path = "/v2/orders*") {
    const world = await openOrderWorld(HELD);
    world.comparePositions(COMPARISON_MS);
    const sidecar = await world.open();
    const sent = await world.send(sidecar, EXIT);
    expect(sent.status).toBe(200);
    await world.advance(60_000);
    hide(world, path);
    return { world, sidecar, id: sent.body.id as string };
  }

  test("is told of after five minutes, keeps what it holds, and is over once it can", async () => {
    const { world, sidecar, id } = await unread();
    await world.advance(4 * 60_000);
    expect(await incidentRecord(sidecar)).toEqual([]);
    await world.advance(3 * 60_000);
    expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome open"]);
    const [told] = await sidecar.started.latch.incidents();
    expect(told?.summary).toMatch(
      new RegExp(
        `^the broker took the order to sell 6 TQQQ as ${id}, and it cannot be read: .*502`,
      ),
    );
    expect(await bookRecord(sidecar)).toBe("6 less 6");
    expect(await claimRecord(sidecar)).toEqual(["sell 6 IN_RECONCILIATION"]);
    await world.advance(10 * 60_000);
    expect(await incidentRecord(sidecar)).toHaveLength(1);
    await expectHealed(world, sidecar);
    expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome outcome_known venue"]);
    expect(await claimRecord(sidecar)).toEqual(["sell 6 IN_RECONCILIATION"]);
  });

  test("is told of by a program that was started since, which has never read it", async () => {
    const { world, sidecar } = await unread();
    await world.shut(sidecar);
    const begun = await world.begin();
    await world.advance(8 * 60_000);
    const next = Object.assign(begun, { started: await begun.sidecar.started });
    expect(await incidentRecord(next)).toEqual(["unknown_outcome open"]);
    await expectHealed(world, next);
    expect(await incidentRecord(next)).toEqual(["unknown_outcome outcome_known venue"]);
  });

  test("is not told of while nothing of the broker's can be read", async () => {
    const { world, sidecar } = await unread("/v2/*");
    await world.advance(20 * 60_000);
    expect(await incidentRecord(sidecar)).toEqual([]);
    await expectHealed(world, sidecar);
    expect(await incidentRecord(sidecar)).toEqual([]);
  });

  test("ends by a person's word, and its shares can be sold", async () => {
    const { world, sidecar, id } = await unread();
    await cancelByHand(world, id);
    await world.advance(7 * 60_000);
    const { latch } = sidecar.started;
    const [told] = await latch.incidents();
    const word = { reason: "the broker's page shows it canceled", by: "ann" } as const;
    const resolved = { version: told?.version ?? 0, ...word, endClaimAs: "absent" } as const;
    expect(await latch.operator.resolve(told?.id ?? 0, resolved)).toMatchObject({
      kind: "resolved",
    });
    expect(await claimRecord(sidecar)).toEqual(["sell 6 absent operator"]);
    expect((await world.send(sidecar, { ...EXIT, limit_price: "79" })).status).toBe(200);
  });
});
