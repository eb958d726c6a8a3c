import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import {
  HELD,
  KEYS,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";

const MINUTE = 60_000;
const REFUSED = { kind: "refuse", status: 403, message: "forbidden." } as const;

async function comparing(options: object = HELD, settings = {}) {
  const world = await openOrderWorld(options);
  world.comparePositions();
  const sidecar = await world.open(settings);
  return { world, sidecar };
}

/** Somebody trades past the latch. */
async function byHand(world: OrderWorld, body: object): Promise<string> {
  const url = `${world.simulator.url}/v2/orders`;
  const made = await fetch(url, { method: "POST", headers: KEYS, body: JSON.stringify(body) });
  return ((await made.json()) as { id: string }).id;
}

async function incidents({ started }: StartedSidecar) {
  return (await started.latch.incidents()).map(({ kind, symbol, resolution }) => ({
    kind,
    symbol,
    verdict: resolution?.verdict ?? null,
  }));
}

function book({ started }: StartedSidecar, symbol = "TQQQ") {
  return started.latch.book(symbol);
}

describe("a position that differs from the book", () => {
  test.each([
    ["phantom", SELL, "0"],
    ["quantity", { ...SELL, qty: "2" }, "4"],
  ])("is taken over, with an incident that says so: %s", async (kind, body, net) => {
    const { world, sidecar } = await comparing();
    await byHand(world, body);
    await world.advance(MINUTE);
    expect(await incidents(sidecar)).toEqual([{ kind, symbol: "TQQQ", verdict: "adopted" }]);
    expect(await book(sidecar)).toMatchObject({ net });
    const posts = world.posts().length;
    await world.advance(MINUTE);
    expect(world.posts()).toHaveLength(posts);
    expect(await incidents(sidecar)).toHaveLength(1);
  });

  test("is taken over where our book has none: shares bought by hand can then be exited", async () => {
    const { world, sidecar } = await comparing({});
    await byHand(world, ORDER);
    await world.advance(MINUTE);
    expect(await incidents(sidecar)).toEqual([
      { kind: "orphan", symbol: "TQQQ", verdict: "adopted" },
    ]);
    expect((await world.send(sidecar, SELL)).status).toBe(200);
    await world.advance(5_000);
    expect(await book(sidecar)).toMatchObject({ net: "0" });
  });

  test("is nothing while a fill of our own is on its way", async () => {
    const { world, sidecar } = await comparing({});
    for (let nth = 0; nth < 4; nth += 1) {
      await world.send(sidecar, { ...ORDER, client_order_id: `bot-${nth}` });
      await world.advance(9_000);
    }
    expect(await incidents(sidecar)).toEqual([]);
    expect(await book(sidecar)).toMatchObject({ net: "24" });
  });

  test("is nothing while positions lag behind orders", async () => {
    const { world, sidecar } = await comparing({});
    world.simulator.addFaults([
      {
        match: { method: "GET", path: "/v2/positions*" },
        fault: { kind: "position_lag", lagMs: 10_000 },
        times: 1_000,
      },
    ]);
    await world.send(sidecar, ORDER);
    await world.advance(2 * MINUTE);
    expect(await incidents(sidecar)).toEqual([]);
  });

  test("is nothing while a bot buys and sells between two readings of it", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const lag = { kind: "position_lag", lagMs: 3_000 } as const;
    const match = { method: "GET", path: "/v2/positions*" } as const;
    world.simulator.addFaults([{ match, fault: lag, times: 1_000 }]);
    for (let nth = 1; nth <= 5; nth += 1) {
      await world.send(sidecar, { ...ORDER, qty: "1", client_order_id: `in-${nth}` });
      await world.advance(3_000);
      await world.send(sidecar, { ...SELL, qty: "1", client_order_id: `out-${nth}` });
      await world.advance(1_000);
      const compared = sidecar.started.latch.comparePositions();
      await world.advance(8_000);
      await compared;
    }
    expect(await incidents(sidecar)).toEqual([]);
    expect(await book(sidecar)).toMatchObject({ net: "6" });
  });

  test("is nothing while positions lag behind a fill from just before a restart", async () => {
    const { world, sidecar } = await comparing();
    world.simulator.addFaults([
      {
        match: { method: "GET", path: "/v2/positions*" },
        fault: { kind: "position_lag", lagMs: 20_000 },
        times: 1_000,
      },
    ]);
    await world.advance(25_000);
    await world.send(sidecar, SELL);
    await world.advance(3_000);
    await world.shut(sidecar);
    const next = await world.open();
    await world.advance(MINUTE);
    expect(await incidents(next)).toEqual([]);
    expect(await book(next)).toMatchObject({ net: "0" });
  });

  test("is found although the last fill is on record with a time that is yet to come", async () => {
    const { world, sidecar: ahead } = await comparing();
    const here = await world.open();
    here.isDead = true;
    ahead.clock.advanceTo(ahead.clock.now() + 10 * MINUTE);
    await world.send(ahead, { ...SELL, qty: "2" });
    await world.advance(3_000);
    await world.shut(ahead);
    here.isDead = false;
    await byHand(world, { ...SELL, qty: "1" });
    await world.advance(MINUTE);
    expect(await incidents(here)).toEqual([
      { kind: "quantity", symbol: "TQQQ", verdict: "adopted" },
    ]);
    expect(await book(here)).toMatchObject({ net: "3" });
  });

  test("is found behind a resting order that works for weeks", async () => {
    const { world, sidecar } = await comparing();
    await world.send(sidecar, { ...SELL, qty: "1", type: "stop", stop_price: "50" });
    await byHand(world, { ...SELL, qty: "2" });
    await world.advance(MINUTE);
    expect(await incidents(sidecar)).toEqual([
      { kind: "quantity", symbol: "TQQQ", verdict: "adopted" },
    ]);
    expect(await book(sidecar)).toMatchObject({ net: "4", reservations: [{ quantity: "1" }] });
  });

  test("proves nothing while the broker's answers are pages of a gateway", async () => {
    const { world, sidecar } = await comparing();
    for (const path of ["/v2/positions", "/v2/positions/*"]) {
      world.simulator.addFaults([
        {
          match: { method: "GET", path },
          fault: { kind: "html", status: 404, accept: false },
          times: 1_000,
        },
      ]);
    }
    await world.advance(2 * MINUTE);
    expect(await incidents(sidecar)).toEqual([]);
    expect(await book(sidecar)).toMatchObject({ net: "6" });
  });

  test("survives a restart: the next process finds it and takes it over", async () => {
    const { world, sidecar } = await comparing();
    await byHand(world, { ...SELL, qty: "2" });
    await world.advance(6_000);
    await world.shut(sidecar);
    const next = await world.open();
    await world.advance(MINUTE);
    expect(await incidents(next)).toEqual([
      { kind: "quantity", symbol: "TQQQ", verdict: "adopted" },
    ]);
  });
});

