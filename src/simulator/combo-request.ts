/**
 * Reading the body of a multi-leg option order (order class `mleg`): its own terms and its legs.
 * Whether the account may place it is decided in combo-admission.ts. Alpaca publishes these rules
 * but not the words of its refusals, so only the status and the code here are its own.
 */
import { compare, type DecimalText, decimalPlaces, ZERO } from "../core/decimal.ts";
import { readOptionSymbol } from "./option-contract.ts";
import type { OrderSide, OrderTerms, PositionIntent } from "./order.ts";
import { BodyReader } from "./order-body-reader.ts";
import {
  clientOrderIdRefusal,
  POSITION_INTENTS,
  type ReadRequest,
  type RequestedLeg,
} from "./order-request.ts";
import { type Refusal, unprocessable } from "./refusal.ts";
import { isJsonObject, type Json, type JsonObject } from "./wire-json.ts";

const FEWEST_LEGS = 2;
const MOST_LEGS = 4;
const PRICE_DECIMALS = 2;

export function readComboRequest(body: JsonObject): ReadRequest {
  const reader = new BodyReader(body);
  const terms = comboTerms(reader);
  const legs = requestedLegs(reader, body.legs);
  const clientOrderId = reader.text("client_order_id");
  const refusal =
    reader.refusal ??
    clientOrderIdRefusal(clientOrderId) ??
    comboTermsRefusal(terms) ??
    legsRefusal(legs);
  if (refusal !== undefined) return { kind: "refused", refusal };
  const parts = { positionIntent: null, takeProfit: null, stopLoss: null };
  return { kind: "request", request: { terms, clientOrderId, ...parts, legs } };
}

/** What holds for the order itself, when it is placed and when it is replaced. */
export function comboTermsRefusal(terms: OrderTerms): Refusal | undefined {
  const { quantity, type, limitPrice } = terms;
  if (quantity === null) return unprocessable("qty is required for mleg orders");
  if (compare(quantity, ZERO) <= 0) return unprocessable("qty must be > 0");
  if (decimalPlaces(quantity) > 0) return unprocessable("qty must be a whole number");
  if (type === "limit" && limitPrice === null) {
    return unprocessable("limit orders require a limit price");
  }
  if (type === "market" && limitPrice !== null) {
    return unprocessable("market orders must not have a limit price");
  }
  if (limitPrice !== null && decimalPlaces(limitPrice) > PRICE_DECIMALS) {
    const why = "sub-penny increment does not fulfill minimum pricing criteria";
    return unprocessable(`invalid limit_price ${limitPrice}. ${why}`);
  }
  if (terms.extendedHours) return unprocessable("mleg orders must not be extended hours orders");
  return undefined;
}

function comboTerms(reader: BodyReader): OrderTerms {
  return {
    symbol: "",
    side: "buy",
    type: reader.choice("type", ["market", "limit"]),
    timeInForce: reader.choice("time_in_force", ["day", "gtc"]),
    orderClass: "mleg",
    quantity: reader.amount("qty"),
    notional: null,
    limitPrice: reader.amount("limit_price"),
    stopPrice: null,
    trailPrice: null,
    trailPercent: null,
    extendedHours: reader.flag("extended_hours"),
  };
}

function requestedLegs(reader: BodyReader, legs: Json | undefined): RequestedLeg[] {
  if (!Array.isArray(legs) || legs.length < FEWEST_LEGS || legs.length > MOST_LEGS) {
    reader.complain(`mleg orders require ${FEWEST_LEGS} to ${MOST_LEGS} legs`);
    return [];
  }
  return legs.flatMap((leg: Json) => {
    if (isJsonObject(leg)) return [requestedLeg(reader.within(leg))];
    reader.complain("invalid legs");
    return [];
  });
}

function requestedLeg(reader: BodyReader): RequestedLeg {
  const symbol = reader.symbol();
  const positionIntent = optional(reader, "position_intent", POSITION_INTENTS);
  const side = optional(reader, "side", ["buy", "sell"]) ?? sideOf(positionIntent);
  if (side === null) reader.complain(`side or position_intent is required for leg ${symbol}`);
  else if (positionIntent !== null && sideOf(positionIntent) !== side) {
    reader.complain(`side ${side} does not match position_intent ${positionIntent}`);
  }
  return { symbol, side: side ?? "buy", ratio: ratioOf(reader, symbol), positionIntent };
}

function ratioOf(reader: BodyReader, symbol: string): DecimalText {
  const ratio = reader.amount("ratio_qty");
  const isWhole = ratio !== null && compare(ratio, ZERO) > 0 && decimalPlaces(ratio) === 0;
  if (!isWhole) reader.complain(`ratio_qty of leg ${symbol} must be a whole number > 0`);
  return ratio ?? ZERO;
}

function optional<const Choice extends string>(
  reader: BodyReader,
  name: string,
  choices: readonly Choice[],
): Choice | null {
  return reader.text(name) === null ? null : reader.choice(name, choices);
}

function sideOf(intent: PositionIntent | null): OrderSide | null {
  if (intent === null) return null;
  return intent.startsWith("buy") ? "buy" : "sell";
}

function legsRefusal(legs: readonly RequestedLeg[]): Refusal | undefined {
  const contracts = legs.map(({ symbol }) => readOptionSymbol(symbol));
  const stranger = legs[contracts.indexOf(undefined)];
  if (stranger !== undefined) {
    return unprocessable(`invalid symbol ${stranger.symbol}: not an option contract`);
  }
  if (new Set(legs.map(({ symbol }) => symbol)).size < legs.length) {
    return unprocessable("mleg orders must not have two legs of the same symbol");
  }
  if (new Set(contracts.map((contract) => contract?.underlying)).size > 1) {
    return unprocessable("all legs of a mleg order must have the same underlying symbol");
  }
  const divisor = legs.map(({ ratio }) => Number(ratio)).reduce(greatestCommonDivisor);
  if (divisor > 1) return unprocessable("ratio_qty of the legs must be relatively prime");
  return undefined;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
