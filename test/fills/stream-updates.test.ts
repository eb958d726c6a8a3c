/** What the stream tells of an order is on record at once, however it comes. */
import { describe, expect, test } from "vitest";
import type { WireOrder } from "../../src/simulator/index.ts";
import { LONG, OPEN, openWorld, type Process, type World } from "../gateway/world.ts";
import {
  atBroker,
  BRACKET,
  expectAgreement,
  familyIn,
  OCO,
  outcomesIn,
  reserved,
} from "./legs-world.ts";

const SCRIPTED = { scriptedFills: true } as const;
const RESTING = { ...OPEN, type: "limit", limitPrice: "60" } as const;

/** A world in which nobody polls: what is on record came from the stream. */
async function unpolled(options = {}): Promise<{ world: World; bot: Process }> {
  const world = await openWorld(options);
  const bot = await world.open();
  return { world, bot };
}

function wireOf(world: World, id: string): WireOrder {
  const order = world.orders().find((one) => one.id === id);
  if (order === undefined) throw new Error(`no order ${id}`);
  return structuredClone(order);
}

async function tell(world: World, { latch }: Process, wire: object): Promise<void> {
  await world.drive(latch.applyUpdate({ ...wire }));
}

/** Told in one turn of the event loop, the next one before the last one is on record. */
async function tellTogether(world: World, { latch }: Process, wires: readonly object[]) {
  await world.drive(Promise.all(wires.map((wire) => latch.applyUpdate({ ...wire }))));
}

/** The order after each of its fills. */
function filledStepwise(world: World, id: string, quantities: readonly string[]): WireOrder[] {
  return quantities.map((quantity, index) => {
    world.simulator.fill({ orderId: id, quantity, price: String(70 + index) });
    return wireOf(world, id);
  });
}

describe("an order that the stream tells of", () => {
  test.each([
    ["in order", [0, 1, 2]],
    ["the wrong way round", [2, 1, 0]],
    ["again and again", [0, 0, 1, 1, 0, 2, 2, 1]],
    ["with the first and the second lost", [2]],
  ])("has every share in the book once, %s", async (_, sequence) => {
    const { world, bot } = await unpolled(SCRIPTED);
    await world.submit(bot, OPEN);
    const steps = filledStepwise(world, world.orders()[0]?.id ?? "", ["1", "2", "3"]);
    for (const index of sequence) await tell(world, bot, steps[index] ?? {});
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.theClaim()).toMatchObject({ bookedQuantity: "6", bookedCost: "428" });
    await expectAgreement(world, bot);
  });

  test.each([
    ["in order", [0, 1, 2]],
    ["the wrong way round", [2, 1, 0]],
    ["again and again", [0, 0, 1, 1, 0, 2, 2, 1]],
  ])("has every share in the book once, all told together %s", async (_, sequence) => {
    const { world, bot } = await unpolled(SCRIPTED);
    await world.submit(bot, OPEN);
    const steps = filledStepwise(world, world.orders()[0]?.id ?? "", ["1", "2", "3"]);
    const told = sequence.map((index) => steps[index] ?? {});
    await tellTogether(world, bot, told);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.theClaim()).toMatchObject({ bookedQuantity: "6", bookedCost: "428" });
    await expectAgreement(world, bot);
  });

  test("is on record in the order in which it was told of, also where a read comes between", async () => {
    const { world, bot } = await unpolled(SCRIPTED);
    await world.submit(bot, RESTING);
    const { id } = world.orders()[0] ?? { id: "" };
    const [before] = filledStepwise(world, id, ["2"]);
    expect(await atBroker(world, "PATCH", id, { limit_price: "61" })).toBe(200);
    const replaced = wireOf(world, id);
    const successor = world.orders().find(({ replaces }) => replaces === id)?.id ?? "";
    const [after] = filledStepwise(world, successor, ["4"]);
    await tellTogether(world, bot, [before ?? {}, replaced, after ?? {}, before ?? {}]);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.book().net).toBe("6");
    await expectAgreement(world, bot);
  });

  test("is found by our own id where the answer to its POST was lost", async () => {
    const { world, bot } = await unpolled();
    world.fault({ kind: "accept_then_hang" });
    world.fault({ kind: "client_id_lag", lagMs: 60_000 });
    const answer = bot.latch.submit(OPEN);
    await world.rest();
    await tell(world, bot, wireOf(world, world.orders()[0]?.id ?? ""));
    expect(await world.drive(answer)).toMatchObject({ status: "PROCEED" });
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.posts()).toHaveLength(1);
  });

  test("is found by our own id also behind strangers' orders, of an earlier time and of the same", async () => {
    const { world, bot } = await unpolled();
    await world.submit(bot, RESTING);
    const own = wireOf(world, world.orders()[0]?.id ?? "");
    const strangers = ["x", "y"].map((id) => ({ ...own, id, client_order_id: `theirs-${id}` }));
    await tellTogether(world, bot, strangers);
    world.fault({ kind: "accept_then_hang" });
    world.fault({ kind: "client_id_lag", lagMs: 60_000 });
    const answer = bot.latch.submit({ ...OPEN, symbol: "SPY" });
    await world.rest();
    const lost = world.orders().find(({ symbol }) => symbol === "SPY");
    await tellTogether(world, bot, [...strangers, wireOf(world, lost?.id ?? ""), ...strangers]);
    expect(await world.drive(answer)).toMatchObject({ status: "PROCEED" });
    expect(world.posts()).toHaveLength(2);
  });

  test.each([
    ["it names it", {}],
    ["it does not name it", { replaced_by: null }],
  ])("is followed to the one that replaced it where %s", async (_, unnamed) => {
    const { world, bot } = await unpolled();
    await world.submit(bot, RESTING);
    const { id } = world.orders()[0] ?? { id: "" };
    expect(await atBroker(world, "PATCH", id, { limit_price: "61" })).toBe(200);
    await tell(world, bot, { ...wireOf(world, id), ...unnamed });
    const successor = world.orders().find(({ replaces }) => replaces === id);
    expect(world.theClaim().brokerOrderId).toBe(successor?.id);
    world.simulator.setPrice("TQQQ", "61");
    await tell(world, bot, wireOf(world, successor?.id ?? ""));
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
  });

  test("that was canceled has a fill booked that is told only afterwards", async () => {
    const { world, bot } = await unpolled(SCRIPTED);
    await world.submit(bot, OPEN);
    const { id } = world.orders()[0] ?? { id: "" };
    const before = wireOf(world, id);
    world.simulator.fill({ orderId: id, quantity: "2", price: "75" });
    await atBroker(world, "DELETE", id);
    await tell(world, bot, { ...before, status: "canceled" });
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "canceled" });
    await tell(world, bot, wireOf(world, id));
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "partially_filled" });
    await expectAgreement(world, bot);
  });

  test.each([
    ["a fraction of a share", { quantity: "0.75" }],
    ["dollars", { quantity: undefined, notional: "100" }],
  ])("for %s has what it filled in the book, to the last digit", async (_, amount) => {
    const { world, bot } = await unpolled();
    const { quantity: __, ...terms } = OPEN;
    await world.submit(bot, { ...terms, ...amount });
    await tell(world, bot, wireOf(world, world.orders()[0]?.id ?? ""));
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    await expectAgreement(world, bot);
  });

  test("that no claim knows, or that cannot be read, changes nothing", async () => {
    const { world, bot } = await unpolled();
    await world.submit(bot, RESTING);
    const before = world.theClaim();
    const own = wireOf(world, world.orders()[0]?.id ?? "");
    await tell(world, bot, { ...own, id: "somebody", client_order_id: "somebody-else" });
    await tell(world, bot, { ...own, filled_qty: "six" });
    await tell(world, bot, {});
    expect(world.theClaim()).toEqual(before);
  });
});

