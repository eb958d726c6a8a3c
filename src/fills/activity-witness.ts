/**
 * The second witness: whether the account's activities account for what an order says it filled.
 * Pure. Says what the two amount to; what follows from a difference is for others.
 */
import type { FillActivity } from "../broker/broker.ts";
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
