/**
 * What the gateway's answer to an order is on the wire.
 *
 * No status that a client resends on (429, 5xx) is given to an order that the broker may hold. A
 * repeat gets the order that exists, 200. 409 with Retry-After says that nothing is certain yet, or
 * that certainly nothing was sent; the same request again is then safe. A refusal names its cause.
 */
import { BLOCK_CODES, type BlockCode } from "../claim/answer.ts";
import type { Receipt } from "../claim/claim.ts";
import type { Refusal } from "../claim/evidence.ts";
import { LatchError } from "../core/errors.ts";
import type { BrokerOrderId } from "../core/ids.ts";
import type {
  BlockedAnswer,
  OrderAnswer,
  PendingAnswer,
  SkipAnswer,
} from "../gateway/order-answer.ts";
import { alpacaError, type PlainAnswer } from "./alpaca-error.ts";
import { wireNameOf } from "./order-body.ts";
import { RETRY_AFTER } from "./retry-after.ts";

const JSON_TYPE = "application/json; charset=utf-8";

/** Alpaca's own words for what our blocks mean to a client that matches them. */
export const ALPACA_CODES = {
  id_taken: 40010001,
  not_accepted: 42210000,
  forbidden: 40310000,
  not_found: 40410000,
} as const;

/** The order that an answer is about, where the broker has one. */
export function orderOf(answer: OrderAnswer): BrokerOrderId | null {
  switch (answer.status) {
    case "PROCEED":
      return answer.order.brokerOrderId;
    case "PENDING":
      return answer.brokerOrderId;
    case "SKIP":
      return answer.receipt.brokerOrderId;
    case "BLOCKED":
      return null;
  }
}

/** Whether an order is shown as the broker has it now, or as it was last read. */
export type WireAge = "now" | "last-known";

/** The reply; `wire` is the order in Alpaca's JSON, where there is one. */
export function orderReply(
  answer: OrderAnswer,
  wire: string | undefined,
  age: WireAge = "now",
): PlainAnswer {
  switch (answer.status) {
    case "PROCEED":
      return wire === undefined ? unreadOrder(answer) : orderAnswer(answer, wire, age);
    case "PENDING":
    case "SKIP":
      return wire === undefined ? withoutOrder(answer) : orderAnswer(answer, wire, age);
    case "BLOCKED":
      return blockedReply(answer);
  }
}

/** 200 with an order in Alpaca's JSON; everything but PROCEED is a replay. */
export function orderAnswer(answer: LatchHead, wire: string, age: WireAge): PlainAnswer {
  const headers = {
    "content-type": JSON_TYPE,
    ...latchHeaders(answer),
    ...(answer.status === "PROCEED" ? {} : { "idempotent-replayed": "true" }),
    ...(age === "now" ? {} : { "tradelatch-order": age }),
  };
  return { status: 200, headers, body: wire };
}

/** Headers take ASCII only: whatever else an id has is percent-encoded. */
export function latchHeaders({ status, requestId, incident }: LatchHead): Record<string, string> {
  const claim = requestId?.replace(/[^\x21-\x7e]+/gu, encodeURIComponent);
  return {
    "tradelatch-status": status,
    ...(claim === undefined ? {} : { "tradelatch-claim": claim }),
    ...(incident === undefined ? {} : { "tradelatch-incident": String(incident) }),
  };
}

/** What an answer says of itself beside its body. */
export type LatchHead = Pick<OrderAnswer, "status" | "requestId" | "incident">;

function retryAfter(answer: OrderAnswer): Record<string, string> {
  return { ...latchHeaders(answer), ...RETRY_AFTER };
}

function withoutOrder(answer: PendingAnswer | SkipAnswer): PlainAnswer {
  if (answer.status === "SKIP" && answer.receipt.brokerOrderId === null) {
    return endedWithoutOrder(answer, answer.receipt);
  }
  return unreadOrder(answer);
}

/** The broker has it, or may have it, and its record could not be read just now. */
function unreadOrder(answer: Exclude<OrderAnswer, BlockedAnswer>): PlainAnswer {
  const because = answer.status === "PENDING" ? answer.because : "the order could not be read now";
  return alpacaError("outcome_unknown", {
    headers: retryAfter(answer),
    extra: { status: answer.status, claim: answer.requestId, evidence: because },
  });
}

