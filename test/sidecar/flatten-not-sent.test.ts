import { describe, expect, test } from "vitest";
import { OPERATOR_KEY } from "./native-bench.ts";
import { HELD, ORDER, type OrderWorld, openOrderWorld, SELL } from "./orders-world.ts";

const MINUTE = 60_000;
const RIGHT = "003CVR016";

/** A sidecar that only tells of differences; the book holds 6. */
async function openBench() {
  const world = await openOrderWorld(HELD);
  const sidecar = await world.open({ divergence: "observe", operatorKey: OPERATOR_KEY });
  world.comparePositions();
  return { world, sidecar, latch: sidecar.started.latch };
}

type Bench = Awaited<ReturnType<typeof openBench>>;

/** Somebody trades past the latch. */
async function holdAtBroker(world: OrderWorld, symbol: string, quantity: string): Promise<void> {
  const [held] = HELD.positions;
  const others = symbol === "TQQQ" || held === undefined ? [] : [held];
  world.simulator.setPositions([...others, { symbol, quantity, averagePrice: "75" }]);
  await world.advance(2 * MINUTE);
}

/** As a person does who sees the incident and the numbers as they are. */
async function flatten({ world, sidecar, latch }: Bench, symbol = "TQQQ") {
  const { rows } = await world.drive(latch.operator.positions());
  const row = rows.find((one) => one.symbol === symbol);
  const version = (await latch.incident(1))?.version;
  const numbers = { brokerQuantity: row?.broker?.quantity ?? "0", bookQuantity: row?.book.net };
  const body = { version, reason: "nobody meant it", ...numbers };
  const headers = { "TradeLatch-Operator-Key": OPERATOR_KEY };
  const path = "/latch/v1/incidents/1/flatten";
  return world.send(sidecar, body, { method: "POST", path, headers });
}

describe("a position that a person wants closed", () => {
  test("is told not to be where its shares are held, and its incident waits until nothing is", async () => {
    const bench = await openBench();
    const { world, sidecar, latch } = bench;
    const exit = { ...SELL, type: "limit", limit_price: "80", client_order_id: "the-bots-exit" };
    expect((await world.send(sidecar, exit)).status).toBe(200);
    await holdAtBroker(world, "TQQQ", "10");
    const told = await flatten(bench);
    expect(told).toMatchObject({
      status: 200,
      body: {
        incident: { status: "open", next: expect.stringContaining("flatten it again") },
        close: {
          status: "BLOCKED",
          because: expect.stringContaining("insufficient qty available for order"),
        },
      },
    });
    await world.advance(2 * MINUTE);
    const open = await latch.incident(1);
    expect(open).toMatchObject({ resolution: null, next: told.body.incident.next });
    expect(open?.evidence.at(-1)?.text).toContain("no order was sent: insufficient qty");
    const [order] = world.simulator.orders();
    await world.send(sidecar, undefined, { method: "DELETE", path: `/v2/orders/${order?.id}` });
    await world.advance(MINUTE);
    const again = await flatten(bench);
    expect(again.body.close).toMatchObject({ status: "PROCEED", requestId: "flatten-1" });
    await world.advance(2 * MINUTE);
    expect(world.simulator.positions()).toEqual([]);
    expect((await latch.incident(1))?.resolution).toMatchObject({ verdict: "agrees_again" });
  });

  test("is told not to be where no order can be made in it, and the incident says who can", async () => {
    const bench = await openBench();
    const { world, latch } = bench;
    await holdAtBroker(world, RIGHT, "4");
    const told = await flatten(bench, RIGHT);
    expect(told).toMatchObject({ status: 200, body: { close: { status: "BLOCKED" } } });
    expect(told.body.close.because).toContain("expected a symbol");
    await world.advance(2 * MINUTE);
    expect(await latch.incident(1)).toMatchObject({
      ...{ resolution: null, next: expect.stringContaining("by hand") },
    });
    expect(world.posts()).toEqual([]);
  });

  test("keeps its incident open where the broker rejects the close that it had taken", async () => {
    const bench = await openBench();
    const { world, latch } = bench;
    await holdAtBroker(world, "TQQQ", "10");
    world.fault({ kind: "reject_later" });
    expect((await flatten(bench)).body.close).toMatchObject({ requestId: "flatten-1" });
    await world.advance(3 * MINUTE);
    expect(await latch.incident(1)).toMatchObject({ resolution: null });
    expect((await flatten(bench)).body.close).toMatchObject({ requestId: "flatten-1-2" });
    await world.advance(2 * MINUTE);
    expect(world.simulator.positions()).toEqual([]);
    expect((await latch.incident(1))?.resolution).toMatchObject({ verdict: "agrees_again" });
  });

  test("is another one where a bot has bought again, whose close nobody has asked for", async () => {
    const bench = await openBench();
    const { world, sidecar, latch } = bench;
    await holdAtBroker(world, "TQQQ", "10");
    expect((await flatten(bench)).body.close).toMatchObject({ status: "PROCEED" });
    await world.advance(3_000);
    expect((await world.send(sidecar, ORDER)).status).toBe(200);
    await world.advance(2 * MINUTE);
    expect((await latch.book("TQQQ")).net).toBe("6");
    expect(await latch.incidents({ isOpen: true })).toEqual([]);
  });

  test("is no more to be closed once a person adopts what is held of it", async () => {
    const bench = await openBench();
    const { world, sidecar, latch } = bench;
    await holdAtBroker(world, RIGHT, "4");
    await flatten(bench, RIGHT);
    const version = (await latch.incident(1))?.version;
    const numbers = { brokerQuantity: "4", bookQuantity: "4" };
    const path = "/latch/v1/incidents/1/adopt";
    const headers = { "TradeLatch-Operator-Key": OPERATOR_KEY };
    const body = { version, reason: "it stays", ...numbers };
    const told = await world.send(sidecar, body, { method: "POST", path, headers });
    expect(told).toMatchObject({ status: 200, body: { resolution: { verdict: "adopted" } } });
    await world.send(sidecar, ORDER);
    await world.advance(2 * MINUTE);
    expect(await latch.incidents({ isOpen: true })).toEqual([]);
  });
});
