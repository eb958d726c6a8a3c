import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/simulator/index.ts";
import { CLOSE, LONG, OPEN, openWorld, type World } from "./world.ts";

const SIDES = [
  ["an entry", OPEN, {}],
  ["an exit", CLOSE, LONG],
] as const;

const serverError = (status: 500 | 502 | 503 | 504): [string, Fault] => [
  `accepted, then answered with ${status}`,
  { kind: "accept_then_error", status },
];

/** The broker has the order; its answer does not say so. */
const LANDED: readonly [string, Fault][] = [
  ["accepted, then cut off", { kind: "accept_then_drop" }],
  ["accepted, then never answered", { kind: "accept_then_hang" }],
  serverError(500),
  serverError(502),
  serverError(503),
  serverError(504),
  ["accepted, then answered with a gateway's page", { kind: "html", status: 502, accept: true }],
  ["accepted, then answered with a page and 200", { kind: "html", status: 200, accept: true }],
  ["accepted, and answered after the deadline", { kind: "slow", delayMs: 60_000 }],
  ["on its way for longer than the deadline", { kind: "arrive_late", delayMs: 9_000 }],
];

/** The broker never had the order; nothing in the answer proves that. */
const NOT_LANDED: readonly [string, Fault][] = [
  ["cut off before it was read", { kind: "drop" }],
  ["answered with a gateway's page", { kind: "html", status: 502, accept: false }],
  ["answered with a page and 404", { kind: "html", status: 404, accept: false }],
  ["answered with 500", { kind: "refuse", status: 500, code: 50010000, message: "internal" }],
  ["answered with 503", { kind: "refuse", status: 503, message: "unavailable" }],
  ["answered with 504", { kind: "refuse", status: 504, message: "timeout" }],
  ["refused in words nobody knows", { kind: "refuse", status: 400, code: 1, message: "no" }],
  ["refused with 422 in words nobody knows", { kind: "refuse", status: 422, message: "hm" }],
];

async function expectOneBookedOrder(world: World, net: string): Promise<void> {
  expect(world.posts()).toHaveLength(1);
  expect(world.orders()).toHaveLength(1);
  expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
  expect(world.theClaim().brokerOrderId).toBe(world.orders()[0]?.id);
  expect(world.book()).toMatchObject({ net, reservations: [] });
}

