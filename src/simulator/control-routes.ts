/** The simulator's own routes, under /sim: they need no credentials and appear in no log. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { LatchError } from "../core/errors.ts";
import type { SimulatorControl, StreamName } from "./simulator-control.ts";
import { parseExactJson } from "./wire-json.ts";

export function addControlRoutes(app: FastifyInstance, control: SimulatorControl): void {
  app.get("/sim/clock", () => control.clock());
  app.post("/sim/clock", (request) => control.setClock(exactBody(request)));
  app.post("/sim/prices", (request) => control.setPrices(exactBody(request)));
  app.get("/sim/faults", () => ({ rules: control.faults() }));
  app.post("/sim/faults", (request) => ({ rules: control.addFaults(plainBody(request)) }));
  app.delete("/sim/faults", (_request, reply) => {
    control.clearFaults();
    return reply.code(204).send();
  });
  app.get("/sim/requests", () => control.requests());
  app.get("/sim/orders", () => control.orders());
  app.get("/sim/positions", () => control.positions());
  app.post("/sim/positions", (request) => control.setPositions(exactBody(request)));
  app.post("/sim/fills", (request) => control.fill(exactBody(request)));
  app.post("/sim/assets", (request, reply) => {
    control.setAsset(exactBody(request));
    return reply.code(204).send();
  });
  app.post("/sim/bars", (request, reply) => {
    control.addBars(exactBody(request));
    return reply.code(204).send();
  });
  app.delete<{ Querystring: { only?: string } }>("/sim/streams", (request, reply) => {
    control.cutStreams(streamName(request.query.only));
    return reply.code(204).send();
  });
  app.post("/sim/reset", (request, reply) => {
    control.reset(textOf(request) === "" ? {} : exactBody(request));
    return reply.code(204).send();
  });
}

/** The body with its numbers as text: amounts must not pass through binary floating point. */
function exactBody(request: FastifyRequest): unknown {
  const body = parseExactJson(textOf(request));
  if (body === undefined) throw new LatchError("invalid_option", "the body is not JSON");
  return body;
}

/** The body as JSON.parse reads it: a fault rule's numbers are counts, codes and durations. */
function plainBody(request: FastifyRequest): unknown {
  try {
    return JSON.parse(textOf(request));
  } catch (cause) {
    throw new LatchError("invalid_option", "the body is not JSON", { cause });
  }
}

function streamName(only: string | undefined): StreamName | undefined {
  if (only === undefined || only === "trades" || only === "data") return only;
  throw new LatchError("invalid_option", `only: expected trades or data (received ${only})`);
}

function textOf(request: FastifyRequest): string {
  return typeof request.body === "string" ? request.body : "";
}
