/**
 * `POST /latch/v1/orders`: an intent in the library's own words, and the library's answer.
 *
 * No failure of any kind is answered with 429 or a 5xx: some client would send the order again. A
 * 409 says either that this call sent no order, or that nobody knows yet; both may be sent again
 * under the same identity. A caller that hangs up counts as not told.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { LatchError } from "../core/errors.ts";
import { LONGEST_WAIT_MS } from "../gateway/caller.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import { intentSchema } from "../identity/intent-schema.ts";
import { alpacaError, type PlainAnswer } from "./alpaca-error.ts";
import { goneSignal } from "./gone-signal.ts";
import { schemaFault } from "./native-errors.ts";
import { orderAnswerSchema, orderAnswerView } from "./native-order-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import { errorSchema, named, noQuery } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";
import { failureReply } from "./order-reply.ts";
import { RETRY_AFTER } from "./retry-after.ts";
import { NATIVE_ORDERS_PATH } from "./route-policy.ts";

const orderBody = named(
  "OrderRequest",
  z.strictObject({
    intent: intentSchema,
    waitMs: z
      .number()
      .int()
      .min(0)
      .max(LONGEST_WAIT_MS)
      .optional()
      .describe("How long to wait for a certain answer; then the answer is PENDING."),
  }),
);

const answerOrError = z.union([orderAnswerSchema, errorSchema]);

const ORDER_SCHEMA = {
  operationId: "submitOrder",
  summary: "One logical action, at most one order.",
  description:
    "201 PROCEED, 200 SKIP, 202 PENDING, 403 BLOCKED; 422 where the intent is not valid or " +
    "differs from the one that came before under its identity; 409 where this call sent no " +
    "order, or where nobody knows yet. Never 429 or 5xx.",
  querystring: noQuery,
  body: orderBody,
  response: {
    200: orderAnswerSchema,
    201: orderAnswerSchema,
    202: orderAnswerSchema,
    400: errorSchema,
    403: orderAnswerSchema,
    409: answerOrError,
    413: errorSchema,
    422: answerOrError,
  },
};

export function addOrderRoute({ app, agentOf }: NativeScope, ports: NativePorts): void {
  app.post(
    NATIVE_ORDERS_PATH,
    {
      schema: ORDER_SCHEMA,
      errorHandler: (error, request, reply) => sendFailure(ports, error, request, reply),
    },
    async (request, reply) => {
      const { intent, waitMs } = request.body;
      const gone = goneSignal(reply.raw);
      const answer = await ports.submit(agentOf(request.raw), intent, { gone, waitMs });
      if (asksToRetry(answer)) reply.headers(RETRY_AFTER);
      return reply.code(httpStatusOf(answer)).send(orderAnswerView(answer));
    },
  );
}

function httpStatusOf(answer: OrderAnswer): 200 | 201 | 202 | 403 | 409 | 422 {
  switch (answer.status) {
    case "PROCEED":
      return 201;
    case "SKIP":
      return 200;
    case "PENDING":
      return 202;
    case "BLOCKED":
      if (answer.code === "fingerprint_mismatch") return 422;
      return answer.code === "not_sent" ? 409 : 403;
  }
}

/** Where the same request again may get another answer soon, and cannot place a second order. */
function asksToRetry(answer: OrderAnswer): boolean {
  if (answer.status === "BLOCKED") return answer.code === "not_sent";
  return (
    answer.status === "PENDING" && (answer.phase === "unknown" || answer.phase === "in_flight")
  );
}

function sendFailure(
  ports: NativePorts,
  error: FastifyError | LatchError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const answer = orderFailure(ports, error, request);
  reply.code(answer.status).headers(answer.headers).send(answer.body);
}

function orderFailure(
  ports: NativePorts,
  error: FastifyError | LatchError,
  request: FastifyRequest,
): PlainAnswer {
  const fault = schemaFault(error, request);
  const known = fault === undefined ? error : new LatchError("invalid_intent", fault);
  if (known instanceof LatchError) {
    if (known.code !== "invalid_intent") ports.onFailure(known);
    const told = new LatchError(known.code, ports.quote(known.message));
    return failureReply(told) ?? unknownOutcome();
  }
  const status = "statusCode" in error ? (error.statusCode ?? 500) : 500;
  if (status === 413) return alpacaError("body_too_large");
  if (status >= 400 && status < 500 && status !== 429) {
    return alpacaError("request_malformed", { message: ports.quote(error.message), status });
  }
  ports.onFailure(error);
  return unknownOutcome();
}

/** Something of ours failed, and it may have done so after the order was sent. */
function unknownOutcome(): PlainAnswer {
  return alpacaError("outcome_unknown", { headers: RETRY_AFTER });
}
