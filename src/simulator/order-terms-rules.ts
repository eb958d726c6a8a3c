/**
 * Which terms fit together: prices that a type needs or must not have, the increments of prices,
 * and what fractional, extended-hours and multi-leg orders may ask for. Pure.
 */
import { compare, type DecimalText, decimal, decimalPlaces, ZERO } from "../core/decimal.ts";
import { isPairSymbol } from "./asset-registry.ts";
import type { OrderTerms } from "./order.ts";
import { type Refusal, unprocessable } from "./refusal.ts";

const ONE_DOLLAR = decimal("1");

export function termsRefusal(terms: OrderTerms): Refusal | undefined {
  return (
    priceRefusal(terms) ??
    (isPairSymbol(terms.symbol) ? pairRefusal(terms) : stockRefusal(terms)) ??
    extendedHoursRefusal(terms) ??
    multiLegRefusal(terms)
  );
}

/** Pairs trade around the clock and in fractions of a cent, without legs and bare stops. */
function pairRefusal({ timeInForce, type, orderClass }: OrderTerms): Refusal | undefined {
  if (orderClass !== "simple") {
    const name = orderClass === "bracket" ? "otoco" : orderClass;
    return unprocessable(`crypto orders not allowed for advanced order_class: ${name}`);
  }
  if (type === "stop" || type === "trailing_stop") {
    return unprocessable("invalid order type for crypto order");
  }
  const fits = timeInForce === "gtc" || timeInForce === "ioc" || timeInForce === "fok";
  return fits ? undefined : unprocessable("invalid crypto time_in_force");
}

function stockRefusal(terms: OrderTerms): Refusal | undefined {
  return (
    subPennyRefusal("limit_price", terms.limitPrice) ??
    subPennyRefusal("stop_price", terms.stopPrice) ??
    fractionalRefusal(terms)
  );
}

/** Two decimals from one dollar upwards, four below. */
export function subPennyRefusal(field: string, price: DecimalText | null): Refusal | undefined {
  if (price === null) return undefined;
  if (compare(price, ZERO) <= 0) return unprocessable(`${field} must be > 0`);
  const places = compare(price, ONE_DOLLAR) >= 0 ? 2 : 4;
  if (decimalPlaces(price) <= places) return undefined;
  return unprocessable(
    `invalid ${field} ${price}. sub-penny increment does not fulfill minimum pricing criteria`,
  );
}

/** Whether the order asks for less than whole shares. */
export function isFractional(terms: Pick<OrderTerms, "quantity" | "notional">): boolean {
  return terms.notional !== null || (terms.quantity !== null && decimalPlaces(terms.quantity) > 0);
}

function priceRefusal(terms: OrderTerms): Refusal | undefined {
  const { type, limitPrice, stopPrice, trailPrice, trailPercent } = terms;
  const takesLimit = type === "limit" || type === "stop_limit";
  const takesStop = type === "stop" || type === "stop_limit";
  const isOco = terms.orderClass === "oco";
  if (takesLimit && limitPrice === null && !isOco) {
    return unprocessable(`${words(type)} orders require a limit price`);
  }
  if (!takesLimit && limitPrice !== null) {
    return unprocessable(`${words(type)} orders must not have a limit price`);
  }
  if (takesStop && stopPrice === null) {
    return unprocessable(`${words(type)} orders require a stop price`);
  }
  if (!takesStop && stopPrice !== null) {
    return unprocessable(`${words(type)} orders must not have a stop price`);
  }
  if (type === "trailing_stop" && (trailPrice === null) === (trailPercent === null)) {
    return unprocessable("trailing stop orders require either trail price or trail percent");
  }
  if (type !== "trailing_stop" && (trailPrice !== null || trailPercent !== null)) {
    return unprocessable(`${words(type)} orders must not have a trail`);
  }
  return undefined;
}

function fractionalRefusal(terms: OrderTerms): Refusal | undefined {
  if (!isFractional(terms)) return undefined;
  if (terms.timeInForce !== "day") return unprocessable("fractional orders must be DAY orders");
  if (terms.orderClass !== "simple")
    return unprocessable("fractional orders must be simple orders");
  if (terms.type === "trailing_stop") {
    return unprocessable("fractional orders must not be trailing stop orders");
  }
  return undefined;
}

function extendedHoursRefusal(terms: OrderTerms): Refusal | undefined {
  if (!terms.extendedHours) return undefined;
  const fits = terms.timeInForce === "day" || terms.timeInForce === "gtc";
  if (terms.type === "limit" && fits && terms.orderClass === "simple") return undefined;
  return unprocessable("extended hours order must be DAY or GTC limit orders");
}

function multiLegRefusal(terms: OrderTerms): Refusal | undefined {
  const { orderClass, timeInForce, type } = terms;
  if (orderClass === "simple") return undefined;
  if (timeInForce !== "day" && timeInForce !== "gtc") {
    return unprocessable(`${orderClass} orders must be DAY or GTC orders`);
  }
  if (orderClass === "oco" && type !== "limit") {
    return unprocessable("oco orders must be limit orders");
  }
  return undefined;
}

function words(type: OrderTerms["type"]): string {
  return type.replace("_", " ");
}
