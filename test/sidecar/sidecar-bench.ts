/** A sidecar for one test: real sockets on both sides, everything it is told and says kept. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { afterEach } from "vitest";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { AgentId } from "../../src/core/ids.ts";
import { Access, type AgentKey } from "../../src/sidecar/access.ts";
import type { PassedCancel } from "../../src/sidecar/front-door.ts";
import type { GuardedHandler, GuardedRequest } from "../../src/sidecar/guarded-request.ts";
import { createPassThrough, type PassThroughBounds } from "../../src/sidecar/pass-through.ts";
import { buildServer, type OwnContext, type SidecarServer } from "../../src/sidecar/server.ts";
import type { ServerBounds } from "../../src/sidecar/server-bounds.ts";
import { startSimulator } from "../../src/simulator/index.ts";

export const BROKER_ID = "the-brokers-key-id";
export const BROKER_SECRET = "brokerSecretThatMustNeverLeaveTheProcess";
export const AGENT_SECRET = "agentSecretThatOnlyTheBotKnows";
export const BROKER = { keyId: BROKER_ID, secret: BROKER_SECRET };
export const GROUP = "momentum" as AgentId;
const AGENT: AgentKey = { id: "bot-1", secret: AGENT_SECRET, group: GROUP };
/** Header lines with the key of an agent. */
export const BOT = [`APCA-API-KEY-ID: ${AGENT.id}`, `APCA-API-SECRET-KEY: ${AGENT_SECRET}`];

export interface SidecarBench {
  readonly port: number;
  readonly server: SidecarServer;
  readonly guarded: readonly GuardedRequest[];
  readonly cancels: readonly PassedCancel[];
  /** Every log line, down to the finest level. */
  readonly log: readonly string[];
  /** Resolves once a cancel was reported. */
  readonly cancelReported: Promise<void>;
}

export interface SidecarBenchOptions {
  readonly bounds?: Partial<ServerBounds>;
  readonly passBounds?: Partial<PassThroughBounds>;
  readonly guarded?: GuardedHandler;
  readonly own?: (app: FastifyInstance, context: OwnContext) => void;
  readonly onForward?: () => void;
  readonly clock?: Clock;
  readonly hosts?: readonly string[];
  readonly operatorKey?: string | undefined;
  /** Default: any free one. */
  readonly port?: number;
}

const closers: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export function atTheEnd(close: () => Promise<unknown> | unknown): void {
  closers.push(close);
}

export async function openSidecar(
  baseUrl: string,
  options: SidecarBenchOptions = {},
): Promise<SidecarBench> {
  const guarded: GuardedRequest[] = [];
  const cancels: PassedCancel[] = [];
  const log: string[] = [];
  let reported: () => void = () => {};
  const cancelReported = new Promise<void>((resolve) => {
    reported = resolve;
  });
  const { passBounds = {}, bounds = {}, own, clock = systemClock, hosts = [] } = options;
  const { onForward } = options;
  const handler: GuardedHandler = options.guarded ?? (async () => json(200, { guarded: true }));
  const passThrough = createPassThrough({ baseUrl, ...BROKER, bounds: passBounds });
  const server = buildServer({
    access: new Access({
      bindHost: "127.0.0.1",
      hosts,
      agents: [AGENT],
      brokerKey: { id: BROKER_ID, secret: BROKER_SECRET, group: "default" as AgentId },
      operatorKey: options.operatorKey,
    }),
    passThrough,
    guarded: (request) => {
      guarded.push(request);
      return handler(request);
    },
    onCancel: (cancel) => {
      cancels.push(cancel);
      reported();
    },
    ...(own === undefined ? {} : { own }),
    ...(onForward === undefined ? {} : { onForward }),
    secrets: [BROKER_SECRET, AGENT_SECRET],
    log: pino({ level: "trace" }, { write: (line: string) => void log.push(line) }),
    clock,
    bounds,
  });
  atTheEnd(async () => {
    await server.close(0);
    await passThrough.close();
  });
  const port = await server.listen("127.0.0.1", options.port ?? 0);
  return { port, server, guarded, cancels, log, cancelReported };
}

/** A simulated broker that takes the broker's key only. */
export async function openBroker() {
  const broker = await startSimulator({ prices: { TQQQ: "75.33", SPY: "500" }, ...BROKER });
  atTheEnd(() => broker.close());
  return broker;
}

export interface Upstream {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
}

/** A broker that a test scripts, for what the simulator does not do. */
export async function openUpstream(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Upstream> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atTheEnd(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, requests };
}

export function json(status: number, body: unknown) {
  const headers = { "content-type": "application/json" };
  return { status, headers, body: JSON.stringify(body) };
}

/** A promise and the function that resolves it. */
export function gate<Value = void>() {
  let open: (value: Value) => void = () => {};
  const passed = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
