import { describe, expect, test } from "vitest";
import { StreamFeed } from "../../src/sidecar/stream-feed.ts";
import type { StreamProblem } from "../../src/sidecar/stream-problem.ts";
import {
  readBrokerFrame,
  TRADE_UPDATES,
  type TradeUpdate,
  type WireOrder,
} from "../../src/sidecar/trade-update.ts";
import {
  LISTEN,
  LISTENING,
  openSimulatedRelay,
  ordersOf,
  SHORT_PAUSE,
  told,
  untilTrue,
} from "./stream-bench.ts";
import { WatchedClock } from "./stream-clock.ts";

const RESTING = { type: "limit", limit_price: "60" };

describe("after a cut of the broker's stream", () => {
  test("every transition that was missed is relayed, marked, before what is new", async () => {
    const relay = await openSimulatedRelay({}, { scriptedFills: true });
    const { listener, order, simulator, call } = relay;
    const clients = [await listener(), await listener()] as const;
    const [filling, dying, resting] = [
      ...[await order({ qty: "5" }), await order(RESTING), await order(RESTING)],
    ].map((answer) => answer.body.id as string);
    simulator.fill({ orderId: `${filling}`, quantity: "1", price: "10" });
    for (const client of clients) await told(client, 4);
    await missing(relay, async () => {
      simulator.fill({ orderId: `${filling}`, quantity: "1", price: "11" });
      simulator.fill({ orderId: `${filling}`, quantity: "3", price: "12" });
      simulator.fill({ orderId: `${dying}`, quantity: "0.5", price: "9" });
      await call("DELETE", `/v2/orders/${dying}`);
      await call("PATCH", `/v2/orders/${resting}`, { limit_price: "61" });
      await order({ qty: "7" });
    });
    for (const client of clients) client.send(LISTEN);
    const [seen, other] = [await clients[0].events(6), await clients[1].events(6)];
    expect(other).toEqual(seen);
    expect(seen).toMatchObject([
      { event: "fill", qty: "4", price: "11.75", position_qty: null, order: { id: filling } },
      { event: "partial_fill", qty: "0.5", price: "9", order: { status: "partially_filled" } },
      { event: "canceled", order: { id: dying, status: "canceled", filled_qty: "0.5" } },
      { event: "replaced", order: { id: resting, status: "replaced" } },
      { event: "new", order: { replaces: resting } },
      { event: "new", order: { qty: "7" } },
    ]);
    for (const { tradelatch } of seen) expect(tradelatch).toEqual({ caught_up: true });
    expect(await clients[0].next()).toEqual(LISTENING);
    await order({ ...RESTING, qty: "8" });
    expect(await told(clients[0], 1)).toEqual(["new"]);
  });

  test("events that arrive while catching up are held, and nothing is relayed twice", async () => {
    let release = (): void => {};
    let reads = 0;
    const relay = await openSimulatedRelay(
      {
        catchUp: async () => {
          reads += 1;
          if (reads === 2) await new Promise<void>((resolve) => (release = resolve));
          return ordersOf(relay.simulator.url);
        },
      },
      { scriptedFills: true },
    );
    const { listener, order, simulator } = relay;
    const client = await listener();
    const orderId = (await order({ qty: "5" })).body.id as string;
    await told(client, 1);
    const lastEventAt = () => relay.service.health().lastEventAt;
    await missing(relay, () => {
      simulator.fill({ orderId, quantity: "1", price: "10" });
    });
    await untilTrue(() => reads === 2);
    relay.clock.pass(1);
    simulator.fill({ orderId, quantity: "2", price: "11" });
    await untilTrue(() => lastEventAt() === relay.clock.now());
    await order({ qty: "9" });
    release();
    // The held fill tells its own price, so the reading is used only for what came before it.
    expect(await told(client, 3)).toEqual(["partial_fill 1 *", "partial_fill 2", "new"]);
    simulator.fill({ orderId, quantity: "2", price: "12" });
    expect(await told(client, 1)).toEqual(["fill 2"]);
  });

  test("orders that cannot be read are asked for again, and nothing new comes before", async () => {
    let [reads, failures] = [0, 0];
    const relay = await openSimulatedRelay({
      catchUp: async () => {
        reads += 1;
        if (reads === 1 || reads === 4) return ordersOf(relay.simulator.url);
        failures += 1;
        if (failures === 1) throw new Error("away");
        return undefined;
      },
    });
    const { listener, order, clock } = relay;
    const client = await listener();
    await missing(relay, () => order({ qty: "2" }));
    await clock.untilAsleep(1_000);
    await order({ qty: "3" });
    clock.pass(1_000);
    await clock.untilAsleep(2_000);
    clock.pass(2_000);
    expect(await told(client, 3)).toEqual(["fill 2 *", "new", "fill 3"]);
    expect(relay.problems.map(({ kind }) => kind)).toEqual([
      ...["connection_lost", "catch_up_failed", "catch_up_failed"],
    ]);
  });

  test("a second cut while catching up begins anew, from the start of the first", async () => {
    const sinces: (number | undefined)[] = [];
    let release = (): void => {};
    const relay = await openSimulatedRelay({
      catchUp: async (since) => {
        sinces.push(since);
        if (sinces.length === 2) await new Promise<void>((resolve) => (release = resolve));
        return sinces.length === 2 ? [] : ordersOf(relay.simulator.url);
      },
    });
    const { listener, order, simulator, clock } = relay;
    const client = await listener();
    clock.pass(3);
    await missing(relay, () => order({ qty: "2" }));
    await untilTrue(() => sinces.length === 2);
    simulator.cutStreams();
    const pauseMs = await clock.untilAsleep(500, 999);
    release();
    await order({ qty: "3" });
    clock.pass(pauseMs);
    expect(await told(client, 2)).toEqual(["fill 2 *", "fill 3 *"]);
    expect(sinces).toEqual([undefined, 0, 0]);
  });

  test("a cut while missed events are being relayed is a gap of its own", async () => {
    let release = (): void => {};
    const relay = await openSimulatedRelay({
      onUpdate: async ({ caughtUp }) => {
        if (caughtUp) await new Promise<void>((resolve) => (release = resolve));
      },
    });
    const { listener, order, simulator, clock } = relay;
    const client = await listener();
    await missing(relay, () => order({ qty: "2" }));
    await clock.untilAsleep(2_000);
    simulator.cutStreams();
    const pauseMs = await clock.untilAsleep(500, 999);
    await order({ qty: "3" });
    release();
    expect(await told(client, 1)).toEqual(["fill 2 *"]);
    expect(relay.service.health().live).toBe(false);
    clock.pass(pauseMs);
    await clock.untilAsleep(2_000);
    release();
    expect(await told(client, 1)).toEqual(["fill 3 *"]);
  });

  test("an order that the first reading missed is found by a second one", async () => {
    let reads = 0;
    const relay = await openSimulatedRelay({
      catchUp: async () => {
        reads += 1;
        return reads === 2 ? [] : ordersOf(relay.simulator.url);
      },
    });
    const client = await relay.listener();
    await missing(relay, () => relay.order({ qty: "2" }));
    await relay.clock.untilAsleep(15_000);
    await relay.order({ qty: "3" });
    expect(await told(client, 2)).toEqual(["new", "fill 3"]);
    relay.clock.pass(15_000);
    expect(await told(client, 1)).toEqual(["fill 2 *"]);
  });
});

