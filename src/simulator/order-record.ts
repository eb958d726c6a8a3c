/**
 * Makes new order records: for an order as it was asked for, for its legs, and for the order that
 * replaces another. Pure but for the ids and times that are passed in.
 */
import type { EpochMs } from "../core/clock.ts";
import { ZERO } from "../core/decimal.ts";
import type { MarketCalendar } from "./market-calendar.ts";
import type { FillPlan, Order, OrderTerms, PositionIntent } from "./order.ts";
import { opposite } from "./order.ts";
import type { OrderRequest } from "./order-request.ts";
import type { Timestamp } from "./timestamp.ts";

export interface NewOrder {
  readonly id: string;
  readonly clientOrderId: string;
  readonly assetId: string;
  readonly positionIntent: PositionIntent;
  readonly terms: OrderTerms;
  readonly submittedAt: Timestamp;
  readonly expiresAt: EpochMs | null;
  readonly status: Order["status"];
  readonly fillPlan: FillPlan;
}

const GTC_DAYS = 90;
const MS_PER_DAY = 86_400_000;

export function newOrder(order: NewOrder): Order {
  const { terms, submittedAt, ...rest } = order;
  return {
    ...terms,
    ...rest,
    filledQuantity: ZERO,
    filledCost: ZERO,
    averagePrice: null,
    highWaterMark: null,
    triggered: false,
    armed: true,
    parentId: null,
    groupId: null,
    legIds: [],
    ratio: null,
    replaces: null,
    replacedBy: null,
    createdAt: submittedAt,
    submittedAt,
    updatedAt: submittedAt,
    filledAt: null,
    canceledAt: null,
    expiredAt: null,
    replacedAt: null,
    failedAt: null,
    rejectLater: false,
    cancelAt: null,
    hiddenFromListsUntil: Number.NEGATIVE_INFINITY,
    hiddenFromClientIdUntil: Number.NEGATIVE_INFINITY,
  };
}

/** Another UUID, made of the one of the order that the group began with. */
export function groupIdOf({ id }: Order): string {
  return `${id.slice(-8)}${id.slice(8, -8)}${id.slice(0, 8)}`;
}

/** When an order that is submitted at `now` runs out. */
export function expiryOf(terms: OrderTerms, now: EpochMs, calendar: MarketCalendar): EpochMs {
  if (terms.timeInForce === "gtc") return now + GTC_DAYS * MS_PER_DAY;
  if (terms.timeInForce === "opg") return calendar.nextOpen(now);
  return terms.extendedHours ? calendar.nextSessionClose(now) : calendar.nextClose(now);
}

/**
 * The terms of the order's legs. The legs of a bracket or oto leave the position that the entry
 * opened; the take-profit side of an oco is the order itself, so only its stop is a leg.
 */
export function legTerms({ terms, takeProfit, stopLoss }: OrderRequest): OrderTerms[] {
  if (terms.orderClass === "simple" || terms.orderClass === "mleg") return [];
  const isOco = terms.orderClass === "oco";
  const common = { ...terms, side: isOco ? terms.side : opposite(terms.side), limitPrice: null };
  const legs: OrderTerms[] = [];
  if (takeProfit !== null && !isOco) {
    legs.push({ ...common, type: "limit", limitPrice: takeProfit, stopPrice: null });
  }
  if (stopLoss !== null) {
    const { stopPrice, limitPrice } = stopLoss;
    legs.push({
      ...common,
      type: limitPrice === null ? "stop" : "stop_limit",
      stopPrice,
      limitPrice,
    });
  }
  return legs;
}
