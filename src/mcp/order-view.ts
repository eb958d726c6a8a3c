/**
 * The latch's answer to an order, for a model: what this call did, what is on record, and what may
 * be done next. That nothing was sent is said first, so that no repeat is taken for a new order.
 */
import { z } from "zod";
import type { BlockCode } from "../claim/answer.ts";
import { averagePriceOf, type Claim, mayYetArrive, wasFilled } from "../claim/claim.ts";
import { claimInWords } from "../claim/claim-in-words.ts";
import { CLAIM_STATUSES } from "../claim/transitions.ts";
import type { BlockedAnswer, OrderAnswer } from "../gateway/order-answer.ts";
import { isCombo } from "../identity/combo.ts";
import { orderInWords } from "../identity/order-in-words.ts";
import type { ToolAnswer } from "./tool-result.ts";

const RETRIES = ["never", "same_request_id", "after_a_change"] as const;
type Retry = (typeof RETRIES)[number];

const amount = z.string().nullable().describe("A decimal number as text.");

export const onRecordSchema = z.object({
  request_id: z.string(),
  claimed_at: z.string().describe("When it was first asked for; RFC 3339."),
  symbol: z.string(),
  side: z.string(),
  effect: z.string(),
  quantity: amount,
  notional: amount,
  state: z.enum(CLAIM_STATUSES),
  outcome: z.string().nullable().describe("How it ended; null while it has not."),
  broker_status: z.string().nullable().describe("The broker's own word."),
  broker_order_id: z.string().nullable(),
  client_order_id: z.string(),
  filled_quantity: z.string(),
  average_price: amount,
});

export const orderOutput = z.object({
  status: z
    .enum(["PROCEED", "PENDING", "SKIP", "BLOCKED"])
    .describe("PROCEED alone means that this call sent an order, and the broker has it."),
  sent_by_this_call: z
    .boolean()
    .nullable()
    .describe("Null where this call began the order, and what became of it is still open."),
  message: z.string(),
  retry: z.enum(RETRIES).describe("Whether to call again, and how."),
  code: z.string().nullable().describe("Of a refusal."),
  order: onRecordSchema.nullable().describe("What is on record; null where there is no claim."),
  incident: z.number().int().nullable().describe("What is in question in the symbol."),
});

/** Refusals after which the same call may succeed without a change. */
const MAY_PASS: ReadonlySet<BlockCode> = new Set<BlockCode>([
  "not_sent",
  "exit_duplicate_after_422",
  "insufficient_quantity",
  "entry_blocked",
]);

/** `claim`: what is on record under the answer's request id. */
export function orderToolAnswer(answer: OrderAnswer, claim: Claim | undefined): ToolAnswer {
  const { status, incident = null } = answer;
  const order = claim === undefined ? null : onRecord(claim);
  const code = answer.status === "BLOCKED" ? answer.code : null;
  const data = {
    ...{ status, order, code, incident },
    sent_by_this_call: isOwnPending(answer) ? null : status === "PROCEED",
    retry: retryOf(answer, claim),
  };
  return { message: sentences(answer, claim), data, isError: status === "BLOCKED" };
}

function isOwnPending(answer: OrderAnswer): boolean {
  return answer.status === "PENDING" && answer.isOwnAttempt === true;
}

function retryOf(answer: OrderAnswer, claim: Claim | undefined): Retry {
  switch (answer.status) {
    case "PROCEED":
      return "never";
    case "SKIP":
      return claim?.outcome === "rejected" && cameToNothing(claim) ? "after_a_change" : "never";
    case "PENDING":
      return "same_request_id";
    case "BLOCKED":
      return MAY_PASS.has(answer.code) ? "same_request_id" : "after_a_change";
  }
}

/** Whether it is over, and no share was or will be traded under its request id. */
function cameToNothing(claim: Claim): boolean {
  const { outcome } = claim;
  const isOver = outcome !== null && outcome !== "already_flat";
  return isOver && !wasFilled(claim) && !mayYetArrive(claim);
}

