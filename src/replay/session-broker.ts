/** A simulated broker as it stood when the session opened, and what its records say at the end. */
import { type DecimalText, decimal } from "../core/decimal.ts";
import { type FaultRule, type Simulator, startSimulator } from "../simulator/index.ts";
import type { FinalPositions } from "./report.ts";
import { type BrokerFaultEvent, epochOf, type OrderEvent, type Session } from "./session.ts";
import { priceOf, symbolsOf } from "./session-steps.ts";

/** An order in the broker's list, as far as the replay counts it. */
export interface ListedOrder {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly status: string;
  readonly quantity: DecimalText;
  readonly filledQuantity: DecimalText;
  /** Null until something is filled. */
  readonly averagePrice: DecimalText | null;
}

export async function openSessionBroker(session: Session): Promise<Simulator> {
  return startSimulator({
    startAt: epochOf(session, session.opensAt),
    positions: session.openingPositions.map(({ symbol, quantity, averagePrice }) => ({
      symbol,
      quantity,
      averagePrice,
    })),
    prices: Object.fromEntries(
      session.openingPositions.map(({ symbol, averagePrice }) => [symbol, averagePrice]),
    ),
  });
}

/** Moves the market to where it was when `event` came. */
export function setMarket(broker: Simulator, event: OrderEvent): void {
  broker.setPrice(event.symbol, priceOf(event));
}

/** The broker checks each rule itself and refuses one that it does not know. */
export function scriptFaults(broker: Simulator, event: BrokerFaultEvent): void {
  broker.addFaults(event.rules as unknown as readonly FaultRule[]);
}

/** Every order that the broker ever accepted, oldest first. */
export function listedOrders(broker: Simulator): readonly ListedOrder[] {
  return broker.orders().map((order) => ({
    clientOrderId: String(order.client_order_id),
    symbol: String(order.symbol),
    status: String(order.status),
    quantity: decimal(String(order.qty)),
    filledQuantity: decimal(String(order.filled_qty)),
    averagePrice: priceText(order.filled_avg_price),
  }));
}

function priceText(value: unknown): DecimalText | null {
  return value === null ? null : decimal(String(value));
}

/** What the broker shows for every symbol of the session; "0" where it shows nothing. */
export function finalPositions(broker: Simulator, session: Session): FinalPositions {
  const held = new Map(
    broker.positions().map((position) => [position.symbol, String(position.qty)]),
  );
  return Object.fromEntries(symbolsOf(session).map((symbol) => [symbol, held.get(symbol) ?? "0"]));
}