describe("a leg that the stream tells of", () => {
  test("is booked after its entry, although the entry's own fill was never told", async () => {
    const { world, bot } = await unpolled(SCRIPTED);
    await world.submit(bot, BRACKET);
    const { parent, legs } = familyIn(world);
    const leg = legs.limit?.brokerOrderId ?? "";
    world.simulator.fill({ orderId: parent.brokerOrderId ?? "", quantity: "6", price: "75" });
    world.simulator.fill({ orderId: leg, quantity: "6", price: "90" });
    await tell(world, bot, wireOf(world, leg));
    expect(familyIn(world).parent).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(outcomesIn(world)).toEqual({ limit: "filled", stop: "canceled" });
    expect(world.book()).toMatchObject({ net: "0", episode: 1, realizedProfitUsd: "90" });
    await expectAgreement(world, bot);
  });

  test("is booked after its entry, where both are told together", async () => {
    const { world, bot } = await unpolled(SCRIPTED);
    await world.submit(bot, BRACKET);
    const { parent, legs } = familyIn(world);
    const [entryId, leg] = [parent.brokerOrderId ?? "", legs.limit?.brokerOrderId ?? ""];
    world.simulator.fill({ orderId: entryId, quantity: "6", price: "75" });
    const entry = wireOf(world, entryId);
    world.simulator.fill({ orderId: leg, quantity: "6", price: "90" });
    const reads = world.reads(`/v2/orders/${entryId}`).length;
    await tellTogether(world, bot, [entry, wireOf(world, leg)]);
    expect(world.reads(`/v2/orders/${entryId}`)).toHaveLength(reads);
    expect(outcomesIn(world)).toEqual({ limit: "filled", stop: null });
    expect(world.book()).toMatchObject({ net: "0", episode: 1, realizedProfitUsd: "90" });
    await tell(world, bot, wireOf(world, legs.stop?.brokerOrderId ?? ""));
    await expectAgreement(world, bot);
  });

  test("leaves its family no more than what is left, although the other side is not read yet", async () => {
    const { world, bot } = await unpolled({ ...SCRIPTED, ...LONG });
    await world.submit(bot, OCO);
    const stop = familyIn(world).legs.stop?.brokerOrderId ?? "";
    world.simulator.fill({ orderId: stop, quantity: "4", price: "60" });
    await tell(world, bot, wireOf(world, stop));
    expect(world.book().net).toBe("2");
    expect(reserved(world)).toEqual(["2"]);
    await expectAgreement(world, bot);
  });

  test("waits where the entry cannot be read, and is booked once it can", async () => {
    const { world, bot } = await unpolled(SCRIPTED);
    await world.submit(bot, BRACKET);
    const { parent, legs } = familyIn(world);
    const leg = legs.limit?.brokerOrderId ?? "";
    world.simulator.fill({ orderId: parent.brokerOrderId ?? "", quantity: "6", price: "75" });
    world.simulator.fill({ orderId: leg, quantity: "6", price: "90" });
    const path = `/v2/orders/${parent.brokerOrderId}`;
    world.simulator.addFaults([{ match: { method: "GET", path }, fault: { kind: "drop" } }]);
    await tell(world, bot, wireOf(world, leg));
    expect(world.book()).toMatchObject({ net: "0", episode: 0 });
    await world.untilSettled();
    expect(world.book()).toMatchObject({ net: "0", episode: 1, realizedProfitUsd: "90" });
    await expectAgreement(world, bot);
  });
});
