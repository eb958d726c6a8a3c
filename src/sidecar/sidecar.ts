/**
 * The sidecar as a whole: the latch, the server in front of it, the way through to the broker and
 * the relay of trade updates, wired together.
 *
 * It listens first and is started behind that: no order is taken before everything that was
 * unsettled was looked up once. Until then, and while it closes, a new order gets an answer that
 * says so and that no client takes for a failed order, and a known repeat gets its own.
 */
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { prepareLatch, type Surroundings } from "../app.ts";
import type { ServeConfig } from "../config.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { BrokerOrderId } from "../core/ids.ts";
import { requireFreePort } from "../core/port-fault.ts";
import { systemRandom } from "../core/random.ts";
import type { Latch } from "../latch.ts";
import type { PreparedLatch } from "../prepared-latch.ts";
import { Access, type Agent, isLoopback } from "./access.ts";
import type { GuardedHandler } from "./guarded-request.ts";
import { type Started, startLatch } from "./latch-start.ts";
import { maskedLog, secretsOf } from "./masked-log.ts";
import { createMetrics } from "./metrics.ts";
import { configPage } from "./native-config-schema.ts";
import { registerNativeRoutes } from "./native-routes.ts";
import { createOrderHandler } from "./order-handler.ts";
import { addPageRoutes } from "./page-routes.ts";
import { createPassThrough, type PassThrough } from "./pass-through.ts";
import { ReadinessProbe } from "./readiness.ts";
import { orderIdIn } from "./route-policy.ts";
import { SecretMask } from "./secret-mask.ts";
import { buildServer, type SidecarServer } from "./server.ts";
import { StartGate } from "./start-gate.ts";
import { statusSource } from "./status-source.ts";
import { openStreamService, type StreamService } from "./stream-service.ts";
import { notStarted, type StartedLatch, type Submit, submitter } from "./submitter.ts";

export interface SidecarOptions extends Surroundings {
  readonly serve: ServeConfig;
  readonly logger: Logger;
  /** Told each time that broker or store were away at the start, which then is tried again. */
  readonly onAway?: (reason: string) => void;
}

export interface Sidecar {
  /** Such as `http://127.0.0.1:4520`. */
  readonly url: string;
  readonly port: number;
  readonly brokerUrl: string;
  /**
   * Resolves once orders are taken. Rejects where that will never be: the broker does not take the
   * keys, the store failed, or the sidecar was closed first.
   */
  readonly started: Promise<Started>;
  /** Takes no more orders, waits up to `withinMs` for those under way, and ends everything. */
  close(withinMs: number): Promise<void>;
}

/** The part of the time to close in which orders may end by themselves; then they are parked. */
const UNHURRIED_PART = 0.75;

