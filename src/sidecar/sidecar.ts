/**
 * The sidecar as a whole: the latch, the server in front of it, the way through to the broker and
 * the relay of trade updates, wired together.
 *
 * No order is taken before everything that was unsettled was looked up once. Until then, and while
 * it closes, an order gets an answer that says so, and that no client takes for a failed order.
 */
import type { Logger } from "pino";
import { type Latch, openLatch, type Recovery, type Surroundings } from "../app.ts";
import {
  type AgentSettings,
  type Environment,
  resolveConfig,
  type ServeConfig,
} from "../config.ts";
import { systemClock } from "../core/clock.ts";
import { systemRandom } from "../core/random.ts";
import { Access, type Agent } from "./access.ts";
import { alpacaError } from "./alpaca-error.ts";
import type { GuardedHandler } from "./guarded-request.ts";
import { createOrderHandler } from "./order-handler.ts";
import { createPassThrough } from "./pass-through.ts";
import { buildServer } from "./server.ts";
import { openStreamService, type StreamService } from "./stream-service.ts";

export interface SidecarOptions extends Surroundings {
  readonly serve: ServeConfig;
  readonly environment: Environment;
  readonly logger: Logger;
}

export interface Sidecar {
  /** Such as `http://127.0.0.1:4520`. */
  readonly url: string;
  readonly port: number;
  readonly latch: Latch;
  /** What the start found and did about it. */
  readonly recovery: Recovery;
  /** Takes no more orders, waits up to `withinMs` for those under way, and ends everything. */
  close(withinMs: number): Promise<void>;
}

const RETRY_AFTER_SECONDS = 1;

/** Throws LatchError: bad settings, a store or a broker that cannot be used, a port in use. */
export async function openSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { serve, environment, logger, clock = systemClock, random = systemRandom } = options;
  const config = resolveConfig(serve.latch, environment);
  const { keyId, secret } = config;
  const brokerKey = { id: keyId, secret, group: config.agent };
  const access = new Access({
    bindHost: serve.host,
    hosts: serve.hosts,
    agents: serve.agents,
    brokerKey,
  });
  const latch = await openLatch({ ...serve.latch, ...surroundingsOf(options) });
  let isReady = false;
  const server = buildServer({
    access,
    passThrough: createPassThrough({ baseUrl: latch.brokerUrl, keyId, secret }),
    guarded: onceReady(() => isReady, orderHandler(latch, serve.agents, logger)),
    own: (app) => {
      app.get("/healthz", async () => ({ status: "ok" }));
      app.get("/readyz", async (_, reply) => reply.code(isReady ? 200 : 503).send({ isReady }));
    },
    onCancel: ({ method, path, outcome }) => {
      logger.info({ method, path, outcome: outcome.kind }, "cancel passed");
    },
    secrets: [secret, ...serve.agents.map((agent) => agent.secret)],
    log: logger,
    clock,
  });
  const stream = openStreamService({
    ...{ brokerUrl: latch.brokerUrl, keyId, secretKey: secret, clock, random },
    authenticate: (id, presented) => access.agentOf({ id, secret: presented }) !== undefined,
    mayUpgrade: (request) => access.refuseStranger(request) === undefined,
    catchUp: (since) => latch.orderWiresSince(since),
    onProblem: ({ kind, cause }) => logger.warn({ kind, err: cause }, "trade updates"),
  });
  const close = (withinMs: number) => closeAll(server.close(withinMs), stream, latch);
  try {
    const recovery = await latch.recover();
    stream.attach(server.app.server);
    const port = await server.listen(serve.host, serve.port);
    stream.start();
    isReady = true;
    const host = serve.host.includes(":") ? `[${serve.host}]` : serve.host;
    return { url: `http://${host}:${port}`, port, latch, recovery, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

function surroundingsOf({ clock, random, fetchApi, logger, schedule }: SidecarOptions) {
  return {
    logger,
    ...(clock === undefined ? {} : { clock }),
    ...(random === undefined ? {} : { random }),
    ...(fetchApi === undefined ? {} : { fetchApi }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** Upgraded sockets keep a server open, so the relay ends first; the ledger closes last. */
async function closeAll(served: Promise<void>, stream: StreamService, latch: Latch): Promise<void> {
  await stream.close();
  await served;
  await latch.close();
}

function onceReady(isReady: () => boolean, handler: GuardedHandler): GuardedHandler {
  return async (request) => {
    if (isReady()) return handler(request);
    return alpacaError("order_not_taken", {
      headers: { "retry-after": String(RETRY_AFTER_SECONDS) },
    });
  };
}

function orderHandler(
  latch: Latch,
  agents: readonly AgentSettings[],
  logger: Logger,
): GuardedHandler {
  const policies = new Map(agents.map(({ id, policy }) => [id, policy]));
  return createOrderHandler({
    submit: (agent: Agent, input) => latch.submitFor(agent.group, input, policies.get(agent.id)),
    orderWire: (brokerOrderId) => latch.orderWire(brokerOrderId),
    onFailure: (error) => logger.error({ err: error }, "an order could not be answered"),
  });
}
