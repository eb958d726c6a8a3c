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
  type Config,
  type Environment,
  resolveConfig,
  type ServeConfig,
  type Settings,
} from "../config.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { systemRandom } from "../core/random.ts";
import { Access, type Agent } from "./access.ts";
import { alpacaError } from "./alpaca-error.ts";
import type { GuardedHandler } from "./guarded-request.ts";
import { createOrderHandler } from "./order-handler.ts";
import { createPassThrough, type PassThrough } from "./pass-through.ts";
import { buildServer, type SidecarServer } from "./server.ts";
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
/** The part of the time to close in which orders may end by themselves; then they are parked. */
const UNHURRIED_PART = 0.75;

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
  const latch = await openLatch({ ...latchSettings(config, serve), ...surroundingsOf(options) });
  const passThrough = createPassThrough({ baseUrl: latch.brokerUrl, keyId, secret });
  let isReady = false;
  const server = buildServer({
    access,
    passThrough,
    guarded: onceReady(() => isReady, orderHandler(latch, serve.agents, logger, clock)),
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
  const parts = { server, stream, latch, passThrough, clock };
  const close = (withinMs: number) => closeAll(parts, withinMs);
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

/** The settings as they were read here: the latch is not to read another environment. */
function latchSettings(config: Config, { latch: { live } }: ServeConfig): Settings {
  const { policy, store, agent, keyId, secret, baseUrl, waitMs } = config;
  return {
    ...{ ...policy, store, agent, keyId, secret, waitMs },
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(live === undefined ? {} : { live }),
  };
}

interface Parts {
  readonly server: SidecarServer;
  readonly stream: StreamService;
  readonly latch: Latch;
  readonly passThrough: PassThrough;
  readonly clock: Clock;
}

/**
 * Upgraded sockets keep a server open, so the relay ends first. Closing the latch answers those who
 * still wait with what is known, so it begins while the server can still tell them.
 */
async function closeAll(parts: Parts, withinMs: number): Promise<void> {
  const { server, stream, latch, passThrough, clock } = parts;
  const over = new AbortController();
  const served = server.close(withinMs).finally(() => over.abort());
  const hurried = clock.sleep(withinMs * UNHURRIED_PART, over.signal).catch(() => undefined);
  await stream.close();
  await Promise.race([served, hurried]);
  await Promise.all([served, latch.close()]);
  await passThrough.close();
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
  clock: Clock,
): GuardedHandler {
  const policies = new Map(agents.map(({ id, policy }) => [id, policy]));
  return createOrderHandler({
    clock,
    submit: ({ group, id }: Agent, input, gone) =>
      latch.submitFor(group, input, { policy: policies.get(id), gone }),
    books: () => latch.books(),
    cancelOrders: (withinMs) => latch.cancelOrders(withinMs),
    orderWire: (brokerOrderId) => latch.orderWire(brokerOrderId),
    onFailure: (error) => logger.error({ err: error }, "an order could not be answered"),
  });
}
