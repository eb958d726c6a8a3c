import { createConnection } from "node:net";
import { describe, expect, test } from "vitest";
import {
  KEY,
  LISTEN,
  LISTENING,
  openRelay,
  openSimulatedRelay,
  SHORT_PAUSE,
  told,
  untilTrue,
} from "./stream-bench.ts";
import { openStandIn } from "./stream-stand-in.ts";

describe("the relay", () => {
  test("gives every listener the same events in order, as the broker wrote them", async () => {
    const { listener, order, call } = await openSimulatedRelay();
    const clients = await Promise.all([listener(), listener(), listener()]);
    const placed = await order({ qty: "6" });
    await order({ qty: "2" });
    const seen = await Promise.all(clients.map((client) => client.events(4)));
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect(seen[0]?.map(({ event, order: { qty } }) => `${event} ${qty}`)).toEqual([
      ...["new 6", "fill 6", "new 2", "fill 2"],
    ]);
    const now = await call("GET", `/v2/orders/${placed.body.id}`);
    expect(seen[0]?.[1]).toMatchObject({ qty: "6", price: "75.33", order: now.body });
    expect(seen[0]?.[1]).not.toHaveProperty("tradelatch");
  });

  test.each([
    ["binary", undefined, true],
    ["binary", "binary", true],
    ["text", "text", false],
  ] as const)("sends %s frames when %s is configured", async (_name, frames, binary) => {
    for (const streamFrames of ["binary", "text"] as const) {
      const { listener, order, connect } = await openSimulatedRelay({ frames }, { streamFrames });
      const client = await listener();
      await order();
      expect((await client.frame()).binary).toBe(binary);
      const other = await connect();
      other.send({ action: "authenticate", data: KEY });
      expect((await other.frame()).binary).toBe(binary);
    }
  });

  test("sends nothing to who does not listen, or no longer", async () => {
    const { listener, order } = await openSimulatedRelay();
    const [first, second] = [await listener(), await listener()];
    first.send({ action: "listen", data: { streams: [] } });
    expect(await first.next()).toEqual({ stream: "listening", data: { streams: [] } });
    await order();
    await told(second, 2);
    first.send(LISTEN);
    expect(await first.next()).toEqual(LISTENING);
  });

  test("shows its state", async () => {
    const { listener, service, order, simulator, clock } = await openSimulatedRelay();
    const client = await listener();
    expect(service.health()).toEqual({
      ...{ connected: true, state: "up", since: 0, lastEventAt: undefined },
      ...{ live: true, listeners: 1, strangers: 0 },
    });
    clock.pass(5);
    await order();
    await told(client, 2);
    expect(service.health().lastEventAt).toBe(5);
    simulator.cutStreams();
    await clock.untilAsleep(...SHORT_PAUSE);
    expect(service.health()).toMatchObject({ connected: false, state: "waiting", live: false });
  });
});

describe("a request to listen", () => {
  test("is answered each time", async () => {
    const { listener } = await openSimulatedRelay();
    const client = await listener();
    for (let time = 0; time < 3; time += 1) {
      client.send(LISTEN);
      expect(await client.next()).toEqual(LISTENING);
    }
  });

  test("is answered only when the broker is there and the gap is made up for", async () => {
    const { listener, clock, simulator, order } = await openSimulatedRelay();
    const client = await listener();
    simulator.cutStreams();
    const pauseMs = await clock.untilAsleep(...SHORT_PAUSE);
    await order();
    client.send(LISTEN);
    client.send({ action: "nonsense" });
    expect(await client.next()).toMatchObject({ stream: "error" });
    clock.pass(pauseMs);
    expect(await told(client, 1)).toEqual(["fill 1 *"]);
    expect(await client.next()).toEqual(LISTENING);
    await order({ qty: "2" });
    expect(await told(client, 2)).toEqual(["new", "fill 2"]);
  });

  test("is given up when the broker stays away", async () => {
    const { listener, clock, simulator } = await openSimulatedRelay();
    const [asking, quiet] = [await listener(), await listener()];
    simulator.cutStreams();
    await clock.untilAsleep(...SHORT_PAUSE);
    await simulator.close();
    asking.send(LISTEN);
    await clock.untilAsleep(20_000);
    clock.pass(20_000);
    await asking.untilClosed();
    expect(quiet.closed).toBe(false);
  });

  test("cannot be repeated without end while it waits", async () => {
    const { listener, clock, simulator } = await openSimulatedRelay();
    const client = await listener();
    simulator.cutStreams();
    await clock.untilAsleep(...SHORT_PAUSE);
    for (let time = 0; time < 17; time += 1) client.send(LISTEN);
    await client.untilClosed();
  });
});

