/**
 * A broker for the model: it takes every order whose client_order_id is new, fills it as it is told
 * to, and keeps every state that an order ever had, so that reads can be as old as the test likes.
 */
import type { Claim } from "../../src/claim/claim.ts";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import { isTerminalStatus } from "../../src/claim/evidence.ts";
import { add, decimal, divide, multiply } from "../../src/core/decimal.ts";
import type { BrokerOrderId, ClaimKey } from "../../src/core/ids.ts";
import { orderOf } from "./builders.ts";

export interface ModelOrder {
  /** The claim whose POST it was. */
  readonly sentBy: ClaimKey;
  readonly history: BrokerOrder[];
  /** From when look-ups find it: the broker's records lag behind. */
  readonly visibleAt: number;
}

export class ModelBroker {
  readonly orders: ModelOrder[] = [];

  /** The new order; undefined when its client_order_id was used before. */
  take(claim: Claim, now: number, lagMs: number): ModelOrder | undefined {
    if (this.named(claim.clientOrderId) !== undefined) return undefined;
    const brokerOrderId = `order-${this.orders.length + 1}` as BrokerOrderId;
    const first = orderOf(claim, { brokerOrderId, submittedAt: now });
    const order = { sentBy: claim.key, history: [first], visibleAt: now + lagMs };
    this.orders.push(order);
    return order;
  }

  named(clientOrderId: string): ModelOrder | undefined {
    return this.orders.find(({ history }) => history[0]?.clientOrderId === clientOrderId);
  }

  /** What a look-up at `now` finds. */
  find(clientOrderId: string, now: number): BrokerOrder | undefined {
    const order = this.named(clientOrderId);
    return order !== undefined && order.visibleAt <= now ? latest(order) : undefined;
  }

  /** Fills up to `shares` more at `price`; nothing when the order is over. */
  fill(order: ModelOrder, shares: number, price: number): void {
    const before = latest(order);
    if (isTerminalStatus(before.status)) return;
    const whole = Number(before.quantity);
    const more = Math.min(shares, whole - Number(before.filledQuantity));
    const cost = add(costOf(before), decimal(String(more * price)));
    const filledQuantity = add(before.filledQuantity, decimal(String(more)));
    const status = Number(filledQuantity) === whole ? "filled" : "partially_filled";
    const filledAveragePrice = divide(cost, filledQuantity);
    order.history.push({ ...before, status, filledQuantity, filledAveragePrice });
  }

  end(order: ModelOrder, status: "canceled" | "expired" | "pending_cancel"): void {
    const before = latest(order);
    if (!isTerminalStatus(before.status)) order.history.push({ ...before, status });
  }

  /** Signed shares that all fills have brought about. */
  net(): number {
    return this.orders.reduce((sum, order) => {
      const { side, filledQuantity } = latest(order);
      return sum + (side === "buy" ? 1 : -1) * Number(filledQuantity);
    }, 0);
  }
}

export function latest(order: ModelOrder): BrokerOrder {
  const last = order.history.at(-1);
  if (last === undefined) throw new Error("an order has a state");
  return last;
}

function costOf({ filledQuantity, filledAveragePrice }: BrokerOrder) {
  return filledAveragePrice === null ? decimal("0") : multiply(filledQuantity, filledAveragePrice);
}
