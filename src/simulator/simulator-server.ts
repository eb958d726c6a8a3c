/**
 * The HTTP server: Alpaca's routes, the control routes and the websockets on one port.
 *
 * Bodies are taken as text whatever their Content-Type says, up to 1 MiB. Closing the server cuts
 * every connection, answered or not.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import { LatchError } from "../core/errors.ts";
import { refusalAnswer } from "./api-route.ts";
import { BrokerEndpoint } from "./broker-endpoint.ts";
import { brokerRoutes } from "./broker-routes.ts";
import { addControlRoutes } from "./control-routes.ts";
import { EndpointReplies } from "./endpoint-replies.ts";
import { unknownPath } from "./refusal.ts";
import type { Simulation } from "./simulation.ts";
import type { SimulatorControl } from "./simulator-control.ts";

const MAXIMUM_BODY_BYTES = 1024 * 1024;
const STREAM_PATH = /^\/stream\/?(\?.*)?$/;

export function buildServer(simulation: Simulation, control: SimulatorControl): FastifyInstance {
  const app = Fastify({
    bodyLimit: MAXIMUM_BODY_BYTES,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    rewriteUrl: (request) => withLiteralColon(request.url ?? "/"),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("text/plain", { parseAs: "string" }, (_request, body, done) => {
    done(null, body);
  });
  // Clients send JSON under any name or none at all, and the framework refuses an empty one.
  app.addHook("onRequest", async (request) => {
    request.raw.headers["content-type"] = "text/plain";
  });
  const replies = new EndpointReplies(simulation, new BrokerEndpoint(simulation));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error instanceof LatchError ? error.httpStatus : (error.statusCode ?? 500);
    const body = { message: error.message };
    if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE" && !isControlPath(request.url)) {
      replies.turnedAway(request, status, body);
    }
    return reply.code(status).send(body);
  });
  addControlRoutes(app, control);
  addBrokerRoutes(app, simulation, replies);
  app.server.on("upgrade", (request, socket, head) => upgrade(simulation, request, socket, head));
  return app;
}

function addBrokerRoutes(
  app: FastifyInstance,
  simulation: Simulation,
  replies: EndpointReplies,
): void {
  for (const { method, path, handle } of brokerRoutes(() => simulation.broker)) {
    app.route({
      method,
      url: path,
      handler: (request, reply) => replies.serve(handle, request, reply),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    if (isControlPath(request.url)) return reply.code(404).send(unknownPath.body);
    return replies.serve(() => refusalAnswer(unknownPath), request, reply);
  });
}

function upgrade(
  simulation: Simulation,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { url = "" } = request;
  if (STREAM_PATH.test(url)) simulation.stream.accept(request, socket, head);
  else if (simulation.stockStream.isPath(url)) simulation.stockStream.accept(request, socket, head);
  else socket.destroy();
}

function isControlPath(url: string): boolean {
  return url.startsWith("/sim/");
}

/** Some clients escape the colon of `orders:by_client_order_id` and its like. */
function withLiteralColon(url: string): string {
  return url.replace(/^(\/v2\/(?:orders|watchlists))%3a/i, "$1:");
}
