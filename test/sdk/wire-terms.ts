/**
 * The scenario's orders and the broker's objects in Alpaca's own names, for the clients that pass
 * both through as they are.
 */
import {
  type OrderFilter,
  type SeenOrder,
  type SeenPosition,
  type Terms,
  textOf,
} from "./driver.ts";

// biome-ignore lint/suspicious/noExplicitAny: objects of a client that gives them no types
export type Loose = any;

/** `amount` makes of decimal text what the client's users write. */
export function wireTerms(terms: Terms, amount: (text: string) => unknown): Record<string, Loose> {
  const { takeProfit, stopLoss, legs } = terms;
  const fields = {
    client_order_id: terms.clientOrderId,
    symbol: terms.symbol,
    side: terms.side,
    type: terms.type,
    time_in_force: "day",
    order_class: terms.orderClass,
    ...amounts(terms, amount),
    take_profit: takeProfit && { limit_price: amount(takeProfit) },
    stop_loss: stopLoss && { stop_price: amount(stopLoss) },
    legs: legs?.map(({ symbol, ratio, side, positionIntent }) => ({
      ...{ symbol, side, ratio_qty: amount(ratio), position_intent: positionIntent },
    })),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function amounts(terms: Terms, amount: (text: string) => unknown): Record<string, unknown> {
  const given = {
    qty: terms.qty,
    notional: terms.notional,
    limit_price: terms.limitPrice,
    stop_price: terms.stopPrice,
    trail_price: terms.trailPrice,
    trail_percent: terms.trailPercent,
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, amount(text)]],
    ),
  );
}

export function wireFilter({ symbols, ...filter }: OrderFilter) {
  return { ...filter, ...(symbols === undefined ? {} : { symbols: symbols.join(",") }) };
}

export function seenWireOrder(order: Loose): SeenOrder {
  return {
    id: order.id,
    clientOrderId: order.client_order_id,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    orderClass: order.order_class,
    status: order.status,
    qty: textOf(order.qty),
    notional: textOf(order.notional),
    filledQty: textOf(order.filled_qty),
    limitPrice: textOf(order.limit_price),
    stopPrice: textOf(order.stop_price),
    trailPrice: textOf(order.trail_price),
    trailPercent: textOf(order.trail_percent),
    replaces: textOf(order.replaces),
    legs: (order.legs ?? []).map(seenWireOrder),
  };
}

export function seenWirePosition(position: Loose): SeenPosition {
  const { symbol, side, asset_class: assetClass } = position;
  return { symbol, side, assetClass, qty: textOf(position.qty) };
}
