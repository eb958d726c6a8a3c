/** A claim as JSON: with its key flat, times as text, and the receipt once there is one. */
import { z } from "zod";
import { averagePriceOf, type Claim, receiptOf } from "../claim/claim.ts";
import { REFUSAL_REASONS } from "../claim/evidence.ts";
import { CLAIM_STATUSES } from "../claim/transitions.ts";
import { ORDER_TYPES, TIMES_IN_FORCE } from "../identity/intent.ts";
import { decimalOut, named, timeOut, timeText, timeTextOrNull } from "./native-schemas.ts";

const statusSchema = z.enum(CLAIM_STATUSES);

export const OUTCOMES = [
  "filled",
  "partially_filled",
  "canceled",
  "expired",
  "rejected",
  "not_sent",
  "absent",
  "already_flat",
] as const satisfies readonly NonNullable<Claim["outcome"]>[];

const outcomeSchema = z.enum(OUTCOMES);
const provenanceSchema = z.enum(["venue", "inferred", "operator"]);

export const refusalSchema = named(
  "Refusal",
  z.object({
    reason: z.enum(REFUSAL_REASONS),
    httpStatus: z.number().int(),
    brokerCode: z.number().int().nullable(),
    message: z.string().describe("The broker's own words."),
    relatedOrders: z.array(z.string()).readonly(),
    existingOrderId: z.string().nullable(),
    availableQuantity: decimalOut.nullable(),
  }),
);

export const receiptSchema = named(
  "Receipt",
  z.object({
    requestId: z.string(),
    clientOrderId: z.string(),
    brokerOrderId: z.string().nullable(),
    status: statusSchema,
    outcome: outcomeSchema,
    provenance: provenanceSchema,
    filledQuantity: decimalOut,
    averagePrice: decimalOut.nullable(),
    refusal: refusalSchema.nullable(),
  }),
);

const storedIntentSchema = named(
  "StoredIntent",
  z.object({
    symbol: z.string(),
    side: z.enum(["buy", "sell"]),
    effect: z.enum(["open", "close"]),
    quantity: decimalOut.nullable(),
    notional: decimalOut.nullable(),
    type: z.enum(ORDER_TYPES),
    timeInForce: z.enum(TIMES_IN_FORCE),
    limitPrice: decimalOut.nullable(),
    stopPrice: decimalOut.nullable(),
    trailPrice: decimalOut.nullable(),
    trailPercent: decimalOut.nullable(),
    extendedHours: z.boolean(),
    extension: z.record(z.string(), z.unknown()).readonly().nullable(),
    portion: z.string().nullable(),
    requestId: z.string().nullable(),
    clientOrderId: z.string().nullable(),
    anchor: z
      .union([
        z.object({ bar: z.string(), stage: z.string() }),
        z.object({ episode: z.number().int(), leg: z.string() }),
      ])
      .nullable(),
    decisionId: z.string().nullable(),
    reason: z.string().nullable(),
  }),
);

const notFoundSchema = z.object({
  count: z.number().int(),
  firstAt: timeOut,
  lastAt: timeOut,
  listAt: timeOut.nullable(),
});

const legSchema = z.object({
  symbol: z.string(),
  side: z.enum(["buy", "sell"]),
  quantity: decimalOut,
  cost: decimalOut,
});

const familySchema = z.object({
  parent: z.string().nullable().describe("The request whose order this is a leg of."),
  legs: z.array(z.string()).readonly().describe("The requests of its own legs."),
  filledByLegs: decimalOut.describe("What legs on its own side have filled in its stead."),
  quantity: decimalOut.nullable().describe("What its order asks for as it is now."),
});

export const claimSchema = named(
  "Claim",
  z.object({
    requestId: z.string(),
    agent: z.string().describe("The agent group."),
    account: z.string(),
    status: statusSchema,
    intent: storedIntentSchema,
    identity: z.enum(["explicit", "anchored", "arrival", "leg"]),
    fingerprint: z.string(),
    episode: z.number().int(),
    attempt: z.number().int(),
    clientOrderId: z.string(),
    brokerOrderId: z.string().nullable(),
    orderStatus: z.string().nullable().describe("The broker's word, as it was last read."),
    bookedQuantity: decimalOut.describe("Filled shares that are in the book."),
    averagePrice: decimalOut.nullable(),
    legs: z.record(z.string(), legSchema).optional().describe("Fills of a combo's legs."),
    family: familySchema
      .optional()
      .describe("Of an order with legs, and of each of its legs; absent for all others."),
    outcome: outcomeSchema.nullable().describe("How it ended; null while nobody can say."),
    provenance: provenanceSchema.nullable(),
    refusal: refusalSchema.nullable(),
    receipt: receiptSchema.nullable(),
    unknownBecause: z.string().nullable(),
    notFound: notFoundSchema.nullable().describe("Look-ups that found no order."),
    told: z.enum(["certain", "pending"]).nullable(),
    owner: z.string(),
    fencing: z.number().int(),
    idTaken: z.boolean(),
    claimedAt: timeOut,
    openedAt: timeOut,
    sendDeadline: timeOut,
    postEndedAt: timeOut.nullable(),
    certainAt: timeOut.nullable(),
  }),
);

export type ClaimView = z.output<typeof claimSchema>;

export function claimView(claim: Claim): ClaimView {
  const { key, notFound, bookedCost: _, ...rest } = claim;
  return {
    ...rest,
    ...key,
    averagePrice: averagePriceOf(claim),
    receipt: receiptOf(claim) ?? null,
    notFound:
      notFound === null
        ? null
        : {
            count: notFound.count,
            firstAt: timeText(notFound.firstAt),
            lastAt: timeText(notFound.lastAt),
            listAt: timeTextOrNull(notFound.listAt),
          },
    claimedAt: timeText(claim.claimedAt),
    openedAt: timeText(claim.openedAt),
    sendDeadline: timeText(claim.sendDeadline),
    postEndedAt: timeTextOrNull(claim.postEndedAt),
    certainAt: timeTextOrNull(claim.certainAt),
  };
}
