/** An oco is two ways of one exit: what either sells, the other no longer can. */
import { describe, expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, type Process, type World } from "../gateway/world.ts";
import {
  atBroker,
  expectAgreement,
  familyIn,
  OCO,
  outcomesIn,
  reserved,
  workingOrder,
} from "./legs-world.ts";

async function holding(quantity = "6"): Promise<{ world: World; bot: Process }> {
  const world = await openWorld({ positions: [{ ...LONG.positions[0], quantity }] as never });
  return { world, bot: await world.open() };
}

describe("an oco", () => {
  test("holds its shares once for both sides", async () => {
    const { world, bot } = await holding("10");
    await world.submit(bot, OCO);
    await world.advance(2_000);
    expect(reserved(world)).toEqual(["6"]);
    expect(await world.submit(bot, { ...CLOSE, quantity: "4" })).toMatchObject({
      status: "PROCEED",
    });
    await world.advance(4_000);
    expect(world.book().net).toBe("6");
    expect(reserved(world)).toEqual(["6"]);
  });

  test.each([
    ["its limit", "90", "filled", "canceled"],
    ["its stop", "60", "canceled", "filled"],
  ])("is over in the book when %s fills", async (_, price, ofLimit, ofStop) => {
    const { world, bot } = await holding();
    await world.submit(bot, OCO);
    world.simulator.setPrice("TQQQ", price);
    await world.untilSettled();
    expect(familyIn(world).parent.outcome).toBe(ofLimit);
    expect(outcomesIn(world)).toEqual({ stop: ofStop });
    expect(world.book()).toMatchObject({ net: "0", reservations: [] });
    await expectAgreement(world, bot);
  });

  test("that its stop has filled is a SKIP, and is not sent against the rest", async () => {
    const { world, bot } = await holding("20");
    const anchored = { ...OCO, anchor: { episode: 1, leg: "exit" } };
    await world.submit(bot, anchored);
    world.simulator.setPrice("TQQQ", "60");
    await world.untilSettled();
    expect(await world.submit(bot, anchored)).toMatchObject({ status: "SKIP" });
    expect(world.posts()).toHaveLength(1);
    expect(world.book().net).toBe("14");
  });

  test("whose stop has filled is over by then: an entry that fills behind it begins another life", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "55" });
    await world.advance(10);
    const { requestId } = await world.submit(bot, OCO);
    await world.advance(2_500);
    world.simulator.setPrice("TQQQ", "59");
    await world.advance(4_500);
    expect(world.book()).toMatchObject({ net: "0", episode: 1 });
    world.simulator.setPrice("TQQQ", "54");
    await world.advance(8_000);
    expect(world.book()).toMatchObject({ net: "6", episode: 2 });
    world.simulator.setPrice("TQQQ", "75");
    const next = await world.submit(bot, OCO);
    expect(next).toMatchObject({ status: "PROCEED" });
    expect(next.requestId).not.toBe(requestId);
  });

  test("holds what is left when one side has sold a part", async () => {
    const { world, bot } = await holding("10");
    world.fault({ kind: "partial_fill", quantity: "4", rest: "script" });
    await world.submit(bot, OCO);
    world.simulator.setPrice("TQQQ", "90");
    await world.advance(4_000);
    expect(world.book().net).toBe("6");
    expect(reserved(world)).toEqual(["2"]);
    world.simulator.setPrice("TQQQ", "60");
    await world.untilSettled();
    expect(world.book()).toMatchObject({ net: "4", reservations: [] });
    await expectAgreement(world, bot);
  });

  test("frees its shares when the bot cancels it, by whichever side", async () => {
    const { world, bot } = await holding();
    await world.submit(bot, OCO);
    await atBroker(world, "DELETE", workingOrder(world, "stop").id);
    await world.untilSettled();
    expect(outcomesIn(world)).toEqual({ stop: "canceled" });
    expect(world.book()).toMatchObject({ net: "6", reservations: [] });
    expect(await world.submit(bot, OCO)).toMatchObject({ status: "PROCEED" });
  });
});
