/** The span that an order's claim, submit and first read-backs lie in, whoever asked for it. */
import type { Attributes } from "@opentelemetry/api";
import type { IntentDraft } from "../identity/intent.ts";
import { traced } from "../telemetry/traced.ts";
import type { OrderAnswer } from "./order-answer.ts";

export function tracedOrder(
  { account, agent, symbol, effect, decisionId }: IntentDraft,
  submit: () => Promise<OrderAnswer>,
): Promise<OrderAnswer> {
  const attributes: Attributes = {
    "tradelatch.account": account,
    "tradelatch.agent": agent,
    "tradelatch.symbol": symbol,
    ...(effect === null ? {} : { "tradelatch.effect": effect }),
    ...(decisionId === null ? {} : { "tradelatch.decision_id": decisionId }),
  };
  return traced({ operation: "order", attributes, describe: describeAnswer }, submit);
}

function describeAnswer({ status, requestId, incident }: OrderAnswer) {
  const attributes: Attributes = {
    ...(requestId === null ? {} : { "tradelatch.request_id": requestId }),
    ...(incident === undefined ? {} : { "tradelatch.incident": incident }),
  };
  return { result: status, attributes };
}
