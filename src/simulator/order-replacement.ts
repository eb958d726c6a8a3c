/** Reading PATCH /v2/orders/{id}: which orders may be replaced, and what the new one asks for. */
import { signOf, subtract } from "../core/decimal.ts";
import { isCombo, isComboLeg, requestedLeg } from "./combo.ts";
import { comboTermsRefusal } from "./combo-request.ts";
import { isWorking, type Order, type OrderTerms } from "./order.ts";
import { BodyReader } from "./order-body-reader.ts";
import type { OrderRequest, ReadRequest } from "./order-request.ts";
import { termsRefusal } from "./order-terms-rules.ts";
import { badRequest, type Refusal, unprocessable } from "./refusal.ts";
import { isJsonObject, type Json } from "./wire-json.ts";

const TOO_EARLY_OR_LATE: ReadonlySet<Order["status"]> = new Set([
  "accepted",
  "pending_new",
  "pending_cancel",
  "pending_replace",
]);

/** `qty` counts what the old order has filled already; the new order asks for the rest. */
export function readReplacement(
  old: Order,
  legs: readonly Order[],
  body: Json | undefined,
): ReadRequest {
  const early = statusRefusal(old);
  if (early !== undefined) return { kind: "refused", refusal: early };
  if (!isJsonObject(body)) {
    return { kind: "refused", refusal: badRequest("request body format is invalid") };
  }
  const reader = new BodyReader(body);
  const request = replacement(old, isCombo(old) ? legs : [], reader);
  const refusal = reader.refusal ?? quantityRefusal(request) ?? rulesRefusal(request.terms);
  return refusal === undefined ? { kind: "request", request } : { kind: "refused", refusal };
}

function replacement(old: Order, legs: readonly Order[], reader: BodyReader): OrderRequest {
  const total = reader.amount("qty") ?? old.quantity;
  const { symbol, side, type, orderClass, notional, extendedHours } = old;
  const trailing = type === "trailing_stop";
  const trail = reader.amount("trail");
  const choices = ["day", "gtc", "opg", "cls", "ioc", "fok"] as const;
  const hasTimeInForce = reader.text("time_in_force") !== null;
  return {
    terms: {
      ...{ symbol, side, type, orderClass, notional, extendedHours },
      timeInForce: hasTimeInForce ? reader.choice("time_in_force", choices) : old.timeInForce,
      quantity: total === null ? null : subtract(total, old.filledQuantity),
      limitPrice: reader.amount("limit_price") ?? old.limitPrice,
      stopPrice: trailing ? null : (reader.amount("stop_price") ?? old.stopPrice),
      trailPrice: old.trailPrice === null ? null : (trail ?? old.trailPrice),
      trailPercent: old.trailPercent === null ? null : (trail ?? old.trailPercent),
    },
    clientOrderId: reader.text("client_order_id"),
    positionIntent: null,
    takeProfit: null,
    stopLoss: null,
    legs: legs.map(requestedLeg),
  };
}

function rulesRefusal(terms: OrderTerms): Refusal | undefined {
  return terms.orderClass === "mleg" ? comboTermsRefusal(terms) : termsRefusal(terms);
}

function statusRefusal(old: Order): Refusal | undefined {
  if (isComboLeg(old)) {
    return unprocessable("cannot replace individual legs of a mleg order");
  }
  if (!isWorking(old)) return unprocessable(`order is already in "${old.status}" state`);
  if (!TOO_EARLY_OR_LATE.has(old.status)) return undefined;
  return unprocessable(`cannot replace order in ${old.status} status`);
}

function quantityRefusal({ terms }: OrderRequest): Refusal | undefined {
  if (terms.quantity === null || signOf(terms.quantity) > 0) {
    return undefined;
  }
  return unprocessable("qty must be > filled_qty");
}
