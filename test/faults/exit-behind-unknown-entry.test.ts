/** An exit while nobody knows what became of an entry: what is held is not known either. */
import { describe, expect, test } from "vitest";
import type { Fault, SimulatorOptions } from "../../src/simulator/index.ts";
import {
  type Answer,
  HELD,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  type Request,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { expectHealed, SOON } from "./healing.ts";
import { bookRecord } from "./ledger-record.ts";

const CLOSE: Request = { method: "DELETE", path: "/v2/positions/TQQQ" };
const CLOSE_ALL: Request = { method: "DELETE", path: "/v2/positions?cancel_orders=true" };
const ENTRY = { ...ORDER, client_order_id: "entry-1" };
const LANDED: Fault = { kind: "accept_then_drop" };
const NEVER_CAME: Fault = { kind: "drop" };

/** An entry without an answer, and no look-up that could tell of it. */
async function entryUnknown(options: SimulatorOptions = {}, fault = LANDED) {
  const world = await openOrderWorld(options);
  const sidecar = await world.open();
  await loseEntry(world, sidecar, fault);
  return { world, sidecar };
}

async function loseEntry(
  world: OrderWorld,
  sidecar: StartedSidecar,
  fault: Fault,
  entry: object = ENTRY,
) {
  world.fault(fault);
  world.simulator.addFaults([
    {
      match: { method: "GET", path: "/v2/orders:by_client_order_id" },
      fault: { kind: "html", status: 502, accept: false },
      times: 100,
    },
  ]);
  expect((await world.send(sidecar, entry)).status).toBe(409);
}

/** Nothing was sent, the entry is named, and the same request may come again. */
function expectInDoubt({ status, body, headers }: Answer): void {
  expect(status).toBe(409);
  expect(headers.get("retry-after")).not.toBeNull();
  expectNotSent(body);
}

function expectNotSent(body: unknown): void {
  const tradelatch = { error: "not_sent", cause: { requestId: "entry-1" } };
  expect(body).toMatchObject({ tradelatch });
}

function held(world: OrderWorld): string[] {
  return world.simulator.positions().map(({ qty }) => qty);
}

describe("while nobody knows what became of the entry, and the book is flat,", () => {
  test.each([
    ["a close of the position", "", CLOSE],
    ["a close of half of it", "", { ...CLOSE, path: `${CLOSE.path}?percentage=50` }],
    ["a close of its shares by number", "", { ...CLOSE, path: `${CLOSE.path}?qty=6` }],
    ["a sell", SELL, {}],
  ] as const)(
    "%s is told that it was not sent, and goes out once the entry is known",
    async (_, body, request) => {
      const { world, sidecar } = await entryUnknown();
      expectInDoubt(await world.send(sidecar, body, request));
      expect(sentOrders(world)).toHaveLength(1);
      world.simulator.clearFaults();
      const answers = await world.insist(sidecar, body, request);
      expect(answers.at(-1)).toMatchObject({ status: 200, body: { side: "sell" } });
      expect(sentOrders(world)).toHaveLength(2);
      await expectHealed(world, sidecar, SOON);
    },
  );

  test("a close of all positions names it as one that was not closed", async () => {
    const { world, sidecar } = await entryUnknown();
    const answer = await world.send(sidecar, "", CLOSE_ALL);
    expect(answer).toMatchObject({ status: 207, body: [{ symbol: "TQQQ", status: 409 }] });
    expectNotSent(answer.body[0].body);
    world.simulator.clearFaults();
    await world.advance(5_000);
    const again = await world.send(sidecar, "", CLOSE_ALL);
    expect(again.body).toMatchObject([{ symbol: "TQQQ", status: 200, body: { qty: "6" } }]);
    await expectHealed(world, sidecar, SOON);
    expect(held(world)).toEqual([]);
  });

  test("a sell like one of a moment ago is not told of that one's fill", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const first = await world.send(sidecar, SELL);
    await world.advance(3_000);
    expect(await bookRecord(sidecar)).toBe("0");
    world.fault(LANDED);
    const match = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
    const page: Fault = { kind: "html", status: 502, accept: false };
    world.simulator.addFaults([{ match, fault: page, times: 100 }]);
    await world.send(sidecar, ENTRY);
    expectInDoubt(await world.send(sidecar, SELL));
    world.simulator.clearFaults();
    const second = (await world.insist(sidecar, SELL)).at(-1);
    expect(second?.status).toBe(200);
    expect(second?.body.id).not.toBe(first.body.id);
    await expectHealed(world, sidecar, SOON);
    expect(held(world)).toEqual([]);
  });

  test("what never came to the broker leaves nothing to close, and that is told in the end", async () => {
    const { world, sidecar } = await entryUnknown({}, NEVER_CAME);
    expectInDoubt(await world.send(sidecar, "", CLOSE));
    world.simulator.clearFaults();
    const answers = await world.insist(sidecar, "", CLOSE);
    expect(answers.at(-1)?.status).toBe(404);
    expect((await world.send(sidecar, "", CLOSE_ALL)).body).toEqual([]);
    expect(sentOrders(world)).toHaveLength(1);
    expect(held(world)).toEqual([]);
  });
});

