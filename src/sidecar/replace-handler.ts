/**
 * `PATCH /v2/orders/{id}` in Alpaca's shape: the order is replaced once, however often it is asked
 * for, and a repeat gets the order that the first try made.
 */
import type { Clock, EpochMs } from "../core/clock.ts";
import { compare, type DecimalText, parseDecimal, ZERO } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import type { BrokerOrderId, ClientOrderId, RequestId } from "../core/ids.ts";
import { inTime } from "../core/in-time.ts";
import type { ReplaceAnswer, ReplaceIntent } from "../gateway/replace-order.ts";
import { alpacaError } from "./alpaca-error.ts";
import type { GuardedAnswer, GuardedRequest } from "./guarded-request.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import { type OrderTerms, readTerms } from "./order-body.ts";
import {
  ALPACA_CODES,
  idTaken,
  latchHeaders,
  named,
  orderAnswer,
  plainReply,
  refusalReply,
} from "./order-reply.ts";
import { RETRY_AFTER } from "./retry-after.ts";
import { orderIdIn } from "./route-policy.ts";

export interface ReplacePorts {
  readonly clock: Clock;
  /** Rejects with a LatchError where nothing was sent. */
  replace(intent: ReplaceIntent): Promise<ReplaceAnswer>;
  /** The order as the broker shows it now; undefined when it cannot be read. */
  orderWire(brokerOrderId: BrokerOrderId): Promise<string | undefined>;
}

/** Of a value that is quoted. */
const SHOWN_CHARACTERS = 256;

export async function handleReplace(
  ports: ReplacePorts,
  request: GuardedRequest,
  answerBy: EpochMs,
): Promise<GuardedAnswer> {
  const key = readIdempotencyKey(request.headers["idempotency-key"]);
  if (key.kind === "malformed") return alpacaError("request_malformed", { message: key.message });
  const read = readTerms(request.body);
  if (read.kind === "refused") return alpacaError("order_malformed", { message: read.message });
  const brokerOrderId = (orderIdIn(request.path) ?? "") as BrokerOrderId;
  const intent = intentOf(request, brokerOrderId, read.terms);
  if (typeof intent === "string") {
    throw new LatchError("invalid_intent", intent);
  }
  const replied = ports.replace(intent).then((answer) => replyTo(ports, intent, answer));
  // What it comes to afterwards the same request is told.
  return (await inTime(ports.clock, answerBy, replied)) ?? unknownReply("no answer in time", null);
}

/** A sentence where the quantity or the name is none. */
function intentOf(
  { agent }: GuardedRequest,
  brokerOrderId: BrokerOrderId,
  { client_order_id: name, ...terms }: OrderTerms,
): ReplaceIntent | string {
  const quantity = quantityOf(terms.qty);
  if (quantity === undefined) return `the qty ${shown(terms.qty)} is not a number above zero`;
  if (name !== undefined && typeof name !== "string") {
    return `the client_order_id ${shown(name)} is not a text`;
  }
  const clientOrderId = name === undefined ? null : (name as ClientOrderId);
  return { agent: agent.group, brokerOrderId, terms, clientOrderId, quantity };
}

/** Null where none is asked for; undefined for what is no quantity. Numbers are texts by now. */
function quantityOf(asked: unknown): DecimalText | null | undefined {
  if (asked === undefined) return null;
  const quantity = typeof asked === "string" ? parseDecimal(asked) : undefined;
  return quantity !== undefined && compare(quantity, ZERO) > 0 ? quantity : undefined;
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, SHOWN_CHARACTERS);
}

async function replyTo(
  ports: ReplacePorts,
  { brokerOrderId }: ReplaceIntent,
  answer: ReplaceAnswer,
): Promise<GuardedAnswer> {
  switch (answer.kind) {
    case "replaced":
      return replacedReply(ports, answer);
    case "refused":
      return refusalReply(
        answer.refusal,
        latchHeaders({ status: "BLOCKED", requestId: answer.requestId }),
        refusedExtra(answer.requestId),
      );
    case "blocked": {
      const { code, message, cause, availableQuantity } = answer.block;
      const extra = {
        ...{ status: "BLOCKED", ...named(code), message, cause },
        available: availableQuantity,
      };
      const headers = latchHeaders({ status: "BLOCKED", requestId: answer.requestId });
      const words = message.split(";", 1).join();
      return plainReply(403, ALPACA_CODES.forbidden, words, headers, extra);
    }
    case "no_such_order":
      return notFound(brokerOrderId);
    case "id_taken":
      return idTaken({}, refusedExtra(null));
    case "not_sent":
      return alpacaError("order_not_taken", {
        message: `the order was not replaced: ${answer.reason}`,
        headers: RETRY_AFTER,
      });
    case "unknown":
      return unknownReply(answer.reason, answer.requestId);
  }
}

function unknownReply(evidence: string, requestId: RequestId | null): GuardedAnswer {
  return alpacaError("outcome_unknown", {
    message: "whether the order was replaced is not known yet",
    headers: { ...RETRY_AFTER, ...latchHeaders({ status: "PENDING", requestId }) },
    extra: { status: "PENDING", evidence },
  });
}

/** The cause is the claim of the order that was to be replaced, where it has one. */
function refusedExtra(requestId: RequestId | null) {
  const cause = requestId === null ? null : { requestId };
  return { status: "BLOCKED", ...named("refused_by_broker"), cause };
}

/** In Alpaca's words. */
function notFound(brokerOrderId: BrokerOrderId): GuardedAnswer {
  const {
    code: error,
    hint,
    message,
  } = new LatchError("order_not_found", `order not found for ${brokerOrderId}`);
  return plainReply(404, ALPACA_CODES.not_found, message, {}, { error, hint, cause: null });
}

async function replacedReply(
  ports: ReplacePorts,
  answer: ReplaceAnswer & { readonly kind: "replaced" },
): Promise<GuardedAnswer> {
  const { isReplay, requestId, order } = answer;
  const wire = answer.wire ?? (await ports.orderWire(order.brokerOrderId));
  const head = { status: isReplay ? "SKIP" : "PROCEED", requestId } as const;
  if (wire !== undefined) return orderAnswer(head, wire, "now");
  return alpacaError("outcome_unknown", {
    message: `the order was replaced by ${order.brokerOrderId}, which cannot be read now`,
    headers: { ...RETRY_AFTER, ...latchHeaders(head) },
  });
}
