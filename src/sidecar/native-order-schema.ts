/** The library's answer to an order as JSON: the same fields, with the broker's time as text. */
import { z } from "zod";
import { BLOCK_CODES, type BlockCode } from "../claim/answer.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import { receiptSchema, refusalSchema } from "./native-claim-schema.ts";
import { decimalOut, named, timeOut, timeTextOrNull } from "./native-schemas.ts";

const brokerOrderSchema = named(
  "BrokerOrder",
  z.object({
    brokerOrderId: z.string(),
    clientOrderId: z.string(),
    symbol: z.string(),
    side: z.enum(["buy", "sell"]),
    quantity: decimalOut.nullable(),
    notional: decimalOut.nullable(),
    type: z.string(),
    timeInForce: z.string(),
    limitPrice: decimalOut.nullable(),
    stopPrice: decimalOut.nullable(),
    status: z.string().describe("The broker's own word."),
    filledQuantity: decimalOut,
    filledAveragePrice: decimalOut.nullable(),
    submittedAt: timeOut.nullable(),
    replacedBy: z.string().nullable(),
    replaces: z.string().nullable(),
  }),
);

const proceedSchema = z.object({
  status: z.literal("PROCEED"),
  requestId: z.string(),
  clientOrderId: z.string(),
  order: brokerOrderSchema,
  wire: z.string().nullable().describe("The order as the broker wrote it, as text."),
});

const pendingSchema = z.object({
  status: z.literal("PENDING"),
  requestId: z.string(),
  clientOrderId: z.string(),
  brokerOrderId: z.string().nullable(),
  phase: z.enum(["working", "in_flight", "unknown", "canceling"]),
  because: z.string(),
  isOwnAttempt: z
    .literal(true)
    .optional()
    .describe("This call began the attempt: whether it sent an order is part of what is open."),
});

const skipSchema = z.object({
  status: z.literal("SKIP"),
  requestId: z.string(),
  receipt: receiptSchema,
});

const blockedSchema = z.object({
  status: z.literal("BLOCKED"),
  requestId: z.string().nullable(),
  code: z.enum(Object.keys(BLOCK_CODES) as [BlockCode, ...BlockCode[]]),
  message: z.string(),
  hint: z.string(),
  cause: z
    .object({ account: z.string(), agent: z.string(), requestId: z.string() })
    .nullable()
    .describe("The claim behind the refusal."),
  difference: z.object({ field: z.string(), first: z.string(), second: z.string() }).nullable(),
  availableQuantity: decimalOut.nullable(),
  refusal: refusalSchema.nullable(),
});

export const orderAnswerSchema = named(
  "OrderAnswer",
  z.discriminatedUnion("status", [proceedSchema, pendingSchema, skipSchema, blockedSchema]),
);

export function orderAnswerView(answer: OrderAnswer): z.output<typeof orderAnswerSchema> {
  if (answer.status !== "PROCEED") return answer;
  const { order } = answer;
  return { ...answer, order: { ...order, submittedAt: timeTextOrNull(order.submittedAt) } };
}
