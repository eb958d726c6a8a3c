import { describe, expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, refused } from "./world.ts";

describe.each([
  ["entry", OPEN, {}, "6"],
  ["exit", CLOSE, LONG, "0"],
] as const)("a process that dies with an %s", (_, intent, options, net) => {
  test("claimed and not sent leaves it to be proved absent; then a repeat sends it", async () => {
    const world = await openWorld(options);
    const dead = await world.open();
    dead.gate = (method) => (method === "POST" ? "lost" : "pass");
    void dead.latch.submit(intent);
    await world.rest();
    dead.runs = false;
    const next = await world.open();
    expect(await world.submit(next, intent)).toMatchObject({ phase: "in_flight" });
    expect(next.latch.nextDueAt()).toBe(world.theClaim().sendDeadline + 6_000);
    await world.advance(4_000);
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION" });
    expect(await world.submit(next, intent)).toMatchObject({ phase: "unknown" });
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "absent" });
    expect(world.posts()).toEqual([]);
    expect(await world.submit(next, intent)).toMatchObject({ status: "PROCEED" });
    await world.untilSettled();
    expect(world.posts()).toHaveLength(1);
    expect(world.book().net).toBe(net);
  });

  test("sent and not answered leaves it to be found; a repeat gets that order", async () => {
    const world = await openWorld(options);
    const dead = await world.open();
    world.fault({ kind: "accept_then_hang" });
    void dead.latch.submit(intent);
    await world.rest();
    dead.runs = false;
    const next = await world.open();
    await world.advance(14_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled", told: null });
    expect(await world.submit(next, intent)).toMatchObject({
      status: "SKIP",
      receipt: { outcome: "filled", brokerOrderId: world.orders()[0]?.id },
    });
    expect(world.posts()).toHaveLength(1);
    expect(world.book().net).toBe(net);
  });

  test("at work leaves its fills to the next process", async () => {
    const world = await openWorld(options);
    const first = await world.open();
    await world.submit(first, intent);
    await first.latch.close();
    first.runs = false;
    await world.open();
    await world.advance(2_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.book().net).toBe(net);
  });
});

describe("a process that was paused and wakes up", () => {
  test("does not send what was proved absent and reopened by another", async () => {
    const world = await openWorld();
    const paused = await world.open();
    paused.gate = () => refused();
    const answer = paused.latch.submit(OPEN);
    await world.rest();
    paused.runs = false;
    const other = await world.open();
    await world.advance(40_000);
    expect(world.theClaim()).toMatchObject({ outcome: "absent" });
    expect(await world.submit(other, OPEN)).toMatchObject({ status: "PROCEED" });
    paused.gate = () => "pass";
    // Its own clock says that there is time left: only the fencing number holds it back.
    paused.clock.advanceTo(paused.clock.now() + 250);
    await world.rest();
    expect(await answer).toMatchObject({ status: "PENDING", phase: "working" });
    expect(world.posts()).toHaveLength(1);
    expect(world.theClaim().fencing).toBe(2);
  });

  test("does not send what was proved absent, although nobody has reopened it", async () => {
    const world = await openWorld();
    const paused = await world.open();
    paused.gate = () => refused();
    const answer = paused.latch.submit(OPEN);
    await world.rest();
    paused.runs = false;
    await world.open();
    await world.advance(40_000);
    paused.gate = () => "pass";
    paused.clock.advanceTo(paused.clock.now() + 250);
    await world.rest();
    expect(await answer).toMatchObject({ status: "BLOCKED", code: "not_sent" });
    expect(world.posts()).toEqual([]);
  });

  test("in the middle of its POST is kept out by the id, and its caller is not told twice", async () => {
    const world = await openWorld();
    const paused = await world.open();
    let wake = () => {};
    const asleep = new Promise<void>((resolve) => {
      wake = resolve;
    });
    paused.gate = (method) => (method === "POST" ? asleep : "pass");
    const late = paused.latch.submit(OPEN);
    await world.rest();
    paused.runs = false;
    const other = await world.open();
    await world.advance(40_000);
    expect(await world.submit(other, OPEN)).toMatchObject({ status: "PROCEED" });
    wake();
    await world.rest();
    paused.runs = true;
    expect((await world.drive(late)).status).not.toBe("PROCEED");
    await world.untilSettled();
    expect(world.orders()).toHaveLength(1);
    expect(world.posts().map(({ answered }) => answered)).toMatchObject([
      { status: 200 },
      { status: 422 },
    ]);
    expect(world.book().net).toBe("6");
  });

  test("reads no more of an order that another has found", async () => {
    const world = await openWorld();
    const paused = await world.open();
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 10_000 });
    expect(await world.submit(paused, OPEN)).toMatchObject({ status: "PENDING" });
    paused.runs = false;
    await world.open();
    await world.advance(20_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED" });
    const reads = world.reads("/v2/orders:by_client_order_id").length;
    paused.runs = true;
    await world.advance(20_000);
    expect(world.reads("/v2/orders:by_client_order_id")).toHaveLength(reads);
  });

  test("to an answer that another has got by now does not tell it a second time", async () => {
    const world = await openWorld();
    const paused = await world.open();
    world.fault({ kind: "slow", delayMs: 60_000 });
    world.fault({ kind: "client_id_lag", lagMs: 33_000 });
    world.fault({ kind: "list_lag", lagMs: 33_000 });
    const late = paused.latch.submit(OPEN);
    await world.rest();
    paused.runs = false;
    const other = await world.open();
    await world.advance(31_000);
    expect(world.theClaim()).toMatchObject({ outcome: "absent" });
    expect(await world.submit(other, OPEN)).toMatchObject({ status: "PROCEED" });
    expect(world.posts()).toHaveLength(2);
    await world.advance(30_000);
    expect(await late).toMatchObject({ status: "SKIP", receipt: { outcome: "filled" } });
    expect(world.orders()).toHaveLength(1);
    expect(world.book().net).toBe("6");
  });

  test("after its order was adopted by another still hears of it once", async () => {
    const world = await openWorld();
    const paused = await world.open();
    world.fault({ kind: "slow", delayMs: 30_000 });
    const late = paused.latch.submit(OPEN);
    await world.rest();
    paused.runs = false;
    const other = await world.open();
    await world.advance(20_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(await world.submit(other, OPEN)).toMatchObject({ status: "SKIP" });
    await world.advance(20_000);
    expect(await late).toMatchObject({ status: "PROCEED" });
    expect(world.posts()).toHaveLength(1);
    expect(world.book().net).toBe("6");
  });
});