describe("the policy for a difference", () => {
  test("observe tells, trades nothing and leaves entries free until it agrees again", async () => {
    const { world, sidecar } = await comparing(HELD, { divergence: "observe" });
    await byHand(world, { ...SELL, qty: "2" });
    await world.advance(MINUTE);
    expect(await incidents(sidecar)).toEqual([{ kind: "quantity", symbol: "TQQQ", verdict: null }]);
    expect(await sidecar.started.latch.entryCheck("TQQQ")).toMatchObject({
      isFree: true,
      incidents: [{ kind: "quantity" }],
    });
    expect((await world.send(sidecar, { ...ORDER, qty: "1" })).status).toBe(200);
    await byHand(world, { ...ORDER, qty: "2" });
    await world.advance(2 * MINUTE);
    expect(await incidents(sidecar)).toEqual([
      { kind: "quantity", symbol: "TQQQ", verdict: "agrees_again" },
    ]);
  });

  test("block-entries refuses entries in the symbol with the cause, and exits not", async () => {
    const { world, sidecar } = await comparing(HELD, { divergence: "quantity=block-entries" });
    await byHand(world, { ...SELL, qty: "2" });
    await world.advance(MINUTE);
    expect(await world.send(sidecar, { ...ORDER, qty: "1" })).toMatchObject({
      status: 403,
      body: { tradelatch: { error: "entry_blocked", incident: 1 } },
    });
    expect(await sidecar.started.latch.entryCheck("TQQQ")).toMatchObject({ isFree: false });
    expect((await world.send(sidecar, { ...ORDER, symbol: "SPY", qty: "1" })).status).toBe(200);
    expect((await world.send(sidecar, { ...SELL, qty: "4" })).status).toBe(200);
  });

  test("block-entries keeps out a combo that opens in the contract, and none that closes it", async () => {
    const [low, high] = ["SPY270115C00500000", "SPY270115C00510000"];
    const prices = { SPY: "500", [low]: "12.50", [high]: "7.50" };
    const { world, sidecar } = await comparing({ prices }, { divergence: "orphan=block-entries" });
    world.simulator.setPositions([
      { symbol: low, quantity: "1", averagePrice: "12" },
      { symbol: high, quantity: "-1", averagePrice: "7" },
    ]);
    await world.advance(MINUTE);
    const combo = (does: string, ...sides: readonly [string, string]) => ({
      ...{ order_class: "mleg", qty: "1", type: "market", time_in_force: "day" },
      legs: [low, high].map((symbol, nth) => ({
        ...{ symbol, ratio_qty: "1", side: sides[nth] },
        position_intent: `${sides[nth]}_to_${does}`,
      })),
    });
    expect(await world.send(sidecar, combo("open", "buy", "sell"))).toMatchObject({
      status: 403,
      body: { tradelatch: { error: "entry_blocked" } },
    });
    expect((await world.send(sidecar, combo("close", "sell", "buy"))).status).toBe(200);
    expect(world.posts()).toHaveLength(1);
  });

  test("observe tells of a difference that grows", async () => {
    const { world, sidecar } = await comparing({}, { divergence: "observe" });
    await byHand(world, ORDER);
    await world.advance(MINUTE);
    await byHand(world, { ...ORDER, qty: "60" });
    await world.advance(MINUTE);
    const [told] = await sidecar.started.latch.incidents();
    expect([told?.summary, ...(told?.evidence ?? []).map(({ text }) => text)]).toEqual([
      "the broker holds 6 TQQQ, the book 0",
      "the broker holds 66 TQQQ, the book 0",
    ]);
  });

  test("flatten takes the position over and closes it, once", async () => {
    const { world, sidecar } = await comparing({}, { divergence: "orphan=flatten" });
    await byHand(world, ORDER);
    await world.advance(3 * MINUTE);
    expect(await book(sidecar)).toMatchObject({ net: "0" });
    expect(world.simulator.positions()).toEqual([]);
    expect(await incidents(sidecar)).toMatchObject([{ kind: "orphan", verdict: "agrees_again" }]);
    expect(world.posts()).toHaveLength(2);
  });

  test.each([
    ["is refused, once its shares are proved held", REFUSED, "flatten-1"],
    ["is rejected after it was taken", { kind: "reject_later" }, "flatten-1-2"],
  ] as const)("flatten tries again where its close %s", async (_, fault, requestId) => {
    const { world, sidecar } = await comparing({}, { divergence: "orphan=flatten" });
    await byHand(world, ORDER);
    world.fault(fault);
    await world.advance(5 * MINUTE);
    expect(world.simulator.positions()).toEqual([]);
    expect(await incidents(sidecar)).toContainEqual({
      ...{ kind: "orphan", symbol: "TQQQ", verdict: "agrees_again" },
    });
    const { claims } = await sidecar.started.latch.claims();
    expect(claims[0]).toMatchObject({ key: { requestId }, outcome: "filled" });
  });

  test("flatten of what no order can be made in keeps no other symbol from being compared", async () => {
    const { world, sidecar } = await comparing(HELD, { divergence: "orphan=flatten" });
    const held = { symbol: "TQQQ", quantity: "2", averagePrice: "75" };
    world.simulator.setPositions([{ ...held, symbol: "003CVR016" }, held]);
    await world.advance(2 * MINUTE);
    expect(await book(sidecar)).toMatchObject({ net: "2" });
    const [right] = await sidecar.started.latch.incidents({ isOpen: true });
    expect(right).toMatchObject({
      ...{ kind: "orphan", symbol: "003CVR016", next: expect.stringContaining("by hand") },
    });
  });

  test("flatten leaves alone what a bot buys once the position was closed", async () => {
    const { world, sidecar } = await comparing({}, { divergence: "orphan=flatten" });
    await byHand(world, ORDER);
    while (world.posts().length < 2) await world.advance(1_000);
    await world.advance(3_000);
    expect(await book(sidecar)).toMatchObject({ net: "0" });
    expect((await world.send(sidecar, { ...ORDER, qty: "2" })).status).toBe(200);
    await world.advance(3 * MINUTE);
    expect(await book(sidecar)).toMatchObject({ net: "2" });
    expect(world.posts()).toHaveLength(3);
    expect(await incidents(sidecar)).toEqual([
      { kind: "orphan", symbol: "TQQQ", verdict: "agrees_again" },
    ]);
  });

  test("flatten leaves alone what a person has kept while another position was read", async () => {
    const other = { symbol: "SQQQ", quantity: "6", averagePrice: "40" };
    const prices = { TQQQ: "75", SQQQ: "40" };
    const settings = { divergence: "observe,orphan=flatten" };
    const { world, sidecar } = await comparing({ prices, positions: [other] }, settings);
    await byHand(world, { ...SELL, symbol: "SQQQ" });
    await world.advance(MINUTE);
    await byHand(world, ORDER);
    world.fault({ kind: "reject_later" });
    while (world.posts().length < 3) await world.advance(1_000);
    await world.advance(25_000);
    const slow = { kind: "slow", delayMs: 9_000 } as const;
    const match = { method: "GET", path: "/v2/positions/SQQQ" } as const;
    world.simulator.addFaults([{ match, fault: slow, times: 1_000 }]);
    await world.advance(4_000);
    const { latch } = sidecar.started;
    const [told] = await latch.incidents({ symbol: "TQQQ", isOpen: true });
    const seen = { brokerNet: decimal("6"), bookNet: decimal("6") };
    const word = { version: told?.version ?? 0, reason: "it is mine", by: "ann" };
    const kept = await world.drive(latch.operator.adopt(told?.id ?? 0, { ...word, ...seen }));
    expect(kept).toMatchObject({ kind: "resolved" });
    await world.advance(2 * MINUTE);
    expect(await book(sidecar)).toMatchObject({ net: "6" });
    expect(world.posts()).toHaveLength(3);
  });

  test("flatten is not told of a close of the ledger before, whose incidents had the same numbers", async () => {
    const settings = { divergence: "orphan=flatten" };
    const { world, sidecar } = await comparing({}, settings);
    await byHand(world, ORDER);
    await world.advance(3 * MINUTE);
    expect(world.simulator.positions()).toEqual([]);
    await world.shut(sidecar);
    await world.advance(60 * MINUTE);
    const next = await world.open({ ...settings, store: `${world.store}.new` });
    await byHand(world, ORDER);
    await world.advance(3 * MINUTE);
    expect(world.simulator.positions()).toEqual([]);
    const { claims } = await next.started.latch.claims();
    const filled = claims.filter(({ outcome }) => outcome === "filled");
    expect(filled.map(({ key }) => key.requestId)).toEqual(["flatten-1-2"]);
    expect((await book(next)).episode).toBe(1);
  });

  test("flatten says which exits keep it waiting, and goes on once they have ended", async () => {
    const { world, sidecar } = await comparing(HELD, { divergence: "flatten" });
    const resting = { ...SELL, type: "limit", limit_price: "80", time_in_force: "gtc" };
    const exit = await world.send(sidecar, resting);
    const held = { symbol: "TQQQ", quantity: "10", averagePrice: "70" };
    world.simulator.setPositions([held]);
    await world.advance(2 * MINUTE);
    const { latch } = sidecar.started;
    const last = await latch.lastSequence();
    const [told] = await latch.incidents({ isOpen: true });
    expect(told?.evidence.map(({ text }) => text)).toEqual([
      "no close is sent: exits at work hold 6 of 10 TQQQ",
    ]);
    expect(told?.next).toMatch(/^it is closed once they have ended; cancel them/);
    await world.advance(5 * MINUTE);
    expect(await latch.lastSequence()).toBe(last);
    expect(world.posts()).toHaveLength(1);
    const path = `/v2/orders/${exit.body.id}`;
    await world.send(sidecar, undefined, { method: "DELETE", path });
    await world.advance(2 * MINUTE);
    expect(world.simulator.positions()).toEqual([]);
    expect(await incidents(sidecar)).toMatchObject([{ verdict: "agrees_again" }]);
  });

  test("flatten pauses for longer and longer where every close of its is rejected", async () => {
    const { world, sidecar } = await comparing({}, { divergence: "orphan=flatten" });
    await byHand(world, ORDER);
    const match = { method: "POST", path: "/v2/orders" } as const;
    world.simulator.addFaults([{ match, fault: { kind: "reject_later" }, times: 1_000 }]);
    await world.advance(4 * MINUTE);
    expect(world.posts().length).toBeLessThan(6);
    world.simulator.clearFaults();
    await world.advance(5 * MINUTE);
    expect(world.simulator.positions()).toEqual([]);
    expect((await book(sidecar)).net).toBe("0");
  });
});

test("an order at work that no claim made is told of, until it is gone", async () => {
  const { world, sidecar } = await comparing({});
  const id = await byHand(world, { ...ORDER, type: "limit", limit_price: "60" });
  await world.send(sidecar, { ...ORDER, type: "limit", limit_price: "61" });
  await world.advance(MINUTE);
  expect(await incidents(sidecar)).toEqual([
    { kind: "unknown_order", symbol: "TQQQ", verdict: null },
  ]);
  await fetch(`${world.simulator.url}/v2/orders/${id}`, { method: "DELETE", headers: KEYS });
  await world.advance(MINUTE);
  expect(await incidents(sidecar)).toEqual([
    { kind: "unknown_order", symbol: "TQQQ", verdict: "order_gone" },
  ]);
});