describe("a fault of the broker's stream", () => {
  const faulty = async (kind: "event_lost" | "event_repeated" | "event_reordered") => {
    const relay = await openSimulatedRelay({}, { scriptedFills: true });
    const client = await relay.listener();
    const rule = { match: { event: "partial_fill" }, fault: { kind } } as const;
    relay.simulator.addFaults([rule]);
    const orderId = (await relay.order({ qty: "3" })).body.id as string;
    relay.simulator.fill({ orderId, quantity: "1", price: "10" });
    relay.simulator.fill({ orderId, quantity: "2", price: "11" });
    await relay.order({ ...RESTING, qty: "9" });
    return { relay, client };
  };

  test.each([
    ["event_lost", ["new", "partial_fill 1 *", "fill 2", "new"]],
    ["event_repeated", ["new", "partial_fill 1", "fill 2", "new"]],
    ["event_reordered", ["new", "partial_fill 1 *", "fill 2", "new"]],
  ] as const)("%s: every share is told once, in order", async (kind, expected) => {
    const { client, relay } = await faulty(kind);
    expect(await told(client, expected.length)).toEqual(expected);
    await relay.order({ ...RESTING, qty: "10" });
    expect(await told(client, 1)).toEqual(["new"]);
  });

  test("stream_cut: what stood in the place of the cut is told as well", async () => {
    const relay = await openSimulatedRelay();
    const client = await relay.listener();
    relay.simulator.addFaults([{ match: { event: "fill" }, fault: { kind: "stream_cut" } }]);
    await relay.order({ qty: "2" });
    relay.clock.pass(await relay.clock.untilAsleep(...SHORT_PAUSE));
    expect(await told(client, 2)).toEqual(["new", "fill 2 *"]);
  });

  test("event_lost for good: a reading made for another reason brings it up", async () => {
    const relay = await openSimulatedRelay();
    const client = await relay.listener();
    relay.simulator.addFaults([{ match: { event: "fill" }, fault: { kind: "event_lost" } }]);
    await relay.order({ qty: "2" });
    expect(await told(client, 1)).toEqual(["new"]);
    relay.service.observe(await ordersOf(relay.simulator.url));
    expect(await told(client, 1)).toEqual(["fill 2 *"]);
    relay.service.observe(await ordersOf(relay.simulator.url));
    await relay.order({ ...RESTING });
    expect(await told(client, 1)).toEqual(["new"]);
  });
});

