/**
 * The sidecar's own surface: `/latch/v1`, the guard's, `/openapi.json` and `/metrics`. One schema
 * for each page checks its requests, shapes its answers and describes it. Who may come in is the
 * front door's.
 *
 * The pages live in a scope of their own: their way of reading bodies and telling errors is not
 * that of the rest of the server.
 */
import swagger from "@fastify/swagger";
import type { FastifyError, FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { z } from "zod";
import { InvariantError, type LatchError } from "../core/errors.ts";
import { DEEPEST_JSON, isTooDeep } from "../core/json-shape.ts";
import { integerThatIsLost, withDigitsKept } from "../core/json-text.ts";
import { addAuditRoutes } from "./native-audit.ts";
import { addBookRoutes } from "./native-books.ts";
import { addClaimLifeRoute } from "./native-claim-life.ts";
import { addClaimRoutes } from "./native-claims.ts";
import { addConfigRoute } from "./native-config.ts";
import { pageFailure } from "./native-errors.ts";
import { addEventsRoute } from "./native-events.ts";
import { addGuardRoutes } from "./native-guard.ts";
import { addSettlementRoutes } from "./native-guard-settlement.ts";
import { addIncidentActions } from "./native-incident-actions.ts";
import { addIncidentRoutes } from "./native-incidents.ts";
import { OPENAPI_OPTIONS } from "./native-openapi.ts";
import { addOrderRoute } from "./native-orders.ts";
import { addOverviewRoutes } from "./native-overview.ts";
import type { NativePorts } from "./native-ports.ts";
import type { NativeScope } from "./native-scope.ts";
import type { OwnContext } from "./server.ts";

/**
 * Call it where the server registers its own pages.
 *
 * @example
 * own: (app, context) => registerNativeRoutes(app, context, ports)
 */
export function registerNativeRoutes(
  app: FastifyInstance,
  context: OwnContext,
  ports: NativePorts,
): void {
  app.register(async (plain) => {
    plain.setValidatorCompiler(validatorCompiler);
    plain.setSerializerCompiler(serializerCompiler);
    readJsonWhateverItIsCalled(plain);
    tellErrors(plain, ports);
    await plain.register(swagger, OPENAPI_OPTIONS);
    const scope: NativeScope = {
      app: plain.withTypeProvider(),
      closing: context.closing,
      access: context.access,
      agentOf: (request) => {
        const agent = context.agentOf(request);
        if (agent === undefined) throw new InvariantError("a page was reached without a key");
        return agent;
      },
    };
    addClaimRoutes(scope, ports);
    addClaimLifeRoute(scope, ports);
    addOverviewRoutes(scope, ports);
    addOrderRoute(scope, ports);
    addBookRoutes(scope, ports);
    addIncidentRoutes(scope, ports);
    addIncidentActions(scope, ports);
    addEventsRoute(scope, ports);
    addAuditRoutes(scope, ports);
    addGuardRoutes(scope, ports);
    addSettlementRoutes(scope, ports);
    addConfigRoute(scope, ports);
    addDocument(scope, plain);
    addMetrics(scope, ports);
  });
}

/** Of a number that is quoted. */
const DIGITS_SHOWN = 40;

/** A body is JSON in UTF-8; replaced bytes would make an id another one. */
function readJsonWhateverItIsCalled(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => {
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(body as Buffer);
    } catch {
      done(Object.assign(new Error("the body is not UTF-8"), { statusCode: 400 }));
      return;
    }
    parseJson(request, text, (error, value) => {
      const problem = error === null ? problemOf(text, value) : undefined;
      if (error !== null || problem !== undefined) {
        done(problem === undefined ? error : unfit(problem));
        return;
      }
      const { comparesDigits = false } = request.routeOptions.config;
      done(null, comparesDigits ? withDigitsKept(text, value) : value);
    });
  });
}

/** Why a body that is JSON cannot be taken. */
function problemOf(text: string, value: unknown): string | undefined {
  // Checking it, and quoting it, would use up the stack.
  if (isTooDeep(value)) return `the body is nested more than ${DEEPEST_JSON} levels deep`;
  // Two amounts would count as one, and a result would be given back as another.
  const lost = integerThatIsLost(text);
  if (lost === undefined) return undefined;
  return `the number ${lost.slice(0, DIGITS_SHOWN)} in the body loses digits: send it as text`;
}

function unfit(message: string): Error {
  return Object.assign(new Error(message), { statusCode: 400 });
}

function tellErrors(app: FastifyInstance, ports: NativePorts): void {
  app.setErrorHandler((error: FastifyError | LatchError, request, reply) => {
    const answer = pageFailure(error, request, (text) => ports.quote(text));
    // The server's own handler knows the rest.
    if (answer === undefined) throw error;
    if (answer.status >= 500) ports.onFailure(error);
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  });
}

function addDocument({ app }: NativeScope, plain: FastifyInstance): void {
  const schema = {
    operationId: "getOpenApi",
    summary: "This document.",
    response: { 200: z.looseObject({ openapi: z.string() }) },
  };
  app.get("/openapi.json", { schema }, async () => ({ openapi: "", ...plain.swagger() }));
}

function addMetrics({ app }: NativeScope, { metrics }: NativePorts): void {
  const schema = {
    operationId: "getMetrics",
    summary: "Measurements for Prometheus.",
    response: {
      200: {
        description: "Prometheus text format.",
        content: { "text/plain": { schema: z.string() } },
      },
    },
  };
  app.get("/metrics", { schema }, async (_, reply) => {
    const text = await metrics.text();
    return reply.header("content-type", metrics.contentType).send(text);
  });
}
