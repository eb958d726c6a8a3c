/** What a fill makes of an order's record. Pure. */
import { add, type DecimalText, divide, multiply } from "../core/decimal.ts";
import { isWorking, type Order } from "./order.ts";
import type { Timestamp } from "./timestamp.ts";

export function filledChanges(
  before: Order,
  quantity: DecimalText,
  price: DecimalText,
  complete: boolean,
  filledAt: Timestamp,
): Partial<Order> {
  const filledQuantity = add(before.filledQuantity, quantity);
  const filledCost = add(before.filledCost, multiply(quantity, price));
  // While all fills had one price it is the average to the last digit; a quotient might not be.
  const samePrice = before.averagePrice === null || before.averagePrice === price;
  const averagePrice = samePrice ? price : divide(filledCost, filledQuantity);
  const { fillPlan } = before;
  const next = fillPlan.kind === "part" ? ({ kind: fillPlan.rest } as const) : fillPlan;
  const status = complete ? "filled" : statusAfterPart(before);
  const amounts = { filledQuantity, filledCost, averagePrice, fillPlan: next };
  return { ...amounts, status, filledAt, updatedAt: filledAt };
}

function statusAfterPart(order: Order): Order["status"] {
  if (!isWorking(order)) return order.status;
  return order.status === "pending_cancel" ? "pending_cancel" : "partially_filled";
}