describe("the rest of the sidecar", () => {
  test("hears of an update, and is awaited, before it is relayed", async () => {
    const heard: TradeUpdate[] = [];
    let release = (): void => {};
    const relay = await openSimulatedRelay({
      onUpdate: async (update) => {
        heard.push(update);
        if (update.event === "fill") await new Promise<void>((resolve) => (release = resolve));
      },
    });
    const client = await relay.listener();
    await relay.order({ qty: "2" });
    expect(await told(client, 1)).toEqual(["new"]);
    await untilTrue(() => heard.length === 2);
    client.send(LISTEN);
    expect(await client.next()).toEqual(LISTENING);
    release();
    expect(await told(client, 1)).toEqual(["fill 2"]);
    expect(heard[1]).toMatchObject({ event: "fill", caughtUp: false });
    expect(heard[1]?.order).toMatchObject({ status: "filled", filled: "2", average: "75.33" });
    expect(heard[1]?.execution).toEqual({ quantity: "2", price: "75.33" });
  });

  test("does not hold an update up for ever, nor by failing", async () => {
    const relay = await openSimulatedRelay({
      onUpdate: ({ event }) => {
        if (event === "new") throw new Error("no");
        return new Promise<void>(() => {});
      },
    });
    const client = await relay.listener();
    await relay.order({ qty: "2" });
    expect(await told(client, 1)).toEqual(["new"]);
    await relay.clock.untilAsleep(2_000);
    relay.clock.pass(2_000);
    expect(await told(client, 1)).toEqual(["fill 2"]);
    expect(relay.problems.map(({ kind }) => kind)).toEqual(["hook_failed", "hook_late"]);
  });

  /** Of the feed by itself: what sockets do with so much at once is the machine's matter. */
  test("that is too slow makes a gap, not a heap", async () => {
    let orders: readonly WireOrder[] = [];
    let [release, heard] = [(): void => {}, 0];
    const [delivered, problems] = [[] as unknown[], [] as StreamProblem[]];
    const feed = new StreamFeed({
      clock: new WatchedClock(),
      catchUp: async () => orders,
      onUpdate: async () => {
        heard += 1;
        if (heard === 1) await new Promise<void>((resolve) => (release = resolve));
      },
      deliver: ({ order }) => delivered.push(order?.wire.id),
      onLive: () => {},
      onProblem: (problem) => problems.push(problem),
    });
    feed.upstreamUp();
    await untilTrue(() => feed.isLive);
    const count = 10_100;
    const order = (index: number) => ({ id: `${index}`, status: "new", updated_at: null });
    orders = Array.from({ length: count }, (_, index) => order(index));
    const [first, ...others] = orders.map(updateOf);
    if (first !== undefined) feed.receive(first);
    await untilTrue(() => heard === 1);
    for (const update of others) feed.receive(update);
    expect(problems).toEqual([{ kind: "feed_overflow" }]);
    release();
    await untilTrue(() => feed.isLive);
    expect(delivered).toHaveLength(count);
    expect(new Set(delivered).size).toBe(count);
    feed.close();
  });
});

function updateOf(order: WireOrder, index: number): TradeUpdate {
  const data = { event: "new", event_id: `${index}`, order };
  const frame = readBrokerFrame(JSON.stringify({ stream: TRADE_UPDATES, data }));
  if (frame.kind !== "update") throw new Error(`the frame is ${frame.kind}`);
  return frame.update;
}

/** Cuts the broker's stream, lets `happen` what is to be missed, and lets the relay come back. */
async function missing(
  relay: Awaited<ReturnType<typeof openSimulatedRelay>>,
  happen: () => unknown,
): Promise<void> {
  relay.simulator.cutStreams();
  const pauseMs = await relay.clock.untilAsleep(...SHORT_PAUSE);
  await happen();
  relay.clock.pass(pauseMs);
}
