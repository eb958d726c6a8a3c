/**
 * What becomes of a guarded request: an order, or the close of a position, goes through the gateway
 * and is answered in Alpaca's shape. Replacing an order is refused for now: what it makes cannot be
 * claimed beforehand, so it may not pass.
 */
import type { Book } from "../book/book.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { BrokerOrderId } from "../core/ids.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import type { Agent } from "./access.ts";
import { alpacaError } from "./alpaca-error.ts";
import type { GuardedAnswer, GuardedHandler, GuardedRequest } from "./guarded-request.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import { readOrderBody } from "./order-body.ts";
import { failureReply, orderOf, orderReply } from "./order-reply.ts";
import { handlePositions, type InOurWords, type Place } from "./position-handler.ts";

export interface OrderPorts {
  readonly clock: Clock;
  /** Rejects with a LatchError where no order was sent. `gone` aborts when the client goes away. */
  submit(agent: Agent, input: IntentInput, gone: AbortSignal): Promise<OrderAnswer>;
  /** The order as the broker shows it now; undefined when it cannot be read. */
  orderWire(brokerOrderId: BrokerOrderId): Promise<string | undefined>;
  books(): Promise<readonly Book[]>;
  /** True once no order of ours is working any more. */
  cancelOrders(withinMs: number): Promise<boolean>;
  /** Told of failures that are not ours to explain to the bot. */
  onFailure(error: unknown): void;
}

/** Clients give up after ten seconds; an order that is not read by then is told as unknown. */
const ANSWER_WITHIN_MS = 9_500;
const RETRY_AFTER_SECONDS = "5";

export function createOrderHandler(ports: OrderPorts): GuardedHandler {
  return async (request) => {
    try {
      return await answerTo(ports, request);
    } catch (error) {
      const isBotsFault = error instanceof LatchError && error.code === "invalid_intent";
      if (!isBotsFault) ports.onFailure(error);
      const headers = { "retry-after": RETRY_AFTER_SECONDS };
      return failureReply(error) ?? alpacaError("outcome_unknown", { headers });
    }
  };
}

function answerTo(ports: OrderPorts, request: GuardedRequest): Promise<GuardedAnswer> {
  const place: Place = (input, inOurWords) => placed(ports, request, input, inOurWords);
  if (request.method === "POST") return readAndPlace(request, place);
  if (request.method === "DELETE") return handlePositions({ ...ports, place }, request);
  const message = "replacing an order does not pass the sidecar yet; cancel it and send another";
  return Promise.resolve(alpacaError("route_refused", { message }));
}

async function readAndPlace(request: GuardedRequest, place: Place): Promise<GuardedAnswer> {
  const order = readOrderBody(request.body);
  if (order.kind === "refused") return alpacaError("order_malformed", { message: order.message });
  return place(order.input);
}

async function placed(
  ports: OrderPorts,
  request: GuardedRequest,
  bare: IntentInput,
  inOurWords: InOurWords = () => undefined,
): Promise<GuardedAnswer> {
  const answerBy = ports.clock.now() + ANSWER_WITHIN_MS;
  const key = readIdempotencyKey(request.headers["idempotency-key"]);
  if (key.kind === "malformed") return alpacaError("request_malformed", { message: key.message });
  const input = key.kind === "key" ? { ...bare, requestId: key.value } : bare;
  const answer = await ports.submit(request.agent, input, request.gone);
  return inOurWords(answer) ?? orderReply(answer, await wireOf(ports, answer, answerBy));
}

async function wireOf(
  ports: OrderPorts,
  answer: OrderAnswer,
  answerBy: EpochMs,
): Promise<string | undefined> {
  if (answer.status === "PROCEED" && answer.wire !== null) return answer.wire;
  const brokerOrderId = orderOf(answer);
  return brokerOrderId === null ? undefined : wireInTime(ports, brokerOrderId, answerBy);
}

/** The gateway may have used up most of the client's patience before the order is read. */
async function wireInTime(
  ports: OrderPorts,
  brokerOrderId: BrokerOrderId,
  answerBy: EpochMs,
): Promise<string | undefined> {
  const { clock } = ports;
  const over = new AbortController();
  const nothing = () => undefined;
  const late = clock.sleep(Math.max(0, answerBy - clock.now()), over.signal).then(nothing, nothing);
  try {
    return await Promise.race([ports.orderWire(brokerOrderId), late]);
  } finally {
    over.abort();
  }
}
