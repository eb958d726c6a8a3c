/**
 * The second witness: whether the account's activities account for what an order says it filled.
 * Says what the two amount to; what follows from a difference is for others.
 */
import type { Broker, FillActivity } from "../broker/broker.ts";
import type { Claim } from "../claim/claim.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import { add, compare, type DecimalText, multiply, ZERO } from "../core/decimal.ts";

export interface Testimony {
  /** `short`: activities are still missing, which is no contradiction: they are written later. */
  readonly verdict: "agrees" | "short" | "beyond";
  /** What the activities add up to. */
  readonly quantity: DecimalText;
  readonly cost: DecimalText;
}

/** `activities` may hold those of other orders, in any order, and each more than once. */
export function testimonyOf(
  { brokerOrderId, filledQuantity }: Pick<BrokerOrder, "brokerOrderId" | "filledQuantity">,
  activities: readonly FillActivity[],
): Testimony {
  const own = activities.filter((fill) => fill.brokerOrderId === brokerOrderId);
  const fills = [...new Map(own.map((fill) => [fill.activityId, fill])).values()];
  const quantity = fills.reduce((sum, fill) => add(sum, fill.quantity), ZERO);
  const cost = fills.reduce((sum, fill) => add(sum, multiply(fill.quantity, fill.price)), ZERO);
  const order = compare(quantity, filledQuantity);
  const verdict = order === 0 ? "agrees" : order < 0 ? "short" : "beyond";
  return { verdict, quantity, cost };
}

/** What both say of an order whose fills do not add up, in a sentence; undefined: unreadable. */
export async function testify(
  broker: Pick<Broker, "orderById" | "fillActivities">,
  { brokerOrderId, bookedQuantity, openedAt }: Claim,
  lookbackMs: number,
): Promise<string | undefined> {
  if (brokerOrderId === null) return undefined;
  const lookup = await broker.orderById(brokerOrderId);
  const query = { orderIds: [brokerOrderId], after: openedAt - lookbackMs };
  const fills = await broker.fillActivities(query);
  if (lookup.kind !== "found" || fills.kind === "unknown") return undefined;
  const { quantity, cost } = testimonyOf(lookup.order, fills.value);
  const { filledQuantity, status } = lookup.order;
  return (
    `the order is ${status} with ${filledQuantity} filled, activities show ${quantity} for ` +
    `${cost} USD, the book has ${bookedQuantity}`
  );
}