describe("while nobody knows what became of an add to the shares in the book,", () => {
  test("a close of all of them waits for it, and sells the add too", async () => {
    const { world, sidecar } = await entryUnknown(HELD);
    expectInDoubt(await world.send(sidecar, "", CLOSE));
    expect(held(world)).toEqual(["12"]);
    world.simulator.clearFaults();
    const answers = await world.insist(sidecar, "", CLOSE);
    expect(answers.at(-1)).toMatchObject({ status: 200, body: { qty: "12" } });
    await expectHealed(world, sidecar, SOON);
    expect(brokerOrders(world)).toEqual(["buy 6 filled 6", "sell 12 filled 12"]);
  });

  test("a close of all positions says of this one that it was not closed", async () => {
    const { world, sidecar } = await entryUnknown({
      positions: [...HELD.positions, { symbol: "SPY", quantity: "2", averagePrice: "400" }],
    });
    const answer = await world.send(sidecar, "", CLOSE_ALL);
    expect(answer.body).toMatchObject([
      { symbol: "SPY", status: 200, body: { qty: "2" } },
      { symbol: "TQQQ", status: 409 },
    ]);
    expectNotSent(answer.body[1].body);
    expect(held(world)).toEqual(["12"]);
  });

  test("shares that the book has are sold at once where they are asked for by number", async () => {
    const { world, sidecar } = await entryUnknown(HELD);
    const sold = await world.send(sidecar, SELL);
    expect(sold).toMatchObject({ status: 200, body: { qty: "6" }, tookMs: expect.any(Number) });
    expect(sold.tookMs).toBeLessThan(1_000);
    await expectHealed(world, sidecar, SOON);
    expect(held(world)).toEqual(["6"]);
  });

  test("more than the book has, or has free, is not refused for certain", async () => {
    const { world, sidecar } = await entryUnknown(HELD);
    expectInDoubt(await world.send(sidecar, { ...SELL, qty: "12" }));
    const limit = { ...SELL, type: "limit", limit_price: "90" };
    expect((await world.send(sidecar, limit)).status).toBe(200);
    expectInDoubt(await world.send(sidecar, { ...SELL, qty: "5" }));
    world.simulator.clearFaults();
    const answers = await world.insist(sidecar, { ...SELL, qty: "5" });
    expect(answers.at(-1)?.status).toBe(200);
  });

  test("a larger size for an exit at work is not refused for certain", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const exit = await world.send(sidecar, { ...SELL, type: "limit", limit_price: "90" });
    await world.advance(3_000);
    // One that the broker does not take for a wash trade.
    await loseEntry(world, sidecar, LANDED, { ...ENTRY, type: "limit", limit_price: "80" });
    const larger = () =>
      world.send(sidecar, { qty: "12" }, { method: "PATCH", path: `/v2/orders/${exit.body.id}` });
    const told = await larger();
    expect(told).toMatchObject({ status: 409, body: { tradelatch: { error: "order_not_taken" } } });
    expect(told.body.message).toContain("nobody knows yet what became of the open entry-1");
    world.simulator.clearFaults();
    await world.advance(10_000);
    expect(await larger()).toMatchObject({ status: 200, body: { qty: "12" } });
  });

  test("another entry goes out", async () => {
    const { world, sidecar } = await entryUnknown(HELD);
    expect((await world.send(sidecar, { ...ORDER, qty: "2" })).status).toBe(200);
    await expectHealed(world, sidecar, SOON);
    expect(held(world)).toEqual(["14"]);
  });
});

