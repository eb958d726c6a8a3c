/** The legs of brackets and otos: exits of their own, which share one reservation. */
import { describe, expect, test } from "vitest";
import { CLOSE, OPEN, openWorld, type Process, type World } from "../gateway/world.ts";
import {
  atBroker,
  BRACKET,
  expectAgreement,
  familyIn,
  OTO,
  outcomesIn,
  RESTING,
  reserved,
  workingOrder,
} from "./legs-world.ts";

async function opened(options = {}): Promise<{ world: World; bot: Process }> {
  const world = await openWorld(options);
  return { world, bot: await world.open() };
}

describe("a bracket whose entry has filled", () => {
  test("since before yesterday is looked after by one list, which shows each leg by itself", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, { ...BRACKET, timeInForce: "gtc" });
    await world.advance(4_000);
    bot.runs = false;
    await world.advance(25 * 60 * 60_000);
    bot.clock.advanceTo(world.now());
    const asked = world.simulator.requests().length;
    await bot.latch.tick();
    expect(world.simulator.requests().slice(asked)).toMatchObject([
      { path: "/v2/orders", query: { status: "open", nested: "false" } },
    ]);
    expect(reserved(world)).toEqual(["6"]);
    bot.runs = true;
    world.simulator.setPrice("TQQQ", "90");
    await world.untilSettled();
    expect(outcomesIn(world)).toEqual({ limit: "filled", stop: "canceled" });
    expect(world.book()).toMatchObject({ net: "0", reservations: [] });
    await expectAgreement(world, bot);
  });

  test("is closed when its leg filled: an add from before that, known later, goes on with it", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, BRACKET);
    await world.advance(2_000);
    world.fault({ kind: "accept_then_drop" });
    for (const kind of ["client_id_lag", "list_lag"] as const) world.fault({ kind, lagMs: 12_000 });
    const add = bot.latch.submit({ ...OPEN, quantity: "8", type: "limit", limitPrice: "76" });
    await world.advance(100);
    world.simulator.setPrice("TQQQ", "90");
    await world.advance(4_000);
    expect(world.book()).toMatchObject({ net: "0", episode: 1 });
    await world.advance(20_000);
    expect(await world.drive(add)).toMatchObject({ status: "PENDING" });
    expect(world.book()).toMatchObject({ net: "8", episode: 1 });
    const again = await world.submit(await world.open(), BRACKET);
    expect(again).toMatchObject({
      status: "SKIP",
      requestId: familyIn(world).parent.key.requestId,
    });
  });

  test.each([
    ["its take-profit", "90", { limit: "filled", stop: "canceled" }],
    ["its stop", "60", { limit: "canceled", stop: "filled" }],
  ])("is closed in the book by %s, and the other leg ends canceled", async (_, price, ends) => {
    const { world, bot } = await opened();
    await world.submit(bot, BRACKET);
    await world.advance(2_000);
    const { parent, legs } = familyIn(world);
    expect(parent).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(Object.values(legs)).toMatchObject([
      { status: "IN_RECONCILIATION", intent: { side: "sell", effect: "close", quantity: "6" } },
      { status: "IN_RECONCILIATION", intent: { side: "sell", effect: "close", quantity: "6" } },
    ]);
    expect(reserved(world)).toEqual(["6"]);
    world.simulator.setPrice("TQQQ", price);
    await world.untilSettled();
    expect(outcomesIn(world)).toEqual(ends);
    expect(world.book()).toMatchObject({ net: "0", reservations: [] });
    await expectAgreement(world, bot);
  });

  test("is a SKIP when its request comes again, although its legs are at work", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, { ...BRACKET, requestId: "once" });
    await world.advance(2_000);
    expect(await world.submit(bot, { ...BRACKET, requestId: "once" })).toMatchObject({
      status: "SKIP",
      receipt: { outcome: "filled" },
    });
    expect(world.posts()).toHaveLength(1);
  });

  test("is followed minutes later by an equal one, which is a new action", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, BRACKET);
    await world.advance(2_000);
    expect(await world.submit(bot, BRACKET)).toMatchObject({ status: "SKIP" });
    await world.advance(120_000);
    expect(await world.submit(bot, BRACKET)).toMatchObject({ status: "PROCEED" });
    await world.advance(4_000);
    expect(world.book().net).toBe("12");
    expect(reserved(world)).toEqual(["6", "6"]);
    world.simulator.setPrice("TQQQ", "90");
    await world.untilSettled();
    expect(world.book()).toMatchObject({ net: "0", reservations: [] });
    await expectAgreement(world, bot);
  });

  test("leaves no shares for another close, and says whose they are", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, BRACKET);
    await world.submit(bot, { ...OPEN, quantity: "2", requestId: "more" });
    await world.advance(4_000);
    const all = await world.submit(bot, { ...CLOSE, quantity: "8", requestId: "all" });
    expect(all).toMatchObject({ status: "BLOCKED", code: "insufficient_quantity" });
    const { parent } = familyIn(world);
    expect(all).toMatchObject({ cause: { requestId: parent.key.requestId } });
    const free = await world.submit(bot, { ...CLOSE, quantity: "2", requestId: "free" });
    expect(free).toMatchObject({ status: "PROCEED" });
  });

  test("gives its shares back when the bot cancels a leg", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, BRACKET);
    await world.advance(2_000);
    expect(await atBroker(world, "DELETE", workingOrder(world, "limit").id)).toBe(204);
    await world.untilSettled();
    expect(outcomesIn(world)).toEqual({ limit: "canceled", stop: "canceled" });
    expect(world.book()).toMatchObject({ net: "6", reservations: [] });
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
  });

  test("has its leg followed to the order that replaces it, with the same claim", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, BRACKET);
    await world.advance(2_000);
    const { id } = workingOrder(world, "limit");
    const replaced = await world.drive(
      bot.latch.replace({
        ...{ agent: familyIn(world).parent.key.agent, brokerOrderId: id as never },
        ...{ terms: { limit_price: "80" }, clientOrderId: null, quantity: null },
      }),
    );
    expect(replaced).toMatchObject({ kind: "replaced" });
    await world.advance(4_000);
    expect(world.claims()).toHaveLength(3);
    expect(reserved(world)).toEqual(["6"]);
    const successor = workingOrder(world, "limit").id;
    expect(familyIn(world).legs.limit).toMatchObject({ brokerOrderId: successor });
    world.simulator.setPrice("TQQQ", "80");
    await world.untilSettled();
    expect(outcomesIn(world)).toEqual({ limit: "filled", stop: "canceled" });
    expect(world.book()).toMatchObject({ net: "0", reservations: [] });
    await expectAgreement(world, bot);
  });

  test("loses nothing when the process ends and its legs fill before the next one", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, BRACKET);
    bot.isDead = true;
    bot.runs = false;
    await atBroker(world, "PATCH", workingOrder(world, "limit").id, { limit_price: "80" });
    await world.advance(3_600_000);
    world.simulator.setPrice("TQQQ", "80");
    const next = await world.open();
    const recovery = await world.drive(next.latch.recover());
    expect(recovery.unread).toBe(0);
    await world.untilSettled();
    expect(outcomesIn(world)).toEqual({ limit: "filled", stop: "canceled" });
    expect(world.book()).toMatchObject({ net: "0", reservations: [] });
    await expectAgreement(world, next);
  });

  test("that filled by an answer nobody got has its legs found with it", async () => {
    const { world, bot } = await opened();
    world.fault({ kind: "accept_then_drop" });
    await world.submit(bot, BRACKET);
    await world.advance(4_000);
    expect(Object.keys(familyIn(world).legs).sort()).toEqual(["limit", "stop"]);
    expect(reserved(world)).toEqual(["6"]);
  });
});

