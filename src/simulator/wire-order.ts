/**
 * An order as Alpaca's JSON shows it: every number as text, absent values as null, no top-level
 * `code` or `message`. A multi-leg option order has empty text for what only its legs have; each
 * leg is an order of its own, without a type.
 */
import type { DecimalText } from "../core/decimal.ts";
import { isCombo, isComboLeg } from "./combo.ts";
import { isOptionSymbol } from "./option-contract.ts";
import type {
  Order,
  OrderClass,
  OrderSide,
  OrderStatus,
  OrderType,
  PositionIntent,
  TimeInForce,
} from "./order.ts";
import { type Timestamp, timestamp } from "./timestamp.ts";

/** Alpaca's Order; amounts are decimal text. */
export interface WireOrder extends WireTimes {
  readonly id: string;
  readonly client_order_id: string;
  readonly replaced_by: string | null;
  readonly replaces: string | null;
  readonly asset_id: string;
  readonly symbol: string;
  readonly asset_class: "us_equity" | "us_option" | "crypto" | "";
  readonly notional: DecimalText | null;
  readonly qty: DecimalText | null;
  readonly filled_qty: DecimalText;
  readonly filled_avg_price: DecimalText | null;
  /** Empty for a simple order. */
  readonly order_class: Exclude<OrderClass, "simple"> | "";
  readonly order_type: OrderType | "";
  readonly type: OrderType | "";
  readonly side: OrderSide | "";
  /** Absent from a multi-leg option order, and empty in its trade updates. */
  readonly position_intent?: PositionIntent | "";
  /** Of a multi-leg option order's leg. */
  readonly ratio_qty?: DecimalText;
  readonly time_in_force: TimeInForce;
  readonly limit_price: DecimalText | null;
  readonly stop_price: DecimalText | null;
  readonly status: OrderStatus;
  readonly extended_hours: boolean;
  readonly legs: readonly WireOrder[] | null;
  readonly trail_percent: DecimalText | null;
  readonly trail_price: DecimalText | null;
  readonly hwm: DecimalText | null;
  readonly subtag: null;
  readonly source: null;
  /** One for all orders of a bracket, oto or oco, and for those in their place; of no other. */
  readonly group_id?: string;
  readonly group_role?: GroupRole;
}

type GroupRole = "entry" | "take_profit" | "stop_loss";

interface WireTimes {
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
  readonly submitted_at: Timestamp;
  /** Null until the order has filled in full. */
  readonly filled_at: Timestamp | null;
  readonly expired_at: Timestamp | null;
  readonly expires_at: Timestamp | null;
  readonly canceled_at: Timestamp | null;
  readonly failed_at: Timestamp | null;
  readonly replaced_at: Timestamp | null;
}

/** `legs` are shown inside the order; without them the field is null. */
export function wireOrder(order: Order, legs: readonly Order[] = []): WireOrder {
  const type = isComboLeg(order) ? "" : order.type;
  return {
    id: order.id,
    client_order_id: order.clientOrderId,
    ...times(order),
    replaced_by: order.replacedBy,
    replaces: order.replaces,
    asset_id: order.assetId,
    symbol: order.symbol,
    asset_class: assetClass(order),
    notional: order.notional,
    qty: order.quantity,
    filled_qty: order.filledQuantity,
    filled_avg_price: order.averagePrice,
    order_class: order.orderClass === "simple" ? "" : order.orderClass,
    order_type: type,
    type,
    side: isCombo(order) ? "" : order.side,
    ...(isCombo(order) ? {} : { position_intent: order.positionIntent }),
    time_in_force: order.timeInForce,
    limit_price: order.limitPrice,
    stop_price: order.stopPrice,
    status: order.status,
    extended_hours: order.extendedHours,
    legs: legs.length === 0 ? null : legs.map((leg) => wireOrder(leg)),
    trail_percent: order.trailPercent,
    trail_price: order.trailPrice,
    hwm: order.highWaterMark,
    subtag: null,
    source: null,
    ...(order.ratio === null ? {} : { ratio_qty: order.ratio }),
    ...(order.groupId === null ? {} : { group_id: order.groupId, group_role: groupRole(order) }),
  };
}

/** An oco has no entry: its own order takes the profit. */
function groupRole({ parentId, orderClass, type }: Order): GroupRole {
  if (parentId === null && orderClass !== "oco") return "entry";
  return type === "limit" ? "take_profit" : "stop_loss";
}

function assetClass(order: Order): WireOrder["asset_class"] {
  if (isCombo(order)) return "";
  if (order.symbol.includes("/")) return "crypto";
  return isOptionSymbol(order.symbol) ? "us_option" : "us_equity";
}

function times(order: Order): WireTimes {
  return {
    created_at: order.createdAt,
    updated_at: order.updatedAt,
    submitted_at: order.submittedAt,
    filled_at: order.status === "filled" ? order.filledAt : null,
    expired_at: order.expiredAt,
    expires_at: order.expiresAt === null ? null : timestamp(order.expiresAt),
    canceled_at: order.canceledAt,
    failed_at: order.failedAt,
    replaced_at: order.replacedAt,
  };
}
