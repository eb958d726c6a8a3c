/** Alpaca's account activities: of all kinds there are only fills here. */
import type { FillActivity } from "./activity-log.ts";
import { type ApiAnswer, type ApiCall, type ApiRoute, ok, refusalAnswer } from "./api-route.ts";
import { wallTime } from "./new-york-time.ts";
import { unprocessable } from "./refusal.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import { epochMs, parseTimestamp } from "./timestamp.ts";

const MAXIMUM_PAGE = 100;

export function activityRoutes(broker: () => SimulatedBroker): ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/v2/account/activities",
      handle: (call) => activities(broker(), call, call.query.activity_types ?? ""),
    },
    {
      method: "GET",
      path: "/v2/account/activities/:type",
      handle: (call) => activities(broker(), call, call.params.type ?? ""),
    },
  ];
}

function activities(broker: SimulatedBroker, call: ApiCall, types: string): ApiAnswer {
  const { query } = call;
  const pageSize = query.page_size ? Number(query.page_size) : MAXIMUM_PAGE;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAXIMUM_PAGE) {
    return refusalAnswer(unprocessable(`page_size must be between 1 and ${MAXIMUM_PAGE}`));
  }
  const direction = query.direction || "desc";
  if (direction !== "asc" && direction !== "desc") {
    return refusalAnswer(unprocessable(`invalid direction: ${direction}`));
  }
  const wanted = types.toUpperCase().split(",").filter(Boolean);
  if (wanted.length > 0 && !wanted.includes("FILL")) return ok([]);
  const selected = broker.activities.fills().filter((fill) => isSelected(fill, query));
  if (direction === "desc") selected.reverse();
  const last = selected.findIndex((fill) => fill.id === query.page_token);
  return ok(selected.slice(last + 1, last + 1 + pageSize).map(wireFill));
}

function isSelected(fill: FillActivity, query: ApiCall["query"]): boolean {
  if (query.order_id && fill.orderId !== query.order_id) return false;
  const after = query.after ? parseTimestamp(query.after) : undefined;
  const until = query.until ? parseTimestamp(query.until) : undefined;
  if (after !== undefined && fill.time <= after) return false;
  if (until !== undefined && fill.time >= until) return false;
  return !query.date || wallTime(epochMs(fill.time)).date === query.date.slice(0, 10);
}

/** A fill as Alpaca writes it. */
export type WireFill = ReturnType<typeof wireFill>;

export function wireFill(fill: FillActivity) {
  return {
    id: fill.id,
    activity_type: "FILL",
    transaction_time: fill.time,
    type: fill.type,
    price: fill.price,
    qty: fill.quantity,
    side: fill.side,
    symbol: fill.symbol,
    leaves_qty: fill.leavesQuantity,
    order_id: fill.orderId,
    cum_qty: fill.cumulativeQuantity,
    order_status: fill.orderStatus,
  };
}
