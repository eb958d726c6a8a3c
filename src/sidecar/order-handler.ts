/**
 * What becomes of a guarded request: an order goes through the gateway and is answered in Alpaca's
 * shape. Replacing an order and closing a position at the broker's own route are refused for now:
 * neither can be claimed beforehand, so neither may pass.
 */
import type { BrokerOrderId } from "../core/ids.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import type { Agent } from "./access.ts";
import { alpacaError } from "./alpaca-error.ts";
import type { GuardedAnswer, GuardedHandler, GuardedRequest } from "./guarded-request.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import { readOrderBody } from "./order-body.ts";
import { failureReply, orderOf, orderReply } from "./order-reply.ts";

export interface OrderPorts {
  /** Rejects with a LatchError where no order was sent. */
  submit(agent: Agent, input: IntentInput): Promise<OrderAnswer>;
  /** The order as the broker shows it now; undefined when it cannot be read. */
  orderWire(brokerOrderId: BrokerOrderId): Promise<string | undefined>;
  /** Told of failures that are not ours to explain to the bot. */
  onFailure(error: unknown): void;
}

export function createOrderHandler(ports: OrderPorts): GuardedHandler {
  return async (request) => {
    if (request.method !== "POST") {
      const message = "replacing an order and closing by position do not pass the sidecar yet";
      return alpacaError("route_refused", { message });
    }
    try {
      return await placeOrder(ports, request);
    } catch (error) {
      const reply = failureReply(error);
      if (reply !== undefined) return reply;
      ports.onFailure(error);
      return alpacaError("outcome_unknown", { headers: { "retry-after": "5" } });
    }
  };
}

async function placeOrder(ports: OrderPorts, request: GuardedRequest): Promise<GuardedAnswer> {
  const key = readIdempotencyKey(request.headers["idempotency-key"]);
  if (key.kind === "malformed") return alpacaError("request_malformed", { message: key.message });
  const order = readOrderBody(request.body);
  if (order.kind === "refused") return alpacaError("order_malformed", { message: order.message });
  const input = key.kind === "key" ? { ...order.input, requestId: key.value } : order.input;
  const answer = await ports.submit(request.agent, input);
  return orderReply(answer, await wireOf(ports, answer));
}

async function wireOf(ports: OrderPorts, answer: OrderAnswer): Promise<string | undefined> {
  if (answer.status === "PROCEED" && answer.wire !== null) return answer.wire;
  const brokerOrderId = orderOf(answer);
  return brokerOrderId === null ? undefined : ports.orderWire(brokerOrderId);
}