/** Throws LatchError: bad settings, a store that cannot be used, a port in use. */
export async function openSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { serve, logger, clock = systemClock } = options;
  // Refuses settings, so it comes before anything is opened that would have to be closed.
  const access = accessOf(serve);
  await requireFreePort(serve.host, serve.port);
  const prepared = prepareLatch(serve.latch, { ...options, logger: maskedLog(logger, serve) });
  const stop = new AbortController();
  const start = new StartGate();
  const parts = { ...wire(options, prepared, start, access), prepared, clock, stop, start };
  const close = (withinMs: number) => closeAll(parts, withinMs);
  try {
    const port = await parts.server.listen(serve.host, serve.port);
    if (serve.latch.broker !== "none") parts.stream.start();
    const onAway = (reason: string) => {
      logger.warn({ reason }, "no orders are taken yet");
      options.onAway?.(reason);
    };
    const started = startLatch(prepared, { clock, stop: stop.signal, onAway }).then((value) => {
      value.latch.onOrdersMoved((orders) => parts.stream.observe(orders));
      start.open(value.latch);
      return value;
    });
    // Whoever waits for it learns of its failure; nobody has to wait.
    started.catch(() => undefined);
    const host = serve.host.includes(":") ? `[${serve.host}]` : serve.host;
    const { brokerUrl } = prepared;
    return { url: `http://${host}:${port}`, port, brokerUrl, started, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** Where nothing is sent to: no host has this name. */
const NOWHERE = "http://broker.invalid";

/** Who may talk to what these settings describe. */
export function accessOf({ host, hosts, agents, operatorKey, latch }: ServeConfig): Access {
  const { keyId, secret, agent, broker } = latch;
  const ofBroker = { brokerKey: { id: keyId, secret, group: agent } };
  return new Access({
    ...{ bindHost: host, hosts, agents, operatorKey, keylessGroup: agent },
    ...(broker === "none" ? {} : ofBroker),
  });
}

/** On loopback existing clients settle without one; elsewhere the token says who the owner is. */
export function tokenRule({ host, agents, requireSettlementToken }: ServeConfig) {
  const isUsual = requireSettlementToken ?? !isLoopback(host);
  const own = new Map(agents.map((one) => [one.id, one.requireSettlementToken]));
  return ({ id }: Agent): boolean => own.get(id) ?? isUsual;
}

function wire(options: SidecarOptions, prepared: PreparedLatch, start: StartGate, access: Access) {
  const started: StartedLatch = () => start.latch;
  const { serve, logger, clock = systemClock, random = systemRandom } = options;
  const { keyId, secret, waitMs } = serve.latch;
  const { brokerUrl } = prepared;
  const hasBroker = serve.latch.broker !== "none";
  const baseUrl = hasBroker ? brokerUrl : NOWHERE;
  const passThrough = createPassThrough({ baseUrl, keyId, secret });
  const secrets = secretsOf(serve);
  const mask = new SecretMask(secrets);
  const metrics = createMetrics({ clock, latch: started, stream: () => stream.health() });
  const places = { brokerUrl, store: serve.latch.store };
  const readiness = new ReadinessProbe({
    clock,
    isStarted: () => started() !== undefined,
    health: () => prepared.health(),
  });
  const submit = metrics.observed(submitter(prepared, started, serve.agents));
  const server = buildServer({
    ...{ access, passThrough, hasBroker },
    guarded: orderHandler({ prepared, started, submit, waitMs, logger, clock }),
    own: (app, context) => {
      addProbes(app, readiness);
      addPageRoutes(app);
      registerNativeRoutes(app, context, {
        ...{ clock, metrics, latch: () => startedOr(started), guard: () => prepared.guard },
        requiresToken: tokenRule(serve),
        status: statusSource({ readiness, started, stream: () => stream.health() }, places),
        submit: (agent, intent, { gone, waitMs }) => submit(agent, intent, gone, waitMs),
        config: () => configPage(serve, { brokerUrl, logLevel: logger.level }),
        quote: (text) => mask.quote(text),
        onFailure: (error) => logger.error({ err: error }, "a page of /latch/v1 failed"),
      });
    },
    onForward: () => prepared.countPassed(),
    onCancel: async ({ method, path, outcome }) => {
      logger.info({ method, path: mask.quote(path), outcome: outcome.kind }, "cancel passed");
      const id = (orderIdIn(path) ?? null) as BrokerOrderId | null;
      const httpStatus = "status" in outcome ? outcome.status : null;
      await started()?.recordCancel(id, { outcome: outcome.kind, httpStatus });
    },
    secrets,
    log: logger,
    clock,
  });
  const stream = openStreamService({
    ...{ brokerUrl: baseUrl, keyId, secretKey: secret, clock, random },
    authenticate: (id, presented) => access.agentOf({ id, secret: presented }) !== undefined,
    refuseStranger: (request) => access.refuseStranger(request),
    isBusy: (connection) => server.isBusy(connection),
    frames: serve.streamFrames,
    catchUp: async (since) => {
      const latch = await start.over;
      // Whatever moved while nobody listened is to show in the positions.
      latch?.comparePositions().catch((error: unknown) => {
        logger.error({ err: error }, "positions could not be compared");
      });
      return latch?.orderWiresSince(since);
    },
    onUpdate: async ({ order }) => order && started()?.applyUpdate(order.wire),
    onProblem: ({ kind, cause }) => logger.warn({ kind, err: cause }, "trade updates"),
  });
  stream.attach(server.app.server);
  return { server, stream, passThrough };
}

/** Pages for a supervisor: whether the process lives, and whether it takes orders. */
function addProbes(app: FastifyInstance, readiness: ReadinessProbe): void {
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_, reply) => {
    const report = await readiness.read();
    return reply.code(report.isReady ? 200 : 503).send(report);
  });
}

interface Parts {
  readonly server: SidecarServer;
  readonly stream: StreamService;
  readonly prepared: PreparedLatch;
  readonly passThrough: PassThrough;
  readonly clock: Clock;
  /** Ends a start that is under way. */
  readonly stop: AbortController;
  readonly start: StartGate;
}

/**
 * Upgraded sockets keep a server open, so the relay ends first. Closing the latch answers those who
 * still wait with what is known, so it begins while the server can still tell them.
 */
async function closeAll(parts: Parts, withinMs: number): Promise<void> {
  const { server, stream, prepared, passThrough, clock, stop, start } = parts;
  stop.abort();
  start.abandon();
  const over = new AbortController();
  const served = server.close(withinMs).finally(() => over.abort());
  const hurried = clock.sleep(withinMs * UNHURRIED_PART, over.signal).catch(() => undefined);
  await stream.close();
  await Promise.race([served, hurried]);
  await Promise.all([served, prepared.close()]);
  await passThrough.close();
}

interface OrderHandling {
  readonly prepared: PreparedLatch;
  readonly started: StartedLatch;
  readonly submit: Submit;
  /** How long a caller waits for a certain answer. */
  readonly waitMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

function startedOr(started: StartedLatch): Latch {
  const open = started();
  if (open === undefined) throw notStarted();
  return open;
}

function orderHandler(parts: OrderHandling): GuardedHandler {
  const { prepared, started, submit, waitMs, logger, clock } = parts;
  const latch = () => startedOr(started);
  return createOrderHandler({
    clock,
    submit: (agent, input, gone, withinMs) =>
      submit(agent, input, gone, Math.min(withinMs, waitMs)),
    replace: async (intent) => latch().replace(intent),
    claimOf: (group, requestId) => prepared.claimOf(group, requestId),
    books: async () => latch().books(),
    unsettledClaims: async () => latch().unsettledClaims(),
    readOrders: async () => latch().readOrders(),
    asset: async (assetId) => latch().asset(assetId),
    cancelOrders: async (withinMs) => latch().cancelOrders(withinMs),
    orderWire: async (brokerOrderId) => started()?.orderWire(brokerOrderId),
    onFailure: (error) => logger.error({ err: error }, "an order could not be answered"),
  });
}
