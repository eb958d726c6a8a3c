/**
 * The filters of GET /v2/orders. Pure.
 *
 * `after` and `until` are exclusive and compare the time of submission; `before_order_id` and
 * `after_order_id` compare the place in the order of submission.
 */
import { isWorking, type Order } from "./order.ts";
import { type Refusal, unprocessable } from "./refusal.ts";
import { parseTimestamp, type Timestamp } from "./timestamp.ts";

type Status = "open" | "closed" | "all";

export interface OrderListQuery {
  readonly status: Status;
  readonly limit: number;
  readonly ascending: boolean;
  readonly after: Timestamp | undefined;
  readonly until: Timestamp | undefined;
  readonly afterOrderId: string | undefined;
  readonly beforeOrderId: string | undefined;
  readonly nested: boolean;
  /** Empty: any. */
  readonly symbols: readonly string[];
  readonly side: string | undefined;
}

const DEFAULT_LIMIT = 50;
const MAXIMUM_LIMIT = 500;

export function readOrderListQuery(
  query: Readonly<Record<string, string>>,
): OrderListQuery | Refusal {
  const status = query.status || "open";
  if (status !== "open" && status !== "closed" && status !== "all") {
    return unprocessable(`invalid status: ${status}`);
  }
  const direction = query.direction || "desc";
  if (direction !== "asc" && direction !== "desc") {
    return unprocessable(`invalid direction: ${direction}`);
  }
  const limit = query.limit ? Number(query.limit) : DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAXIMUM_LIMIT) {
    return unprocessable(`limit must be between 1 and ${MAXIMUM_LIMIT}, received ${query.limit}`);
  }
  for (const name of ["after", "until"]) {
    if (query[name] && parseTimestamp(query[name]) === undefined) {
      return unprocessable(`invalid ${name}: ${query[name]}`);
    }
  }
  return {
    status,
    limit,
    ascending: direction === "asc",
    after: query.after ? parseTimestamp(query.after) : undefined,
    until: query.until ? parseTimestamp(query.until) : undefined,
    afterOrderId: query.after_order_id || undefined,
    beforeOrderId: query.before_order_id || undefined,
    nested: query.nested?.toLowerCase() === "true",
    symbols: (query.symbols ?? "").toUpperCase().split(",").filter(Boolean),
    side: query.side?.toLowerCase() || undefined,
  };
}

/** `orders` are in the order of submission. Nested lists show legs inside their parent only. */
export function selectOrders(orders: readonly Order[], query: OrderListQuery): Order[] {
  const from = query.afterOrderId ? indexOf(orders, query.afterOrderId) + 1 : 0;
  const to = query.beforeOrderId ? indexOf(orders, query.beforeOrderId) : orders.length;
  const selected = orders.slice(from, to).filter((order) => isSelected(order, query));
  if (!query.ascending) selected.reverse();
  return selected.slice(0, query.limit);
}

function isSelected(order: Order, query: OrderListQuery): boolean {
  const { status, after, until, symbols, side } = query;
  if (status !== "all" && isWorking(order) !== (status === "open")) return false;
  if (after !== undefined && order.submittedAt <= after) return false;
  if (until !== undefined && order.submittedAt >= until) return false;
  if (symbols.length > 0 && !symbols.includes(order.symbol)) return false;
  if (side !== undefined && order.side !== side) return false;
  return !(query.nested && order.parentId !== null);
}

/** An unknown id selects nothing that lies behind it and everything before it. */
function indexOf(orders: readonly Order[], id: string): number {
  const index = orders.findIndex((order) => order.id === id);
  return index < 0 ? orders.length : index;
}