describe("a bracket whose entry has not filled", () => {
  test("holds no shares by its legs, and none once it is canceled", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, RESTING);
    await world.advance(2_000);
    expect(Object.keys(familyIn(world).legs)).toHaveLength(2);
    expect(world.book()).toMatchObject({ net: "0", reservations: [] });
    await atBroker(world, "DELETE", workingOrder(world, "limit").id);
    await world.untilSettled();
    expect(familyIn(world).parent).toMatchObject({ status: "SETTLED", outcome: "canceled" });
    expect(outcomesIn(world)).toEqual({ limit: "canceled", stop: "canceled" });
    await expectAgreement(world, bot);
  });

  test("holds as many shares as its entry has in the book", async () => {
    const { world, bot } = await opened();
    world.fault({ kind: "partial_fill", quantity: "2", rest: "script" });
    await world.submit(bot, BRACKET);
    await world.advance(2_000);
    expect(world.book().net).toBe("2");
    expect(reserved(world)).toEqual(["2"]);
    world.simulator.fill({ orderId: world.orders()[0]?.id ?? "", quantity: "4" });
    await world.advance(4_000);
    expect(reserved(world)).toEqual(["6"]);
    await expectAgreement(world, bot);
  });

  test("keeps its legs when the entry is replaced", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, RESTING);
    await world.advance(2_000);
    await atBroker(world, "PATCH", familyIn(world).parent.brokerOrderId ?? "", {
      limit_price: "74",
    });
    await world.advance(4_000);
    expect(world.claims()).toHaveLength(3);
    world.simulator.setPrice("TQQQ", "74");
    await world.advance(60_000);
    expect(reserved(world)).toEqual(["6"]);
    world.simulator.setPrice("TQQQ", "60");
    await world.untilSettled();
    expect(world.book()).toMatchObject({ net: "0", reservations: [] });
    await expectAgreement(world, bot);
  });
});

describe("an oto", () => {
  test("is closed in the book by its one leg", async () => {
    const { world, bot } = await opened();
    await world.submit(bot, OTO);
    await world.advance(2_000);
    expect(Object.keys(familyIn(world).legs)).toEqual(["stop"]);
    expect(reserved(world)).toEqual(["6"]);
    world.simulator.setPrice("TQQQ", "60");
    await world.untilSettled();
    expect(outcomesIn(world)).toEqual({ stop: "filled" });
    expect(world.book()).toMatchObject({ net: "0", reservations: [] });
    await expectAgreement(world, bot);
  });
});
