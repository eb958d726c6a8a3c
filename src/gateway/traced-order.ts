/**
 * The span that an order's claim, submit and first read-backs lie in, whoever asked for it, and the
 * line in the log that says how it was answered, which belongs to that span.
 */
import type { Attributes } from "@opentelemetry/api";
import type { Logger } from "pino";
import { isCombo } from "../identity/combo.ts";
import type { IntentDraft } from "../identity/intent.ts";
import { legsInWords, symbolInWords } from "../identity/order-in-words.ts";
import { traced } from "../telemetry/traced.ts";
import type { OrderAnswer } from "./order-answer.ts";

export function tracedOrder(
  intent: IntentDraft,
  log: Logger,
  submit: () => Promise<OrderAnswer>,
): Promise<OrderAnswer> {
  const { account, agent, effect, decisionId } = intent;
  const symbol = symbolInWords(intent);
  const what = isCombo(intent) ? { legs: legsInWords(intent) } : { side: intent.side };
  const attributes: Attributes = {
    "tradelatch.account": account,
    "tradelatch.agent": agent,
    "tradelatch.symbol": symbol,
    ...(effect === null ? {} : { "tradelatch.effect": effect }),
    ...(decisionId === null ? {} : { "tradelatch.decision_id": decisionId }),
  };
  return traced({ operation: "order", attributes, describe: describeAnswer }, async () => {
    const answer = await submit();
    const { status, requestId, incident } = answer;
    const line = { status, requestId, agent, symbol, ...what, decisionId, incident };
    // A line is written to its end before the log takes the next one: nobody waits for that.
    setImmediate(() => log.info(line, "order answered"));
    return answer;
  });
}

function describeAnswer({ status, requestId, incident }: OrderAnswer) {
  const attributes: Attributes = {
    ...(requestId === null ? {} : { "tradelatch.request_id": requestId }),
    ...(incident === undefined ? {} : { "tradelatch.incident": incident }),
  };
  return { result: status, attributes };
}
