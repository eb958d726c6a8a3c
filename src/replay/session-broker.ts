/** A simulated broker as it stood when the session opened, and what its records say at the end. */
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, decimal } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import { plainSymbol } from "../identity/symbol.ts";
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

/** So long the world goes on after the close: what was sent in the last second is read as well. */
const AFTER_CLOSE_MS = 60_000;

/** Faults that hold an answer back until time passes, while time waits until all is answered. */
const HOLDING_FAULTS: readonly string[] = ["accept_then_hang", "slow", "arrive_late"];

/** Throws LatchError `invalid_session` for a fault that would stop a replay for ever. */
export function refuseHeldAnswers(session: Session): void {
  for (const [row, event] of session.events.entries()) {
    const rules = event.kind === "broker_fault" ? event.rules : [];
    const rule = rules.findIndex(({ fault }) => HOLDING_FAULTS.includes(fault.kind));
    if (rule === -1) continue;
    const kind = JSON.stringify(rules[rule]?.fault.kind);
    const message =
      `session ${session.session}: events[${row}].rules[${rule}].fault.kind is ${kind}, ` +
      "expected a fault that answers at once or cuts the connection";
    throw new LatchError("invalid_session", message);
  }
}

/** Calls `use` with a broker, which is closed when it is done, however it ends. */
export async function withSessionBroker<Result>(
  session: Session,
  use: (broker: Simulator) => Promise<Result>,
): Promise<Result> {
  const broker = await startSimulator({
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
  try {
    return await use(broker);
  } finally {
    await broker.close();
  }
}

/** When the last of the session has been read. */
export function endOf(session: Session): EpochMs {
  return epochOf(session, session.closesAt) + AFTER_CLOSE_MS;
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
    broker.positions().map(({ symbol, qty }) => [plainSymbol(String(symbol)), String(qty)]),
  );
  return Object.fromEntries(symbolsOf(session).map((symbol) => [symbol, held.get(symbol) ?? "0"]));
}
