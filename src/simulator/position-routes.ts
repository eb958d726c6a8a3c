/**
 * Alpaca's position endpoints. Closing one places a market order with an id that nobody chose, just
 * as the real one does: which is why a careful client does not close positions this way.
 */

import { Decimal } from "decimal.js";
import {
  absolute,
  compare,
  type DecimalText,
  decimal,
  decimalPlaces,
  divide,
  isZero,
  multiply,
  parseDecimal,
  QUANTITY_DECIMALS,
  ZERO,
} from "../core/decimal.ts";
import type { Position } from "./account-books.ts";
import {
  type ApiAnswer,
  type ApiCall,
  type ApiRoute,
  type CallEffects,
  ok,
  refusalAnswer,
} from "./api-route.ts";
import { isPairSymbol } from "./asset-registry.ts";
import { availableQuantity, closingSide } from "./holdings.ts";
import type { OrderRequest } from "./order-request.ts";
import { cancelWorkingOrders, placedAnswer } from "./order-routes.ts";
import { noSuchPosition, type Refusal, unprocessable } from "./refusal.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import { wirePosition } from "./wire-position.ts";

type Handler = (broker: SimulatedBroker, call: ApiCall, effects: CallEffects) => ApiAnswer;

const HUNDRED = decimal("100");

export function positionRoutes(broker: () => SimulatedBroker): ApiRoute[] {
  return [
    route("GET", "/v2/positions", list),
    route("GET", "/v2/positions/:symbol", find),
    route("DELETE", "/v2/positions", closeAll),
    route("DELETE", "/v2/positions/:symbol", close),
  ];

  function route(method: ApiRoute["method"], path: string, handler: Handler): ApiRoute {
    return { method, path, handle: (call, effects) => handler(broker(), call, effects) };
  }
}

const list: Handler = (broker, _call, effects) =>
  ok(positions(broker, effects).map((position) => shown(broker, position)));

const find: Handler = (broker, call, effects) => {
  const symbol = symbolOf(broker, call);
  const position = positions(broker, effects).find((candidate) => candidate.symbol === symbol);
  return position === undefined ? refusalAnswer(noSuchPosition) : ok(shown(broker, position));
};

const close: Handler = (broker, call, effects) => {
  const position = broker.books.position(symbolOf(broker, call));
  if (position === undefined) return refusalAnswer(noSuchPosition);
  const quantity = quantityToClose(position, call.query);
  if (typeof quantity !== "string") return refusalAnswer(quantity);
  return placeClose(broker, position, quantity, effects);
};

const closeAll: Handler = (broker, call, effects) => {
  if (call.query.cancel_orders?.toLowerCase() === "true") {
    cancelWorkingOrders(broker, effects.cancelSticks);
    // The shares that those orders held must be free for what follows.
    broker.settle();
  }
  const closed = broker.books.positions().map((position) => {
    const answer = placeClose(broker, position, absolute(position.quantity), effects);
    return { symbol: position.symbol, status: answer.status, body: answer.body };
  });
  return { status: 207, body: closed };
};

/** Positions now, or as they stood when a lagging answer was made. */
function positions(broker: SimulatedBroker, { positionLagMs }: CallEffects): Position[] {
  if (positionLagMs === 0) return broker.books.positions();
  return broker.books.positionsAt(broker.clock.now() - positionLagMs);
}

export function shown(broker: SimulatedBroker, position: Position) {
  const { symbol } = position;
  const asset = broker.assets.find(symbol);
  if (asset === undefined) throw new RangeError(`no asset ${symbol}`);
  const available = availableQuantity(position, broker.book.working(symbol));
  return wirePosition(position, asset, available, broker.floor.price(symbol));
}

function symbolOf(broker: SimulatedBroker, call: ApiCall): string {
  const given = call.params.symbol ?? "";
  // Alpaca finds no position of a pair by the name that its orders have.
  if (given.includes("/")) return "";
  return broker.assets.find(given)?.symbol ?? given.toUpperCase();
}

function quantityToClose(position: Position, query: ApiCall["query"]): DecimalText | Refusal {
  const whole = absolute(position.quantity);
  if (query.qty && query.percentage) {
    return unprocessable("only one of qty or percentage is accepted");
  }
  const given = query.qty || query.percentage;
  if (!given) return whole;
  const amount = parseDecimal(given);
  const name = query.qty ? "qty" : "percentage";
  if (amount === undefined || compare(amount, ZERO) <= 0) {
    return unprocessable(`${name} must be > 0`);
  }
  if (query.qty) return amount;
  if (compare(amount, HUNDRED) > 0) return unprocessable("percentage must be between 0 and 100");
  const part = new Decimal(divide(multiply(whole, amount), HUNDRED));
  // A fraction is sold only of a position that is one already.
  const isWhole = decimalPlaces(whole) === 0 && !isPairSymbol(position.symbol);
  const quantity = part.toFixed(isWhole ? 0 : QUANTITY_DECIMALS, Decimal.ROUND_DOWN);
  return isZero(decimal(quantity)) ? unprocessable("qty must be > 0") : decimal(quantity);
}

function placeClose(
  broker: SimulatedBroker,
  { symbol, quantity: held }: Position,
  quantity: DecimalText,
  effects: CallEffects,
): ApiAnswer {
  const request: OrderRequest = {
    terms: {
      symbol,
      side: closingSide(held) ?? "sell",
      type: "market",
      timeInForce: isPairSymbol(symbol) ? "gtc" : "day",
      orderClass: "simple",
      quantity,
      notional: null,
      limitPrice: null,
      stopPrice: null,
      trailPrice: null,
      trailPercent: null,
      extendedHours: false,
    },
    clientOrderId: null,
    positionIntent: null,
    takeProfit: null,
    stopLoss: null,
    legs: [],
  };
  return placedAnswer(broker, broker.place(request, effects.order));
}