/** What a model is told that would otherwise leave its order, perhaps an exit, at that. */
const ANEW = "Another try, changed or not, takes a request_id of its own.";

function sentences(answer: OrderAnswer, claim: Claim | undefined): string {
  const what = claim === undefined ? "it" : terms(claim);
  const at = claim === undefined ? "before" : `at ${timeText(claim.claimedAt)}`;
  switch (answer.status) {
    case "PROCEED": {
      const { brokerOrderId, status } = answer.order;
      const known = `the broker has it as order ${brokerOrderId} (${status})`;
      const next = "Do not send it again: the same request_id tells later what became of it.";
      return `Sent once: ${what}; ${known}. ${next}`;
    }
    case "SKIP": {
      const became = claim === undefined ? answer.receipt.outcome : claimInWords(claim);
      const order = orderOf(answer.receipt);
      if (claim !== undefined && cameToNothing(claim)) {
        const ended = `${capital(what)} was asked for ${at} and came to nothing: ${became}`;
        const next = `This request_id sends nothing more. ${ANEW}`;
        return `Nothing was sent by this call. ${ended}; ${order}. ${next}`;
      }
      const happened = `This already happened ${at}: ${what}, ${became}; ${order}`;
      return `Nothing was sent by this call. ${happened}. Do not retry.`;
    }
    case "PENDING": {
      const next = "Call again with the same request_id to learn more, and never with another one.";
      if (isOwnPending(answer)) {
        return `This call began an order that is not over: ${what}; ${answer.because}. ${next}`;
      }
      const stands = `${capital(what)} was asked for ${at} and is not over: ${answer.because}`;
      return `Nothing new was sent. ${stands}. ${next}`;
    }
    case "BLOCKED":
      return refusal(answer, claim, what, at);
  }
}

function refusal(
  { message, hint, cause, code }: BlockedAnswer,
  claim: Claim | undefined,
  what: string,
  at: string,
): string {
  const isNothing = claim !== undefined && cameToNothing(claim);
  // A model that tries again with other terms is told to take another id only where that is one
  // order all the same.
  if (code === "fingerprint_mismatch" && claim !== undefined) {
    const first = `${what}, asked for ${at}, ${claimInWords(claim)}; ${orderOf(claim)}`;
    const onRecord = `On record under this request_id: ${first}.`;
    const refused = `Refused, and nothing was sent by this call: ${message}.`;
    const next = isNothing ? ANEW : "Another request_id would place a second order.";
    return `${refused} ${onRecord} ${next}`;
  }
  const because = cause === null ? "" : ` The claim behind it is ${cause.requestId}.`;
  const next = isNothing && code === "refused_by_broker" ? ` ${ANEW}` : "";
  return `Refused, and nothing is at work for this call: ${message}. ${hint}${because}${next}`;
}

function orderOf({ brokerOrderId }: { readonly brokerOrderId: string | null }): string {
  return `the broker's order is ${brokerOrderId ?? "none"}`;
}

function terms({ intent }: Claim): string {
  const does = isCombo(intent) ? "" : ` to ${intent.effect}`;
  return `${orderInWords(intent)}${does}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function onRecord(claim: Claim): z.output<typeof onRecordSchema> {
  const { key, intent, status, outcome, claimedAt } = claim;
  const { symbol, side, effect, quantity, notional } = intent;
  return {
    request_id: key.requestId,
    claimed_at: timeText(claimedAt),
    ...{ symbol, side, effect, quantity, notional, state: status, outcome },
    broker_status: claim.orderStatus,
    broker_order_id: claim.brokerOrderId,
    client_order_id: claim.clientOrderId,
    filled_quantity: claim.bookedQuantity,
    average_price: averagePriceOf(claim),
  };
}

/** RFC 3339 in UTC, to the second: what a model reads out. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}
