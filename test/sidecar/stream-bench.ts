/** The relay on a server of its own, before a broker, with clients; closed after each test. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach } from "vitest";
import { WebSocket } from "ws";
import { seededRandom } from "../../src/core/random.ts";
import type { StreamProblem } from "../../src/sidecar/stream-problem.ts";
import {
  openStreamService,
  type StreamService,
  type StreamServiceOptions,
} from "../../src/sidecar/stream-service.ts";
import type { WireOrder } from "../../src/sidecar/trade-update.ts";
import type { SimulatorOptions } from "../../src/simulator/index.ts";
import { type Bench, KEYS, openBench, StreamClient } from "../simulator/simulator-bench.ts";
import { WatchedClock } from "./stream-clock.ts";

export const KEY = { key_id: "bot", secret_key: "bot secret" };
export const LISTEN = { action: "listen", data: { streams: ["trade_updates"] } };
export const LISTENING = { stream: "listening", data: { streams: ["trade_updates"] } };
/** Pauses before the upstream's first and second try to come back. */
export const SHORT_PAUSE = [250, 999] as const;

export interface RelayBench {
  readonly service: StreamService;
  readonly clock: WatchedClock;
  readonly server: Server;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly problems: StreamProblem[];
  connect(path?: string, headers?: Record<string, string>): Promise<StreamClient>;
  /** An authenticated client that has its `listening` answer. */
  listener(): Promise<StreamClient>;
  /** A raw connection: it answers neither pings nor farewells. */
  raw(): Promise<Socket>;
}

const closers: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export function closeAfterwards(close: () => Promise<unknown> | unknown): void {
  closers.push(close);
}

export async function openRelay(
  options: Pick<StreamServiceOptions, "brokerUrl" | "catchUp"> & Partial<StreamServiceOptions>,
): Promise<RelayBench> {
  const clock = new WatchedClock();
  const problems: StreamProblem[] = [];
  const service = openStreamService({
    ...{ keyId: "key", secretKey: "secret", clock, random: seededRandom(1) },
    authenticate: (keyId, secret) => keyId === KEY.key_id && secret === KEY.secret_key,
    refuseStranger: ({ headers }) => (headers.origin === undefined ? undefined : "origin_refused"),
    onProblem: (problem) => problems.push(problem),
    ...options,
  });
  const server = createServer((_request, response) => response.end());
  service.attach(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const clients: { close(): void }[] = [];
  closers.push(async () => {
    for (const client of clients) client.close();
    await service.close();
    await new Promise((resolve) => server.close(resolve));
  });
  service.start();
  const open: RelayBench["connect"] = async (path = "/stream", headers = {}) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    const client = new StreamClient(socket);
    clients.push(client);
    await once(socket, "open");
    return client;
  };
  return {
    ...{ service, clock, server, problems, url: `http://127.0.0.1:${port}` },
    connect: open,
    listener: async () => (await open()).listen(KEY),
    raw: async () => {
      const socket = connect(port, "127.0.0.1");
      clients.push({ close: () => socket.destroy() });
      socket.on("error", () => {});
      await once(socket, "connect");
      return socket;
    },
  };
}

/** The relay before the simulated broker; catches up from its list of orders. */
export async function openSimulatedRelay(
  options: Partial<StreamServiceOptions> = {},
  world: SimulatorOptions = {},
): Promise<RelayBench & Bench> {
  const bench = await openBench({ ...{ keyId: "key", secret: "secret" }, ...world });
  const relay = await openRelay({
    brokerUrl: bench.simulator.url,
    catchUp: () => ordersOf(bench.simulator.url),
    ...options,
  });
  return { ...bench, ...relay };
}

export async function ordersOf(url: string): Promise<readonly WireOrder[]> {
  const list = `${url}/v2/orders?status=all&limit=500&direction=asc`;
  const response = await fetch(list, { headers: KEYS });
  return (await response.json()) as readonly WireOrder[];
}

/** `event quantity` of the next updates, with a star for those that were caught up. */
export async function told(client: StreamClient, count: number): Promise<string[]> {
  const updates = await client.events(count);
  return updates.map(({ event, qty, tradelatch }) => {
    return `${event}${qty === undefined ? "" : ` ${qty}`}${tradelatch?.caught_up ? " *" : ""}`;
  });
}

export async function untilTrue(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve));
}
