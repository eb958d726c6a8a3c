/** Every execution, as the account's activities list them: without any client_order_id. */
import type { DecimalText } from "../core/decimal.ts";
import type { Order, OrderSide, OrderStatus } from "./order.ts";
import type { Timestamp } from "./timestamp.ts";
import type { Execution } from "./trade-event.ts";

export interface FillActivity {
  /** Sorts by time: digits of the time, then the execution's id. */
  readonly id: string;
  readonly orderId: string;
  readonly symbol: string;
  readonly side: OrderSide;
  readonly price: DecimalText;
  readonly quantity: DecimalText;
  readonly cumulativeQuantity: DecimalText;
  readonly leavesQuantity: DecimalText;
  readonly orderStatus: OrderStatus;
  readonly type: "fill" | "partial_fill";
  readonly time: Timestamp;
}

export class ActivityLog {
  readonly #fills: FillActivity[] = [];

  /** `order` is the order after the execution. */
  record(order: Order, execution: Execution, leavesQuantity: DecimalText, time: Timestamp): void {
    this.#fills.push({
      id: `${time.replace(/\D/g, "").slice(0, 17)}::${execution.executionId}`,
      orderId: order.id,
      symbol: order.symbol,
      side: order.side,
      price: execution.price,
      quantity: execution.quantity,
      cumulativeQuantity: order.filledQuantity,
      leavesQuantity,
      orderStatus: order.status,
      type: order.status === "filled" ? "fill" : "partial_fill",
      time,
    });
  }

  /** Oldest first. */
  fills(): readonly FillActivity[] {
    return this.#fills;
  }
}
