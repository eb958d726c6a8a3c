import { describe, expect, test } from "vitest";
import { openBench } from "./simulator-bench.ts";

const RESTING = { type: "limit", limit_price: "60" };

describe("the trade-updates stream", () => {
  test.each(["/stream", "/stream/"])("authorizes and listens at %s", async (path) => {
    const { stream } = await openBench();
    const client = await stream(path);
    client.send({ action: "authenticate", data: { key_id: "key", secret_key: "secret" } });
    expect(await client.next()).toEqual({
      stream: "authorization",
      data: { action: "authenticate", status: "authorized" },
    });
    client.send({ action: "listen", data: { streams: ["trade_updates"] } });
    expect(await client.next()).toEqual({
      stream: "listening",
      data: { streams: ["trade_updates"] },
    });
  });

  test("takes the older authentication frame", async () => {
    const { stream } = await openBench({ keyId: "key", secret: "secret" });
    const client = await stream();
    client.send({ action: "auth", key: "key", secret: "secret" });
    expect((await client.next()).data.status).toBe("authorized");
  });

  test("answers bad credentials and closes", async () => {
    const { stream } = await openBench({ keyId: "key", secret: "secret" });
    const client = await stream();
    client.send({ action: "authenticate", data: { key_id: "key", secret_key: "wrong" } });
    expect(await client.next()).toMatchObject({
      stream: "authorization",
      data: { status: "unauthorized" },
    });
    await client.untilClosed();
  });

  test("lets nobody listen without credentials", async () => {
    const { stream } = await openBench();
    const client = await stream();
    client.send({ action: "listen", data: { streams: ["trade_updates"] } });
    expect(await client.next()).toMatchObject({ data: { status: "unauthorized" } });
    client.send("nonsense");
    expect(await client.next()).toHaveProperty("data");
  });

  test("sends binary frames by default, and text on request", async () => {
    for (const [frames, binary] of [
      ["binary", true],
      ["text", false],
    ] as const) {
      const { stream, order } = await openBench({ streamFrames: frames });
      const client = await (await stream()).listen();
      await order();
      expect((await client.frame()).binary).toBe(binary);
    }
  });

  test("reports a fill with its execution, the position and the whole order", async () => {
    const { stream, order, call } = await openBench();
    const client = await (await stream()).listen();
    const placed = await order({ qty: "6" });
    const [accepted, fill] = await client.events(2);
    expect(accepted).toMatchObject({ event: "new", order: { id: placed.body.id, status: "new" } });
    expect(accepted).not.toHaveProperty("execution_id");
    const now = await call("GET", `/v2/orders/${placed.body.id}`);
    expect(fill).toEqual({
      event: "fill",
      execution_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      price: "75.33",
      qty: "6",
      position_qty: "6",
      timestamp: now.body.filled_at,
      order: now.body,
    });
  });

  test("reports partial fills, each with the position after it", async () => {
    const { stream, order, simulator } = await openBench({ scriptedFills: true });
    const client = await (await stream()).listen();
    const placed = await order({ side: "sell", qty: "3" });
    simulator.fill({ orderId: placed.body.id, quantity: "1", price: "10" });
    simulator.fill({ orderId: placed.body.id, quantity: "2", price: "11" });
    expect(await client.events(3)).toMatchObject([
      { event: "new" },
      { event: "partial_fill", qty: "1", price: "10", position_qty: "-1" },
      { event: "fill", qty: "2", price: "11", position_qty: "-3", order: { filled_qty: "3" } },
    ]);
  });

  test("reports cancels, replacements, expiries and queued orders", async () => {
    const { stream, order, call, simulator } = await openBench();
    const client = await (await stream()).listen();
    const first = await order(RESTING);
    const second = await call("PATCH", `/v2/orders/${first.body.id}`, { limit_price: "61" });
    await call("DELETE", `/v2/orders/${second.body.id}`);
    await order(RESTING);
    simulator.setTime("2026-05-21T20:00:00Z");
    await order();
    const events = await client.events(7);
    expect(events.map(({ event }) => event)).toEqual([
      ...["new", "replaced", "new", "canceled", "new", "expired", "accepted"],
    ]);
    expect(events[1].order).toMatchObject({ id: first.body.id, replaced_by: second.body.id });
    expect(events[5].order.expired_at).toMatch(/^2026-05-21T20:00:00/);
  });

  test("replays nothing to who was away", async () => {
    const { stream, order } = await openBench();
    await order();
    const client = await (await stream()).listen();
    await order({ qty: "2" });
    expect((await client.events(1))[0].order.qty).toBe("2");
  });

  test("ends for everybody when it is cut, and takes them back", async () => {
    const { stream, order, call } = await openBench();
    const client = await (await stream()).listen();
    expect((await call("DELETE", "/sim/streams")).status).toBe(204);
    await client.untilClosed();
    const again = await (await stream()).listen();
    await order();
    expect((await again.events(1))[0].event).toBe("new");
  });
});

describe("a fault of the stream", () => {
  const qtys = async (kind: "event_lost" | "event_repeated" | "event_reordered") => {
    const { stream, order, simulator } = await openBench();
    const client = await (await stream()).listen();
    simulator.addFaults([{ match: { event: "fill" }, fault: { kind } }]);
    for (const qty of ["1", "2"]) await order({ qty });
    await order({ ...RESTING, qty: "9" });
    const seen: string[] = [];
    for (let last = ""; last !== "9 new"; seen.push(last)) {
      const [update] = await client.events(1);
      last = `${update.order.qty} ${update.event}`;
    }
    return seen;
  };

  test("loses an event", async () => {
    expect(await qtys("event_lost")).toEqual(["1 new", "2 new", "2 fill", "9 new"]);
  });

  test("repeats an event", async () => {
    const fills = ["1 fill", "1 fill"];
    expect(await qtys("event_repeated")).toEqual(["1 new", ...fills, "2 new", "2 fill", "9 new"]);
  });

  test("sends an event after its successor", async () => {
    expect(await qtys("event_reordered")).toEqual([
      ...["1 new", "2 new", "1 fill", "2 fill", "9 new"],
    ]);
  });

  test("cuts the stream in the place of an event", async () => {
    const { stream, order, simulator } = await openBench();
    const client = await (await stream()).listen();
    simulator.addFaults([
      { match: { event: "fill", symbol: "TQQQ" }, fault: { kind: "stream_cut" } },
    ]);
    await order();
    await client.untilClosed();
    expect((await client.events(1))[0].event).toBe("new");
    await expect(client.next()).rejects.toThrow("closed");
  });
});
