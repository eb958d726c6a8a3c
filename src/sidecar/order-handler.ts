/**
 * What becomes of a guarded request: an order, its replacement, or the close of a position, goes
 * through the gateway and is answered in Alpaca's shape.
 */
import type { Book } from "../book/book.ts";
import type { AssetLookup } from "../broker/broker.ts";
import type { Claim } from "../claim/claim.ts";
import type { EpochMs } from "../core/clock.ts";
import { type ErrorCode, LatchError } from "../core/errors.ts";
import type { AgentId, RequestId } from "../core/ids.ts";
import { inTime } from "../core/in-time.ts";
import type { GoneSignal } from "../gateway/caller.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import { derivePartRequestId } from "../identity/request-id.ts";
import type { Agent } from "./access.ts";
import { alpacaError } from "./alpaca-error.ts";
import type { GuardedAnswer, GuardedHandler, GuardedRequest } from "./guarded-request.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import { lastKnownOrder } from "./known-order.ts";
import { inWireNames, readOrderBody } from "./order-body.ts";
import { failureReply, orderOf, orderReply } from "./order-reply.ts";
import { handlePositions, type Place, type PlaceOptions } from "./position-handler.ts";
import { handleReplace, type ReplacePorts } from "./replace-handler.ts";
import { RETRY_AFTER } from "./retry-after.ts";

export interface OrderPorts extends ReplacePorts {
  /**
   * Rejects with a LatchError where no order was sent. `gone` aborts when the client goes away; it
   * waits up to `withinMs`, where that is less than is set.
   */
  submit(
    agent: Agent,
    input: IntentInput,
    gone: GoneSignal,
    withinMs: number,
  ): Promise<OrderAnswer>;
  claimOf(group: AgentId, requestId: RequestId): Promise<Claim | undefined>;
  books(): Promise<readonly Book[]>;
  unsettledClaims(): Promise<readonly Claim[]>;
  /** Reads the orders at work and books their fills; false where one could not be read. */
  readOrders(): Promise<boolean>;
  asset(assetId: string): Promise<AssetLookup>;
  /** Those of our orders that have not ended by then; undefined where that is not known. */
  cancelOrders(withinMs: number): Promise<readonly Claim[] | undefined>;
  /** Told of failures that are not ours to explain to the bot. */
  onFailure(error: unknown): void;
}

/** Clients give up after ten seconds; an order that is not read by then is told as unknown. */
const ANSWER_WITHIN_MS = 9_500;
/** The bot's own mistake, and what every order meets while the sidecar starts. */
const NOT_OURS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["invalid_intent", "not_started"]);

export function createOrderHandler(ports: OrderPorts): GuardedHandler {
  return async (request) => {
    try {
      return await answerTo(ports, request);
    } catch (error) {
      return failureAnswer(ports, error);
    }
  };
}

function failureAnswer(ports: OrderPorts, error: unknown): GuardedAnswer {
  const isOurs = !(error instanceof LatchError && NOT_OURS.has(error.code));
  if (isOurs) ports.onFailure(error);
  return (
    failureReply(inBotsWords(error)) ?? alpacaError("outcome_unknown", { headers: RETRY_AFTER })
  );
}

/** The bot knows its order by Alpaca's fields. */
function inBotsWords(error: unknown): unknown {
  const isIntent = error instanceof LatchError && error.code === "invalid_intent";
  return isIntent ? new LatchError(error.code, inWireNames(error.message)) : error;
}

function answerTo(ports: OrderPorts, request: GuardedRequest): Promise<GuardedAnswer> {
  const answerBy = ports.clock.now() + ANSWER_WITHIN_MS;
  const place: Place = (input, options) => {
    const answer = placed(ports, request, input, answerBy, options);
    // Of many, what fails is one's own answer: the others are sent all the same.
    return options?.isOneOfMany
      ? answer.catch((error: unknown) => failureAnswer(ports, error))
      : answer;
  };
  if (request.method === "POST") return readAndPlace(request, place);
  if (request.method === "PATCH") return handleReplace(ports, request, answerBy);
  return close(ports, request, place);
}

/** Orders may be canceled before any is placed, so its key is looked at first. */
async function close(
  ports: OrderPorts,
  request: GuardedRequest,
  place: Place,
): Promise<GuardedAnswer> {
  const key = readIdempotencyKey(request.headers["idempotency-key"]);
  if (key.kind === "malformed") return malformedKey(key.message);
  const isOwn = ({ key: { agent, requestId }, intent }: Claim) =>
    key.kind === "key" &&
    agent === request.agent.group &&
    requestId === derivePartRequestId(key.value, intent.symbol);
  return handlePositions({ ...ports, place, isOwn }, request);
}

function malformedKey(message: string): GuardedAnswer {
  return alpacaError("request_malformed", { message });
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
  answerBy: EpochMs,
  { inOurWords = () => undefined, isOneOfMany = false }: PlaceOptions = {},
): Promise<GuardedAnswer> {
  const key = readIdempotencyKey(request.headers["idempotency-key"]);
  if (key.kind === "malformed") return malformedKey(key.message);
  const name = (value: string) => (isOneOfMany ? derivePartRequestId(value, bare.symbol) : value);
  const input = key.kind === "key" ? { ...bare, requestId: name(key.value) } : bare;
  const withinMs = Math.max(0, answerBy - ports.clock.now());
  const answer = await ports.submit(request.agent, input, request.gone, withinMs);
  const reply = inOurWords(answer);
  if (reply !== undefined) return reply;
  const wire = await wireOf(ports, answer, answerBy);
  if (wire !== undefined || orderOf(answer) === null) return orderReply(answer, wire);
  const claim = answer.requestId && (await ports.claimOf(request.agent.group, answer.requestId));
  return orderReply(answer, claim ? lastKnownOrder(claim) : undefined, "last-known");
}

async function wireOf(
  ports: OrderPorts,
  answer: OrderAnswer,
  answerBy: EpochMs,
): Promise<string | undefined> {
  if (answer.status === "PROCEED" && answer.wire !== null) return answer.wire;
  const brokerOrderId = orderOf(answer);
  // The gateway may have used up most of the client's patience before the order is read.
  return brokerOrderId === null
    ? undefined
    : inTime(ports.clock, answerBy, ports.orderWire(brokerOrderId));
}
