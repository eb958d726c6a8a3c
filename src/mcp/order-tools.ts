/**
 * `place_order` and `close_position`: an intent each, under a request id that the model chooses
 * once for a decision and gives again on every try. Whatever calls them, however often and from
 * however many conversations, one request id is one order at most.
 */
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import { INTENT_TEXT_MAX, type IntentInput } from "../identity/intent-schema.ts";
import { orderOutput, orderToolAnswer } from "./order-view.ts";
import type { BrokerPorts, ToolPorts } from "./tool-ports.ts";
import { toolResult } from "./tool-result.ts";

const amount = z.union([z.string(), z.number()]);

const requestId = z
  .string()
  .min(1)
  .max(INTENT_TEXT_MAX)
  .describe(
    "Identifies this one decision. Choose it once, and give the same one on every retry of it: " +
      "one request_id never places two orders. A new decision needs a new one.",
  );
const reason = z.string().max(INTENT_TEXT_MAX).optional().describe("Why; kept on record.");
const symbol = z.string().describe("Such as TQQQ or BRK.B.");

const placeOrderInput = z.strictObject({
  request_id: requestId,
  symbol,
  side: z.enum(["buy", "sell"]),
  effect: z
    .enum(["open", "close"])
    .optional()
    .describe("Whether it begins or grows a position, or reduces one. Default: as is held."),
  quantity: amount.optional().describe("Shares; this or notional."),
  notional: amount.optional().describe("US dollars; this or quantity."),
  type: z.enum(["market", "limit", "stop", "stop_limit"]).default("market"),
  limit_price: amount.optional(),
  stop_price: amount.optional(),
  time_in_force: z
    .enum(["day", "gtc", "ioc", "fok", "opg", "cls"])
    .optional()
    .describe("Default: gtc for a pair of currencies, day for all else."),
  extended_hours: z.boolean().default(false),
  reason,
});

const closePositionInput = z.strictObject({
  request_id: requestId,
  symbol,
  portion: z.string().default("all").describe("`all`, or a part of what is held such as `50%`."),
  reason,
});

/** What a tool does to the world outside. */
const SENDS_ORDERS = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: true,
} as const;

export function addOrderTools(server: McpServer, ports: ToolPorts, broker: BrokerPorts): void {
  const send = (intent: IntentInput, gone: AbortSignal) =>
    toolResult(ports, "outcome_unknown", async () => {
      const answer = await broker.submit(intent, gone);
      return orderToolAnswer(answer, await onRecord(answer));
    });
  /** A store that fails now must not be told as an order that was not sent. */
  const onRecord = async ({ requestId }: OrderAnswer) => {
    if (requestId === null) return undefined;
    try {
      return await broker.claim(requestId);
    } catch (error) {
      ports.onFailure(error);
      return undefined;
    }
  };
  server.registerTool(
    "place_order",
    {
      title: "Place an order, once",
      description:
        "Sends one order to the broker. It moves money and cannot be undone. Safe to repeat with " +
        "the same request_id: a repeat sends nothing and tells what became of the first one. " +
        "Status PROCEED alone means that this call sent an order, and that the broker has it.",
      inputSchema: placeOrderInput,
      outputSchema: orderOutput,
      annotations: SENDS_ORDERS,
    },
    (input, { signal }) => send(intentOf(input), signal),
  );
  server.registerTool(
    "close_position",
    {
      title: "Close a position, once",
      description:
        "Sells (or, where it is short, buys back) what is held of a symbol. It never opens or " +
        "flips a position, and never closes more than is held. Repeat it only with the same " +
        "request_id.",
      inputSchema: closePositionInput,
      outputSchema: orderOutput,
      annotations: SENDS_ORDERS,
    },
    ({ request_id, ...rest }, { signal }) => send({ ...rest, requestId: request_id }, signal),
  );
}

function intentOf(input: z.output<typeof placeOrderInput>): IntentInput {
  const { request_id, limit_price, stop_price, time_in_force, extended_hours, ...rest } = input;
  return {
    ...rest,
    requestId: request_id,
    limitPrice: limit_price,
    stopPrice: stop_price,
    timeInForce: time_in_force,
    extendedHours: extended_hours,
  };
}
