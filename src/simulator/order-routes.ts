/** Alpaca's order endpoints: place, list, find, replace, cancel. */
import {
  type ApiAnswer,
  type ApiCall,
  type ApiRoute,
  type CallEffects,
  ok,
  refusalAnswer,
} from "./api-route.ts";
import { isCombo, isComboLeg } from "./combo.ts";
import { readComboRequest } from "./combo-request.ts";
import type { Order } from "./order.ts";
import { readOrderListQuery, selectOrders } from "./order-list-query.ts";
import { readReplacement } from "./order-replacement.ts";
import { readOrderRequest } from "./order-request.ts";
import { notFound } from "./refusal.ts";
import type { Placed, SimulatedBroker } from "./simulated-broker.ts";
import { epochMs } from "./timestamp.ts";
import { isJsonObject } from "./wire-json.ts";
import { wireOrder } from "./wire-order.ts";

/** `broker` is asked anew for every request: a reset puts another in its place. */
export function orderRoutes(broker: () => SimulatedBroker): ApiRoute[] {
  return [
    route("POST", "/v2/orders", place),
    route("GET", "/v2/orders", list),
    route("DELETE", "/v2/orders", cancelAll),
    route("GET", "/v2/orders::by_client_order_id", findByClientId),
    route("GET", "/v2/orders/:order", find),
    route("PATCH", "/v2/orders/:order", replace),
    route("DELETE", "/v2/orders/:order", cancel),
  ];

  function route(method: ApiRoute["method"], path: string, handler: Handler): ApiRoute {
    return { method, path, handle: (call, effects) => handler(broker(), call, effects) };
  }
}

type Handler = (broker: SimulatedBroker, call: ApiCall, effects: CallEffects) => ApiAnswer;

/**
 * Cancels every working order; the answer names each with the status its own cancel would get. The
 * order beside them is not in Alpaca's present document; the clients of its earlier one read it.
 */
export function cancelWorkingOrders(broker: SimulatedBroker, sticks: boolean) {
  const canceled: { id: string; status: number; body: unknown }[] = [];
  for (const order of broker.book.working()) {
    if (isComboLeg(order)) continue;
    const refusal = broker.cancel(order.id, sticks);
    const body = refusal?.body ?? wireOrder(broker.book.get(order.id));
    canceled.push({ id: order.id, status: refusal?.status ?? 200, body });
  }
  return canceled;
}

const place: Handler = (broker, call, effects) => {
  const isMultiLeg = isJsonObject(call.body) && call.body.order_class === "mleg";
  const read = isMultiLeg ? readComboRequest(call.body) : readOrderRequest(call.body);
  if (read.kind === "refused") return refusalAnswer(read.refusal);
  return placedAnswer(broker, broker.place(read.request, effects.order));
};

const list: Handler = (broker, call, effects) => {
  const query = readOrderListQuery(call.query);
  if ("body" in query) return refusalAnswer(query);
  const now = broker.clock.now();
  const visible = broker.book
    .all()
    .filter((order) => order.hiddenFromListsUntil <= now)
    .filter((order) => isOlder(order, effects.listLagMs, now));
  const orders = selectOrders(visible, query);
  return ok(orders.map((order) => wireOrder(order, query.nested ? broker.book.legs(order) : [])));
};

const findByClientId: Handler = (broker, call, effects) => {
  const clientOrderId = call.query.client_order_id ?? "";
  const order = broker.book.findByClientId(clientOrderId);
  const now = broker.clock.now();
  const visible =
    order !== undefined &&
    order.hiddenFromClientIdUntil <= now &&
    isOlder(order, effects.clientIdLagMs, now);
  if (!visible) return refusalAnswer(notFound(`order not found for ${clientOrderId}`));
  return ok(shown(broker, call, order));
};

const find: Handler = (broker, call) => {
  const order = named(broker, call);
  return order === undefined ? orderNotFound(call) : ok(shown(broker, call, order));
};

const replace: Handler = (broker, call, effects) => {
  const order = named(broker, call);
  if (order === undefined) return orderNotFound(call);
  const read = readReplacement(order, broker.book.legs(order), call.body);
  if (read.kind === "refused") return refusalAnswer(read.refusal);
  return placedAnswer(broker, broker.replace(order.id, read.request, effects.order));
};

const cancel: Handler = (broker, call, effects) => {
  const order = named(broker, call);
  if (order === undefined) return orderNotFound(call);
  const refusal = broker.cancel(order.id, effects.cancelSticks);
  return refusal === undefined ? { status: 204 } : refusalAnswer(refusal);
};

const cancelAll: Handler = (broker, _call, effects) => ({
  status: 207,
  body: cancelWorkingOrders(broker, effects.cancelSticks),
});

export function placedAnswer(broker: SimulatedBroker, placed: Placed): ApiAnswer {
  if (placed.kind === "refused") return refusalAnswer(placed.refusal);
  return ok(wireOrder(placed.order, broker.book.legs(placed.order)));
}

function named(broker: SimulatedBroker, call: ApiCall): Order | undefined {
  return broker.book.find((call.params.order ?? "").toLowerCase());
}

function orderNotFound(call: ApiCall): ApiAnswer {
  return refusalAnswer(notFound(`order not found for ${call.params.order}`));
}

function shown(broker: SimulatedBroker, call: ApiCall, order: Order) {
  const nested = call.query.nested?.toLowerCase() === "true";
  return wireOrder(order, nested || isCombo(order) ? broker.book.legs(order) : []);
}

function isOlder(order: Order, lagMs: number, now: number): boolean {
  return lagMs === 0 || epochMs(order.submittedAt) <= now - lagMs;
}
