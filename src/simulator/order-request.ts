/**
 * Reading the body of POST /v2/orders: syntax, required fields and rules that hold whatever the
 * account looks like. What the account allows is decided in admission.ts.
 */
import { compare, type DecimalText, decimalPlaces, ZERO } from "../core/decimal.ts";
import type { OrderClass, OrderSide, OrderTerms, PositionIntent } from "./order.ts";
import { BodyReader } from "./order-body-reader.ts";
import { subPennyRefusal, termsRefusal } from "./order-terms-rules.ts";
import { badRequest, type Refusal, unprocessable } from "./refusal.ts";
import { isJsonObject, type Json, type JsonObject } from "./wire-json.ts";

export interface StopLoss {
  readonly stopPrice: DecimalText;
  readonly limitPrice: DecimalText | null;
}

/** A leg of a multi-leg option order. */
export interface RequestedLeg {
  readonly symbol: string;
  readonly side: OrderSide;
  /** Contracts of this leg for one unit of the order. */
  readonly ratio: DecimalText;
  readonly positionIntent: PositionIntent | null;
}

export interface OrderRequest {
  readonly terms: OrderTerms;
  readonly clientOrderId: string | null;
  readonly positionIntent: PositionIntent | null;
  /** Limit price of the take-profit leg. */
  readonly takeProfit: DecimalText | null;
  readonly stopLoss: StopLoss | null;
  /** Empty for whatever is not a multi-leg option order. */
  readonly legs: readonly RequestedLeg[];
}

export type ReadRequest =
  | { readonly kind: "request"; readonly request: OrderRequest }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export const POSITION_INTENTS = [
  "buy_to_open",
  "buy_to_close",
  "sell_to_open",
  "sell_to_close",
] as const satisfies readonly PositionIntent[];

const MAXIMUM_CLIENT_ORDER_ID = 128;

export function readOrderRequest(body: Json | undefined): ReadRequest {
  if (!isJsonObject(body)) return refused(badRequest("request body format is invalid"));
  const reader = new BodyReader(body);
  const request = requestFrom(reader, body);
  const refusal = reader.refusal ?? requestRefusal(request);
  return refusal === undefined ? { kind: "request", request } : refused(refusal);
}

function requestFrom(reader: BodyReader, body: JsonObject): OrderRequest {
  return {
    terms: {
      symbol: reader.symbol(),
      side: reader.choice("side", ["buy", "sell"]),
      type: reader.choice("type", ["market", "limit", "stop", "stop_limit", "trailing_stop"]),
      timeInForce: reader.choice("time_in_force", ["day", "gtc", "opg", "cls", "ioc", "fok"]),
      orderClass: orderClass(reader, body),
      quantity: reader.amount("qty"),
      notional: reader.amount("notional"),
      limitPrice: reader.amount("limit_price"),
      stopPrice: reader.amount("stop_price"),
      trailPrice: reader.amount("trail_price"),
      trailPercent: reader.amount("trail_percent"),
      extendedHours: reader.flag("extended_hours"),
    },
    clientOrderId: reader.text("client_order_id"),
    positionIntent: positionIntent(reader, body),
    takeProfit: legReader(reader, body.take_profit)?.amount("limit_price") ?? null,
    stopLoss: stopLoss(reader, body.stop_loss),
    legs: [],
  };
}

function orderClass(reader: BodyReader, body: JsonObject): OrderClass {
  const absent = body.order_class === undefined || body.order_class === null;
  if (absent || body.order_class === "") return "simple";
  return reader.choice("order_class", ["simple", "bracket", "oco", "oto"]);
}

function positionIntent(reader: BodyReader, body: JsonObject): PositionIntent | null {
  const given = body.position_intent;
  if (given === undefined || given === null || given === "") return null;
  return reader.choice("position_intent", POSITION_INTENTS);
}

function legReader(parent: BodyReader, leg: Json | undefined): BodyReader | undefined {
  return isJsonObject(leg) ? parent.within(leg) : undefined;
}

function stopLoss(parent: BodyReader, leg: Json | undefined): StopLoss | null {
  const reader = legReader(parent, leg);
  const stopPrice = reader?.amount("stop_price") ?? null;
  if (reader === undefined || stopPrice === null) return null;
  return { stopPrice, limitPrice: reader.amount("limit_price") };
}

function requestRefusal(request: OrderRequest): Refusal | undefined {
  return (
    clientOrderIdRefusal(request.clientOrderId) ??
    amountRefusal(request.terms) ??
    termsRefusal(request.terms) ??
    legsRefusal(request)
  );
}

export function clientOrderIdRefusal(clientOrderId: string | null): Refusal | undefined {
  if (clientOrderId === null || clientOrderId.length <= MAXIMUM_CLIENT_ORDER_ID) return undefined;
  return unprocessable(
    `client_order_id must be no more than ${MAXIMUM_CLIENT_ORDER_ID} characters`,
  );
}

function amountRefusal(terms: OrderTerms): Refusal | undefined {
  const { quantity, notional } = terms;
  if (quantity === null && notional === null) return unprocessable("qty or notional is required");
  if (quantity !== null && notional !== null) {
    return unprocessable("only one of qty or notional is accepted");
  }
  if (quantity !== null && compare(quantity, ZERO) <= 0) return unprocessable("qty must be > 0");
  if (quantity !== null && decimalPlaces(quantity) > 9) {
    return unprocessable("qty increment must be at most 9 decimal places");
  }
  if (notional !== null && compare(notional, ZERO) <= 0) {
    return unprocessable("notional must be > 0");
  }
  if (notional !== null && decimalPlaces(notional) > 2) {
    return unprocessable("notional value must be limited to 2 decimal places");
  }
  return undefined;
}

function legsRefusal({ terms, takeProfit, stopLoss }: OrderRequest): Refusal | undefined {
  const { orderClass } = terms;
  const needsBoth = orderClass === "bracket" || orderClass === "oco";
  if (needsBoth && takeProfit === null && !(orderClass === "oco" && terms.limitPrice !== null)) {
    return unprocessable(`${orderClass} orders require take_profit.limit_price`);
  }
  if (needsBoth && stopLoss === null) {
    return unprocessable(`${orderClass} orders require stop_loss.stop_price`);
  }
  if (orderClass === "oto" && (takeProfit === null) === (stopLoss === null)) {
    return unprocessable("oto orders require either take_profit or stop_loss");
  }
  if (orderClass === "simple" && (takeProfit !== null || stopLoss !== null)) {
    return unprocessable("simple orders must not have take_profit or stop_loss");
  }
  return (
    subPennyRefusal("take_profit.limit_price", takeProfit) ??
    subPennyRefusal("stop_loss.stop_price", stopLoss?.stopPrice ?? null) ??
    subPennyRefusal("stop_loss.limit_price", stopLoss?.limitPrice ?? null)
  );
}

function refused(refusal: Refusal): ReadRequest {
  return { kind: "refused", refusal };
}