describe("a listener that does not read", () => {
  test("is dropped, and the others go on", async () => {
    const broker = await openStandIn();
    const relay = await openRelay({ brokerUrl: broker.url, catchUp: async () => [] });
    const good = await relay.listener();
    const socket = await relay.raw();
    const slow = await slowListener(relay.url);
    await untilTrue(() => relay.service.health().listeners === 2);
    const padding = "x".repeat(256 * 1_024);
    let sent = 0;
    while (relay.service.health().listeners === 2) {
      broker.send({ event: "new", timestamp: `${sent}`, padding, order: { id: `${sent}` } });
      sent += 1;
      expect(sent).toBeLessThan(200);
      await good.next();
    }
    expect(relay.problems.map(({ kind }) => kind)).toEqual(["listener_slow"]);
    broker.send({ event: "new", order: { id: "last" } });
    expect((await good.next()).data.order.id).toBe("last");
    slow.destroy();
    socket.destroy();
  });

  test("and answers no ping is cut as well", async () => {
    const relay = await openSimulatedRelay();
    const good = await relay.listener();
    const dead = await slowListener(relay.url);
    await untilTrue(() => relay.service.health().listeners === 2);
    relay.clock.pass(30_000);
    await relay.clock.untilAsleep(30_000);
    good.send(LISTEN);
    expect(await good.next()).toEqual(LISTENING);
    relay.clock.pass(30_000);
    await untilTrue(() => relay.service.health().listeners === 1);
    expect(good.closed).toBe(false);
    expect(relay.problems.map(({ kind }) => kind)).toContain("listener_silent");
    dead.destroy();
  });
});

describe("close", () => {
  test("bids listeners farewell and leaves no socket and no sleeper", async () => {
    const sockets = () =>
      process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;
    const before = sockets();
    const { listener, connect, service, clock, server, simulator } = await openSimulatedRelay();
    const clients = [await listener(), await listener(), await connect()];
    await service.close();
    await Promise.all(clients.map((client) => client.untilClosed()));
    expect(service.health()).toMatchObject({ state: "closed", listeners: 0, strangers: 0 });
    await untilTrue(() => clock.asleep.length === 0);
    await new Promise((resolve) => server.close(resolve));
    await simulator.close();
    await untilTrue(() => sockets() <= before);
  });

  test("ends a reading and a hook that are under way, and calls neither a problem", async () => {
    const { service, listener, clock, problems, order } = await openSimulatedRelay({
      onUpdate: () => new Promise<void>(() => {}),
    });
    await listener();
    await order();
    await clock.untilAsleep(2_000);
    await service.close();
    await untilTrue(() => clock.asleep.length === 0);
    expect(problems).toEqual([]);
    let reads = 0;
    const catchUp = () => {
      reads += 1;
      return new Promise<never>(() => {});
    };
    const hung = await openSimulatedRelay({ catchUp });
    await untilTrue(() => reads === 1);
    await hung.service.close();
    await untilTrue(() => hung.clock.asleep.length === 0);
    expect(hung.problems).toEqual([]);
  });

  test("cuts who does not answer", async () => {
    const { url, service, clock } = await openSimulatedRelay();
    const stuck = await slowListener(url);
    await untilTrue(() => service.health().listeners === 1);
    const closed = service.close();
    await clock.untilAsleep(1_000);
    clock.pass(1_000);
    await closed;
    stuck.destroy();
  });

  test("can be asked twice, and while the broker is away", async () => {
    const { service, simulator, clock, listener } = await openSimulatedRelay();
    await listener();
    simulator.cutStreams();
    await clock.untilAsleep(...SHORT_PAUSE);
    await Promise.all([service.close(), service.close()]);
    expect(service.health().state).toBe("closed");
    await untilTrue(() => clock.asleep.length === 0);
  });
});

/** Shows its key in the headers, listens, and then reads and answers nothing. */
async function slowListener(url: string) {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  socket.on("error", () => {});
  const head = ["GET /stream HTTP/1.1", `Host: ${hostname}`, "Upgrade: websocket"];
  const rest = ["Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA"];
  const keys = [`APCA-API-KEY-ID: ${KEY.key_id}`, `APCA-API-SECRET-KEY: ${KEY.secret_key}`];
  const request = [...head, ...rest, ...keys].join("\r\n");
  socket.write(`${request}\r\n\r\n`.replace("AAAA", "dGhlIHNhbXBsZSBub25jZQ=="));
  const frame = Buffer.from(JSON.stringify(LISTEN));
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | frame.length, 0, 0, 0, 0]), frame]));
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes('"listening"')) break;
  }
  socket.pause();
  return socket;
}
