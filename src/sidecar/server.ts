/**
 * The sidecar's HTTP server. Every request meets the front door first; what the door calls our own
 * goes on to the routes that `own` registered, with its path normalized, and nothing else does. The
 * door stands before Fastify, which does nothing for an order but take time.
 *
 * 1. Every bound towards clients has a name (server-bounds.ts).
 * 2. A connection on which something is owed gets no error text in between: a client would take it
 *    for the answer to its order.
 * 3. Closing refuses what is new, waits for what is under way up to the caller's bound, then cuts.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { portUnavailable } from "../core/port-fault.ts";
import type { Access, Agent } from "./access.ts";
import { alpacaError, type PlainAnswer, type SidecarErrorName } from "./alpaca-error.ts";
import { FrontDoor, type PassedCancel } from "./front-door.ts";
import type { GuardedHandler } from "./guarded-request.ts";
import type { PassThrough } from "./pass-through.ts";
import { RefusalLog } from "./refusal-log.ts";
import { normalizePath, requestTarget } from "./request-path.ts";
import { policyOf } from "./route-policy.ts";
import { SecretMask } from "./secret-mask.ts";
import { DEFAULT_SERVER_BOUNDS, type ServerBounds } from "./server-bounds.ts";
import { Traffic } from "./traffic.ts";

/** What routes of our own can ask of the server. */
export interface OwnContext {
  /** Whose key came with the request; undefined on pages that need none. */
  agentOf(request: IncomingMessage): Agent | undefined;
  readonly access: Pick<Access, "hasOperator" | "operatorOf">;
  /** Aborts when closing begins: answers without an end have to end then. */
  readonly closing: AbortSignal;
}

export interface SidecarServerOptions {
  readonly access: Access;
  readonly passThrough: PassThrough;
  readonly guarded: GuardedHandler;
  /** Default: there is one. */
  readonly hasBroker?: boolean;
  /** Registers the sidecar's own routes. */
  readonly own?: (app: FastifyInstance, context: OwnContext) => void;
  readonly onCancel?: (cancel: PassedCancel) => void | Promise<void>;
  /** Told of each request that goes through to the broker. */
  readonly onForward?: () => void;
  /** The broker's and the agents' secrets, to be kept out of messages and log lines. */
  readonly secrets: readonly string[];
  readonly log: Logger;
  readonly clock: Clock;
  readonly bounds?: Partial<ServerBounds>;
}

export interface SidecarServer {
  readonly app: FastifyInstance;
  /** Resolves with the port; throws LatchError `port_unavailable`. Port 0 is any free one. */
  listen(host: string, port: number): Promise<number>;
  /** Whether an answer is owed on a connection. */
  isBusy(connection: object): boolean;
  /** Waits up to `withinMs` for what is under way, then cuts every connection. */
  close(withinMs: number): Promise<void>;
}

export function buildServer(options: SidecarServerOptions): SidecarServer {
  const bounds = { ...DEFAULT_SERVER_BOUNDS, ...options.bounds };
  const { log, clock } = options;
  const traffic = new Traffic();
  const closing = new AbortController();
  const mask = new SecretMask(options.secrets);
  const refusals = new RefusalLog(log, clock);
  const { access, passThrough, guarded, onCancel, onForward, hasBroker = true } = options;
  const door = new FrontDoor({
    ...{ access, passThrough, guarded, onCancel, onForward, hasBroker },
    ...{ bounds, traffic, mask, refusals, log, closing: closing.signal },
  });
  const agents = new WeakMap<IncomingMessage, Agent>();
  const meet = atTheDoor({ door, traffic, agents, mask, log });
  const app = createApp(bounds, traffic, refusals, meet);
  answerForOwnRoutes(app, mask, log);
  const agentOf = (request: IncomingMessage) => agents.get(request);
  options.own?.(app, { agentOf, access, closing: closing.signal });
  return {
    app,
    listen: (host, port) => listen(app, host, port),
    isBusy: (connection) => traffic.isBusy(connection),
    close: async (withinMs) => {
      closing.abort();
      passThrough.endStreams();
      const settled = new AbortController();
      const bound = clock.sleep(withinMs, settled.signal).catch(() => {});
      await Promise.race([traffic.idle(), bound]);
      settled.abort();
      await app.close();
    },
  };
}

/** Meets a request; `own` takes those that go on to our routes. */
type Meeting = (request: IncomingMessage, response: ServerResponse, own: RequestListener) => void;

