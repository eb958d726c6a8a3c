import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { streamUrl } from "../../src/sidecar/stream-upstream.ts";
import {
  KEY,
  LISTEN,
  openRelay,
  type RelayBench,
  SHORT_PAUSE,
  told,
  untilTrue,
} from "./stream-bench.ts";
import { openStandIn, type StandIn } from "./stream-stand-in.ts";

const open = async (behaviour: Parameters<StandIn["behave"]>[0] = {}) => {
  const broker = await openStandIn();
  broker.behave(behaviour);
  const relay = await openRelay({ brokerUrl: broker.url, catchUp: async () => [] });
  return { broker, ...relay };
};

/** It shows a fill that no event told of, so the relay would write the order anew. */
function deepUpdate(): string {
  const legs = `${"[".repeat(60_000)}${"]".repeat(60_000)}`;
  const order = `{"id":"a","filled_qty":"1","legs":${legs}}`;
  return `{"stream":"trade_updates","data":{"event":"new","order":${order}}}`;
}

const kinds = ({ problems }: Pick<RelayBench, "problems">) => problems.map(({ kind }) => kind);

describe("the connection to the broker", () => {
  test.each([
    ["https://paper-api.alpaca.markets", "wss://paper-api.alpaca.markets/stream"],
    ["https://api.alpaca.markets/", "wss://api.alpaca.markets/stream"],
    ["http://127.0.0.1:4100", "ws://127.0.0.1:4100/stream"],
    ["http://127.0.0.1:4100/v2", "ws://127.0.0.1:4100/stream"],
    ["https://proxy.example/alpaca/paper/", "wss://proxy.example/alpaca/paper/stream"],
    ["https://proxy.example/alpaca/v2", "wss://proxy.example/alpaca/stream"],
  ])("of %s goes to %s", (baseUrl, expected) => {
    expect(streamUrl(baseUrl)).toBe(expected);
  });

  test("shows the broker's credentials and listens", async () => {
    const { broker, listener } = await open();
    await listener();
    expect(broker.frames.map((frame) => JSON.parse(frame))).toEqual([
      { action: "authenticate", data: { key_id: "key", secret_key: "secret" } },
      { action: "listen", data: { streams: ["trade_updates"] } },
    ]);
  });

  test("takes text and binary frames, and leaves other streams alone", async () => {
    const { broker, listener } = await open();
    const client = await listener();
    broker.sendText(JSON.stringify({ stream: "account_updates", data: {} }));
    broker.send({ event: "new", order: { id: "a" } }, true);
    broker.send({ event: "canceled", order: { id: "a", status: "canceled" } }, false);
    expect(await told(client, 2)).toEqual(["new", "canceled"]);
  });

  test("relays a frame as the broker wrote it, byte for byte", async () => {
    const { broker, url } = await open();
    const text =
      '{ "stream":"trade_updates","data":{"event":"new", "odd":1.10,"order":{"id":"a"}}}';
    const socket = new WebSocket(`${url.replace("http", "ws")}/stream`);
    const frames: string[] = [];
    socket.on("message", (data) => frames.push(data.toString()));
    await once(socket, "open");
    for (const frame of [{ action: "authenticate", data: KEY }, LISTEN]) {
      socket.send(JSON.stringify(frame));
    }
    await untilTrue(() => frames.length === 2);
    broker.sendText(text);
    await untilTrue(() => frames.length === 3);
    expect(frames[2]).toBe(text);
    socket.terminate();
  });

  test.each([
    ["that is not JSON", "nonsense"],
    ["without data", '{"stream":"trade_updates"}'],
    ["without a bottom", deepUpdate()],
    ["beyond the bound", JSON.stringify({ stream: "x", data: "x".repeat(1_024 * 1_024) })],
  ])("ends at a frame %s, because it may have been an event", async (_name, text) => {
    const { broker, listener, clock, service, problems } = await open();
    await listener();
    broker.sendText(text);
    await clock.untilAsleep(...SHORT_PAUSE);
    expect(service.health()).toMatchObject({ state: "waiting", live: false });
    expect(problems).toHaveLength(1);
  });

  test("ends when the broker gives no sign of life after a ping", async () => {
    const { broker, listener, clock, service, problems } = await open();
    const client = await listener();
    // From the handshake's deadline on there is a ping every 15 s.
    clock.pass(10_000);
    await clock.untilAsleep(10_000);
    broker.send({ event: "new", order: { id: "a" } });
    await told(client, 1);
    clock.pass(10_000);
    await clock.untilAsleep(5_000);
    broker.behave({ pongs: false });
    clock.pass(5_000);
    await clock.untilAsleep(10_000);
    expect(service.health().connected).toBe(true);
    clock.pass(10_000);
    await clock.untilAsleep(250, 500);
    expect(service.health()).toMatchObject({ connected: false, state: "waiting" });
    expect(kinds({ problems })).toEqual(["connection_silent"]);
    expect(client.closed).toBe(false);
  });

  test("ends when the handshake takes too long", async () => {
    const { broker, clock, service, problems } = await open({ answers: false });
    await untilTrue(() => broker.frames.length === 1);
    expect(service.health().state).toBe("connecting");
    clock.pass(10_000);
    await clock.untilAsleep(...SHORT_PAUSE);
    expect(kinds({ problems })).toEqual(["connection_silent"]);
  });

  test("comes back with growing pauses, starts over when it held, and is never two", async () => {
    const { broker, clock, service } = await open();
    const pauses: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      await broker.listening();
      broker.cut();
      const pauseMs = await pauseOf(clock);
      pauses.push(pauseMs);
      clock.pass(pauseMs);
    }
    const bounds = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
    for (const [index, pauseMs] of pauses.entries()) {
      expect(pauseMs).toBeLessThanOrEqual(bounds[index] ?? 0);
      expect(pauseMs).toBeGreaterThanOrEqual((bounds[index] ?? 0) / 2);
    }
    expect(new Set(pauses).size).toBe(9);
    await broker.listening();
    await untilTrue(() => service.health().connected);
    clock.pass(10_000);
    broker.cut();
    expect(await pauseOf(clock)).toBeLessThanOrEqual(500);
    expect(broker.most()).toBe(1);
  });

  test.each([
    ["by its answer", { authorizes: false }],
    ["by its status 401", { refusal: 401 }],
    ["by its status 403", { refusal: 403 }],
  ])("that the broker refuses %s is tried again slowly, and shown", async (_name, behaviour) => {
    const { broker, clock, service, problems, listener } = await open(behaviour);
    const pauseMs = await clock.untilAsleep(30_001, 60_000);
    expect(service.health()).toMatchObject({ connected: false, state: "unauthorized" });
    expect(kinds({ problems })).toEqual(["unauthorized"]);
    expect(JSON.stringify(problems)).not.toContain("secret");
    broker.behave({ authorizes: true, refusal: undefined });
    clock.pass(pauseMs);
    await listener();
    expect(service.health()).toMatchObject({ connected: true, state: "up" });
    expect(broker.count()).toBe(2);
  });

  test("that the broker refuses otherwise is tried again soon", async () => {
    const { clock, service, problems } = await open({ refusal: 429 });
    await clock.untilAsleep(...SHORT_PAUSE);
    expect(service.health().state).toBe("waiting");
    expect(kinds({ problems })).toEqual(["connection_refused"]);
  });

  test("that is tried in vain is down since the first try, however often it is tried", async () => {
    const { broker, clock, service, listener } = await open({ refusal: 429 });
    // Each pause is longer than the one before, which is not quite over yet.
    for (const longest of [500, 1_000, 2_000]) {
      clock.pass(await clock.untilAsleep(longest / 2, longest));
      expect(service.health()).toMatchObject({ connected: false, since: 0 });
    }
    const last = await clock.untilAsleep(2_000, 4_000);
    broker.behave({ refusal: undefined });
    clock.pass(last);
    await listener();
    expect(service.health()).toMatchObject({ connected: true, since: clock.now() });
  });
});

/** The length of the pause before the next try: the only one that is no whole number. */
async function pauseOf(clock: RelayBench["clock"]): Promise<number> {
  for (;;) {
    const found = clock.asleep.find((ms) => !Number.isInteger(ms));
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