describe.each(SIDES)("%s", (_, intent, options) => {
  const net = intent.effect === "open" ? "6" : "0";

  describe.each(LANDED)("that is %s", (_words, fault) => {
    test("is found under its id, adopted and settled, and a repeat gets it", async () => {
      const world = await openWorld(options);
      const bot = await world.open();
      world.fault(fault);
      const answer = await world.submit(bot, intent);
      const isLate = fault.kind === "arrive_late";
      expect(answer.status).toBe(isLate ? "PENDING" : "PROCEED");
      const repeat = await world.submit(bot, intent);
      expect(repeat.status).not.toBe("PROCEED");
      expect(repeat.requestId).toBe(answer.requestId);
      await world.untilSettled();
      await world.advance(60_000);
      await expectOneBookedOrder(world, net);
    });
  });

  describe.each(NOT_LANDED)("that is %s", (_words, fault) => {
    test("is unknown until reads over 15 s and a list prove it absent", async () => {
      const world = await openWorld(options);
      const bot = await world.open();
      world.fault(fault);
      const sentAt = world.now();
      const answer = await world.submit(bot, intent);
      expect(answer).toMatchObject({ status: "PENDING", phase: "unknown" });
      expect(world.now() - sentAt).toBe(8_000);
      expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", told: "pending" });
      await world.advance(6_900);
      expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", outcome: null });
      await world.untilSettled();
      const { notFound, outcome } = world.theClaim();
      expect(outcome).toBe("absent");
      expect(notFound?.count).toBeGreaterThanOrEqual(3);
      expect((notFound?.lastAt ?? 0) - (notFound?.firstAt ?? 0)).toBeGreaterThanOrEqual(15_000);
      expect(world.reads("/v2/orders")).toHaveLength(1);
      expect(world.posts()).toHaveLength(1);
      expect(world.book().reservations).toEqual([]);
    });

    test("is then sent exactly once more, under the same id, after a fresh read", async () => {
      const world = await openWorld(options);
      const bot = await world.open();
      world.fault(fault);
      const first = await world.submit(bot, intent);
      await world.untilSettled();
      const readsBefore = world.reads("/v2/orders:by_client_order_id").length;
      const again = await world.submit(bot, intent);
      expect(again).toMatchObject({ status: "PROCEED", requestId: first.requestId });
      const [one, two, ...more] = world.posts();
      expect(more).toEqual([]);
      expect(two?.body).toEqual(one?.body);
      const freshRead = world.reads("/v2/orders:by_client_order_id").slice(readsBefore);
      expect(freshRead).toHaveLength(1);
      expect(freshRead[0]?.sequence).toBeLessThan(two?.sequence ?? 0);
      await world.untilSettled();
      expect(world.theClaim()).toMatchObject({ outcome: "filled", fencing: 2, attempt: 1 });
      expect(world.orders()).toHaveLength(1);
      expect(world.book().net).toBe(net);
    });
  });

  test("whose answer is slow but in time is an order like any other", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    world.fault({ kind: "slow", delayMs: 5_900 });
    expect(await world.submit(bot, intent)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    await expectOneBookedOrder(world, net);
  });

  test("that arrives after it was proved absent is found by the repeat's fresh read", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    world.fault({ kind: "arrive_late", delayMs: 60_000 });
    await world.submit(bot, intent);
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "absent" });
    await world.advance(60_000);
    expect(world.orders()).toHaveLength(1);
    expect(await world.submit(bot, intent)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    await expectOneBookedOrder(world, net);
  });

  test("that arrives between the fresh read and the repeat is kept single by its id", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    world.fault({ kind: "arrive_late", delayMs: 60_000 });
    await world.submit(bot, intent);
    await world.untilSettled();
    bot.gate = (method) => {
      if (method === "POST") world.simulator.advance(60_000);
      return "pass";
    };
    expect(await world.submit(bot, intent)).toMatchObject({ status: "PROCEED" });
    expect(world.posts().map(({ answered }) => answered)).toMatchObject([
      { status: 200 },
      { status: 422, body: { code: 40010001 } },
    ]);
    await world.untilSettled();
    expect(world.orders()).toHaveLength(1);
    expect(world.theClaim()).toMatchObject({ outcome: "filled" });
    expect(world.book().net).toBe(net);
  });
});

test("an order that was read back comes in the broker's own form, with no further read", async () => {
  const world = await openWorld();
  const bot = await world.open();
  world.fault({ kind: "accept_then_drop" });
  const answer = await world.submit(bot, OPEN);
  const [order] = world.orders();
  expect(answer).toMatchObject({ status: "PROCEED", order: { brokerOrderId: order?.id } });
  expect(JSON.parse((answer as { wire: string }).wire)).toMatchObject({ id: order?.id });
});

test("an entry that arrives after it was given up is one order, though others have traded since", async () => {
  const world = await openWorld();
  const [bot, rival] = [await world.open(), await world.open({ agent: "rival" })];
  world.fault({ kind: "arrive_late", delayMs: 45_000 });
  expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PENDING", phase: "unknown" });
  for (const order of [OPEN, CLOSE]) {
    await world.submit(rival, { ...order, quantity: "2" });
    await world.advance(2_500);
  }
  await world.submit(rival, { ...OPEN, quantity: "1" });
  await world.advance(12_000);
  const [lost] = world.claims();
  expect(lost).toMatchObject({ outcome: "absent", episode: 1 });
  expect(world.book()).toMatchObject({ net: "1", episode: 2 });
  // Its next try is on its way for as long.
  world.fault({ kind: "arrive_late", delayMs: 45_000 });
  const again = await world.submit(bot, OPEN);
  expect(again.requestId).toBe(lost?.key.requestId);
  await world.untilSettled();
  await world.advance(60_000);
  expect(world.orders().filter(({ qty }) => qty === "6")).toHaveLength(1);
  expect(world.simulator.positions()).toMatchObject([{ qty: "7" }]);
});
