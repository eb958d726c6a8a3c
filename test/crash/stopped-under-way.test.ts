import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CrashWorld } from "./crash-world.ts";

/** What a shell makes of an end by this signal. */
const ENDED_BY_SIGTERM = 128 + 15;

describe("SIGTERM while an order is under way", () => {
  let world: CrashWorld;
  beforeAll(async () => {
    world = await CrashWorld.open();
  });
  afterAll(() => world.close());

  test("lets it be finished, and the next start gives the repeat the same order", async () => {
    const order = world.order("an Idempotency-Key");
    const program = await world.program();
    world.fault({ kind: "slow", delayMs: 1 });
    const answer = program.send(order);
    await world.until(() => world.ordersOf(order).length === 1);
    program.signal("SIGTERM");
    // The broker answers only when the program has begun to end.
    await world.until(() => program.isClosing());
    world.keepTime();
    const [placed] = world.ordersOf(order);
    expect(await answer).toMatchObject({ status: 200, body: { id: placed?.id } });
    expect(await program.ended).toEqual({ exitCode: 0 });
    const again = await world.insist(await world.program(), order);
    expect(again).toMatchObject({ status: 200, body: { id: placed?.id } });
    expect(world.posts(order)).toHaveLength(1);
  });

  test("twice ends the program at once, and the next start finds the order", async () => {
    const order = world.order("its own id");
    const program = await world.program();
    world.fault({ kind: "accept_then_hang" });
    const answer = program.send(order);
    await world.until(() => world.ordersOf(order).length === 1);
    program.signal("SIGTERM");
    await world.until(() => program.isClosing());
    program.signal("SIGTERM");
    expect(await answer).toBe("cut");
    expect(await program.ended).toEqual({ exitCode: ENDED_BY_SIGTERM });
    const again = await world.insist(await world.program(), order);
    expect(again).toMatchObject({ status: 200, body: { id: world.ordersOf(order)[0]?.id } });
    expect(world.posts(order)).toHaveLength(1);
  });

  test("has cost nothing: store and broker agree to the last share", () => world.verify());
});