test("an entry like one of a position that seems over is not sent again, and is told of that one", async () => {
  const { world, sidecar } = await entryUnknown(HELD);
  const bought = { ...ORDER, qty: "2" };
  const first = await world.send(sidecar, bought);
  await world.advance(3_000);
  expect((await world.send(sidecar, { ...SELL, qty: "8" })).status).toBe(200);
  await world.advance(3_000);
  expect(await bookRecord(sidecar)).toBe("0");
  expectInDoubt(await world.send(sidecar, bought));
  world.simulator.clearFaults();
  const answers = await world.insist(sidecar, bought);
  expect(answers.at(-1)).toMatchObject({ status: 200, body: { id: first.body.id } });
  expect(sentOrders(world)).toHaveLength(3);
  await expectHealed(world, sidecar, SOON);
  expect(held(world)).toEqual(["6"]);
});

test.each([
  ["of one position", CLOSE, (answer: Answer) => answer],
  ["of all positions", CLOSE_ALL, ({ body: [element] }: Answer) => element],
] as const)(
  "a close %s waits for an entry that is still being sent, and sells it",
  async (_, request, partOf) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    world.fault({ kind: "slow", delayMs: 3_000 });
    const entry = world.send(sidecar, ENTRY);
    await world.advance(500);
    const closed = partOf(await world.send(sidecar, "", request));
    expect(closed).toMatchObject({ status: 200, body: { side: "sell", qty: "6" } });
    expect((await entry).status).toBe(200);
    await expectHealed(world, sidecar, SOON);
    expect(held(world)).toEqual([]);
  },
);

test("a close of all positions names an entry at work that cannot be read", async () => {
  const world = await openOrderWorld({
    positions: [{ symbol: "SPY", quantity: "2", averagePrice: "400" }],
  });
  const sidecar = await world.open();
  const resting = { ...ENTRY, type: "limit", limit_price: "60" };
  expect((await world.send(sidecar, resting)).status).toBe(200);
  const page: Fault = { kind: "html", status: 502, accept: false };
  world.simulator.addFaults([
    { match: { method: "GET", path: "/v2/orders*" }, fault: page, times: 100 },
  ]);
  const answer = await world.send(sidecar, "", { ...CLOSE_ALL, path: "/v2/positions" });
  expect(answer.body).toMatchObject([
    { symbol: "SPY", status: 200, body: { qty: "2" } },
    { symbol: "TQQQ", status: 409 },
  ]);
  expectNotSent(answer.body[1].body);
});

test("a close of all positions waits for an entry that is refused, and tells of no position", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  world.fault({ kind: "rate_limited", retryAfterSeconds: 2 });
  world.fault({
    kind: "refuse",
    status: 403,
    code: 40310000,
    message: "insufficient buying power",
  });
  const entry = world.send(sidecar, ENTRY);
  await world.advance(500);
  expect(await world.send(sidecar, "", CLOSE_ALL)).toMatchObject({ status: 207, body: [] });
  expect((await entry).status).toBe(403);
});