function createApp(
  bounds: ServerBounds,
  traffic: Traffic,
  refusals: RefusalLog,
  meet: Meeting,
): FastifyInstance {
  return Fastify({
    logger: false,
    bodyLimit: bounds.bodyBytes,
    forceCloseConnections: true,
    // While closing the front door answers, which knows what an order may be told.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    // What is longer does not come this far: the router would refuse it before the front door does.
    routerOptions: { maxParamLength: bounds.headerBytes },
    clientErrorHandler: (error, socket) => {
      answerUnreadable(error, socket, traffic.isBusy(socket), refusals);
    },
    serverFactory: (own) => createHttpServer(bounds, (...request) => meet(...request, own)),
  });
}

function createHttpServer(bounds: ServerBounds, listener: RequestListener): Server {
  const server = createServer(
    {
      maxHeaderSize: bounds.headerBytes,
      headersTimeout: bounds.headersTimeoutMs,
      requestTimeout: bounds.requestTimeoutMs,
      keepAliveTimeout: bounds.keepAliveMs,
      connectionsCheckingInterval: bounds.timeoutCheckMs,
      // The front door refuses what names no host, in a body that says so.
      requireHostHeader: false,
    },
    listener,
  );
  // An expectation may be ignored; the server's own answer to one would have no body.
  server.on("checkExpectation", listener);
  server.maxConnections = bounds.connections;
  return server;
}

interface Doorway {
  readonly door: FrontDoor;
  readonly traffic: Traffic;
  /** Gets whose requests go on to our routes. */
  readonly agents: WeakMap<IncomingMessage, Agent>;
  readonly mask: SecretMask;
  readonly log: Logger;
}

function atTheDoor({ door, traffic, agents, mask, log }: Doorway): Meeting {
  const met = async (...[request, response, own]: Parameters<Meeting>) => {
    traffic.enter(request, response);
    const target = normalizePath(request.url ?? "");
    const decision = door.decide(request, target);
    if (decision.kind !== "own") return door.serve(decision, request, response);
    if (decision.agent !== undefined) agents.set(request, decision.agent);
    request.url = requestTarget(decision.path, decision.query);
    own(request, response);
  };
  return (request, response, own) => {
    met(request, response, own).catch((error: Error) => {
      log.error({ failure: mask.mask(error.stack ?? error.message) }, "a request failed");
      // An order may have been sent: a cut connection says nothing that is not so.
      response.destroy();
    });
  };
}

function answerForOwnRoutes(app: FastifyInstance, mask: SecretMask, log: Logger): void {
  app.setNotFoundHandler((request, reply) => {
    const [path = ""] = request.url.split("?");
    const isStream = policyOf(request.method, path) === "stream";
    const answer = alpacaError(isStream ? "stream_unavailable" : "not_found");
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = ownFailure(error, mask);
    if (answer.status >= 500) {
      const failure = mask.mask(error.stack ?? error.message);
      log.error(
        { method: request.method, path: mask.quote(request.url), failure },
        "a page failed",
      );
    }
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  });
}

function ownFailure(error: FastifyError, mask: SecretMask): PlainAnswer {
  if (error instanceof LatchError) {
    const message = mask.quote(error.message);
    const extra = { error: error.code, hint: error.hint };
    const name = error.httpStatus < 500 ? "request_malformed" : "internal_error";
    return alpacaError(name, { message, extra, status: error.httpStatus });
  }
  const status = error.statusCode ?? 500;
  if (status === 413) return alpacaError("body_too_large");
  if (status >= 500) return alpacaError("internal_error");
  return alpacaError("request_malformed", { message: mask.quote(error.message), status });
}

/** What could not be read as HTTP, or took too long, is told so and cut off. */
function answerUnreadable(
  error: NodeJS.ErrnoException,
  socket: Socket,
  isBusy: boolean,
  refusals: RefusalLog,
): void {
  const name = unreadableName(error.code);
  refusals.note(name);
  if (isBusy || !socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const { status, headers, body } = alpacaError(name);
  const lines = [
    `HTTP/1.1 ${status} Refused`,
    ...Object.entries(headers).map(([header, value]) => `${header}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

function unreadableName(code: string | undefined): SidecarErrorName {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "request_timeout";
  return code === "HPE_HEADER_OVERFLOW" ? "headers_too_large" : "request_malformed";
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw portUnavailable(host, port, cause);
  }
  return (app.server.address() as AddressInfo).port;
}
