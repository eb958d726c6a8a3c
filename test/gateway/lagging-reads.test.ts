import { describe, expect, test } from "vitest";
import { OPEN, openWorld } from "./world.ts";

const BY_ID = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
const LIST = { method: "GET", path: "/v2/orders" } as const;

describe("an order whose answer was lost", () => {
  test("is found although look-ups by its id lag behind for ten seconds", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 10_000 });
    expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PENDING", phase: "unknown" });
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "filled", told: "pending" });
    expect(world.posts()).toHaveLength(1);
  });

  test("is found by the list when look-ups by its id never show it", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 3_600_000 });
    await world.submit(bot, OPEN);
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.posts()).toHaveLength(1);
    expect(world.book().net).toBe("6");
  });

  test("is never absent while the list cannot be read", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "drop" });
    world.simulator.addFaults([
      { match: LIST, fault: { kind: "html", status: 502, accept: false }, times: 20 },
    ]);
    await world.submit(bot, OPEN);
    await world.advance(60_000);
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", outcome: null });
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "absent" });
  });

  test("is never absent while look-ups fail, however many there are", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "drop" });
    world.simulator.addFaults([
      { match: BY_ID, fault: { kind: "refuse", status: 404, message: "gone" }, times: 18 },
    ]);
    await world.submit(bot, OPEN);
    await world.advance(50_000);
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", notFound: null });
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "absent" });
    expect(world.posts()).toHaveLength(1);
  });

  test("stays unknown when the broker calls its id taken and cannot show the order", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({
      kind: "refuse",
      status: 422,
      code: 40010001,
      message: "client_order_id must be unique",
    });
    await world.submit(bot, OPEN);
    await world.advance(5 * 60_000);
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", idTaken: true });
    expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PENDING", phase: "unknown" });
    expect(world.posts()).toHaveLength(1);
  });
});

describe("an order that was answered", () => {
  test("is booked by single reads while the list does not show it", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "list_lag", lagMs: 3_600_000 });
    await world.submit(bot, OPEN);
    await world.advance(2_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.reads(`/v2/orders/${world.orders()[0]?.id}`)).toHaveLength(1);
  });
});