function endedWithoutOrder(answer: SkipAnswer, receipt: Receipt): PlainAnswer {
  const { refusal, outcome } = receipt;
  const { status, requestId } = answer;
  const extra = { status, claim: requestId, outcome, cause: { requestId } };
  const headers = latchHeaders(answer);
  const refused = { ...extra, ...named("refused_by_broker") };
  if (refusal !== null) return refusalReply(refusal, headers, refused);
  if (outcome === "rejected") return idTaken(headers, refused);
  // What is left are exits whose shares were gone: what never left may be sent again.
  const message = `this request ended as ${outcome}; no order came of it`;
  const flat = { ...extra, ...named("close_while_flat") };
  return plainReply(403, ALPACA_CODES.forbidden, message, headers, flat);
}

/** A refusal's name in the `tradelatch` object, and what mends it. */
export function named(error: BlockCode) {
  return { error, hint: BLOCK_CODES[error] } as const;
}

function blockedReply(answer: BlockedAnswer): PlainAnswer {
  const { code, message, hint, cause, difference, incident } = answer;
  const headers = latchHeaders(answer);
  const extra = { status: answer.status, error: code, hint, cause, difference, incident };
  switch (code) {
    case "fingerprint_mismatch":
      return idTaken(headers, {
        ...extra,
        field: difference === null ? null : wireNameOf(difference.field),
        message,
      });
    case "not_sent":
      return alpacaError("order_not_taken", {
        message,
        headers: retryAfter(answer),
        extra,
      });
    case "refused_by_broker":
      if (answer.refusal !== null) return refusalReply(answer.refusal, headers, extra);
      return idTaken(headers, { ...extra, message });
    case "insufficient_quantity":
      return plainReply(403, ALPACA_CODES.forbidden, alpacaWords(message), headers, {
        ...extra,
        message,
        available: answer.availableQuantity,
      });
    case "part_too_small":
      return plainReply(422, ALPACA_CODES.not_accepted, alpacaWords(message), headers, {
        ...extra,
        message,
      });
    default:
      return plainReply(403, ALPACA_CODES.forbidden, message, headers, extra);
  }
}

/** The part before the semicolon is Alpaca's sentence, to the letter; ours goes on behind it. */
function alpacaWords(message: string): string {
  return message.split(";", 1).join();
}

/**
 * Exactly what Alpaca says: clients match it. A refusal without words of the broker's own is one
 * that its records gave: the client_order_id is another order's.
 */
export function idTaken(
  headers: Record<string, string>,
  extra: Record<string, unknown>,
): PlainAnswer {
  return plainReply(422, ALPACA_CODES.id_taken, "client_order_id must be unique", headers, extra);
}

/** The broker's refusal as the broker gave it, with ours beside it. */
export function refusalReply(
  refusal: Refusal,
  headers: Record<string, string>,
  extra: Record<string, unknown>,
): PlainAnswer {
  return plainReply(refusal.httpStatus, refusal.brokerCode, refusal.message, headers, extra);
}

export function plainReply(
  status: number,
  code: number | null,
  message: string,
  headers: Record<string, string>,
  extra: Record<string, unknown>,
): PlainAnswer {
  const body = { ...(code === null ? {} : { code }), message, tradelatch: extra };
  return {
    status,
    headers: { "content-type": JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  };
}

/**
 * What a bot is told when its order never became a claim. This call sent nothing; but an earlier
 * try of the same order may be at the broker, so this too is nothing that a client resends on.
 */
export function failureReply(error: unknown): PlainAnswer | undefined {
  if (!(error instanceof LatchError)) return undefined;
  const extra = { error: error.code, hint: error.hint };
  if (error.code === "invalid_intent") {
    return plainReply(422, ALPACA_CODES.not_accepted, error.message, {}, extra);
  }
  return alpacaError("order_not_taken", {
    message: `this call sent no order: ${error.message}`,
    headers: RETRY_AFTER,
    extra,
  });
}
