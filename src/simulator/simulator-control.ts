/**
 * The handles of the simulated world: what a test, the replay or a person does to the broker from
 * outside. The HTTP routes under /sim and the object that startSimulator gives are both this.
 *
 * Every method checks its input and throws LatchError `invalid_option` for what does not fit. Bad
 * input changes nothing.
 */
import type { EpochMs } from "../core/clock.ts";
import { compare, decimal } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import { type WireFill, wireFill } from "./activity-routes.ts";
import { isCombo, isComboLeg } from "./combo.ts";
import { type FaultRule, faultRulesSchema } from "./fault-rule-schema.ts";
import {
  assetSchema,
  barsSchema,
  checked,
  clockSchema,
  fillSchema,
  positionSchema,
  positionsSchema,
  pricesSchema,
  resetSchema,
} from "./input-schemas.ts";
import type { MarketPhase } from "./market-calendar.ts";
import { fillableQuantity } from "./matching.ts";
import { isWorking, type Order } from "./order.ts";
import { shown } from "./position-routes.ts";
import type { LoggedRequest } from "./request-log.ts";
import type { Simulation } from "./simulation.ts";
import { type Timestamp, timestamp } from "./timestamp.ts";
import { type WireOrder, wireOrder } from "./wire-order.ts";
import type { WirePosition } from "./wire-position.ts";

/** The two kinds of streams, by what they tell of. */
export type StreamName = "trades" | "data";

export interface ClockReading {
  readonly now: Timestamp;
  readonly epochMs: EpochMs;
  readonly phase: MarketPhase;
}

export class SimulatorControl {
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  clock(): ClockReading {
    const { clock, calendar } = this.#settled();
    const now = clock.now();
    return { now: timestamp(now), epochMs: now, phase: calendar.phase(now) };
  }

  setClock(input: unknown): ClockReading {
    const change = checked(clockSchema, input);
    const broker = this.#settled();
    const now = broker.clock.now();
    const target = "now" in change ? change.now : now + change.advanceMs;
    if (target >= now) broker.advanceTo(target);
    else if ("force" in change && change.force === true) broker.forceTo(target);
    else {
      const [from, to] = [timestamp(now), timestamp(target)];
      throw invalid(`the clock stands at ${from} and goes back to ${to} only with force`);
    }
    return this.clock();
  }

  setPrices(input: unknown): Record<string, string> {
    const prices = Object.entries(checked(pricesSchema, input));
    for (const [symbol, price] of prices) this.#settled().setPrice(symbol, decimal(price));
    return Object.fromEntries(this.#settled().floor.prices());
  }

  addFaults(input: unknown): FaultRule[] {
    const { rules } = checked(faultRulesSchema, input);
    this.#simulation.faults.add(rules);
    return this.#simulation.faults.rules();
  }

  clearFaults(): void {
    this.#simulation.faults.clear();
  }

  /** Rules that can still strike. */
  faults(): FaultRule[] {
    return this.#simulation.faults.rules();
  }

  requests(): LoggedRequest[] {
    return this.#simulation.requests.all();
  }

  /** Every order that was ever accepted, oldest first, in Alpaca's shape. */
  orders(): WireOrder[] {
    const { book } = this.#settled();
    return book.all().map((order) => wireOrder(order, book.legs(order)));
  }

  /** Every fill, oldest first, in Alpaca's shape. */
  fills(): WireFill[] {
    return this.#settled().activities.fills().map(wireFill);
  }

  positions(): WirePosition[] {
    const broker = this.#settled();
    return broker.books.positions().map((position) => shown(broker, position));
  }

  setPositions(input: unknown): WirePosition[] {
    const positions = Array.isArray(input)
      ? checked(positionsSchema, input)
      : [checked(positionSchema, input)];
    for (const position of positions) this.#settled().setPosition(position);
    return this.positions();
  }

  /**
   * Fills part or all of a working order, at the given price or else at the market's; with `late`
   * also of one that has ended.
   */
  fill(input: unknown): WireOrder {
    const fill = checked(fillSchema, input);
    const broker = this.#settled();
    const order =
      fill.orderId === undefined
        ? broker.book.findByClientId(fill.clientOrderId ?? "")
        : broker.book.find(fill.orderId);
    const name = fill.orderId ?? fill.clientOrderId ?? "";
    if (order === undefined) throw invalid(`no order ${name}`);
    if (!isWorking(order) && fill.late !== true) {
      throw invalid(`order ${name} is ${order.status} and cannot fill`);
    }
    checkFillable(order, fill.price);
    const price = fill.price ?? broker.floor.priceOf(order);
    if (price === undefined) throw invalid(`price: ${order.symbol} has none, so one is needed`);
    this.#checkRoom(order, fill.quantity, price);
    broker.floor.fill(order.id, decimal(fill.quantity), decimal(price));
    return wireOrder(broker.book.get(order.id), broker.book.legs(order));
  }

  /** Has the market go through minutes: those that are over are history. */
  addBars(input: unknown): void {
    for (const [symbol, bars] of Object.entries(checked(barsSchema, input))) {
      this.#settled().addBars(symbol, bars);
    }
  }

  setAsset(input: unknown): void {
    const { symbol, ...flags } = checked(assetSchema, input);
    this.#settled().assets.setFlags(symbol, flags);
  }

  /** Cuts the streams of trade updates and of stock data, or one of the two, as a network does. */
  cutStreams(only?: StreamName): void {
    if (only !== "data") this.#simulation.stream.cut();
    if (only !== "trades") this.#simulation.stockStream.cut();
  }

  /** Starts over with the options of the start, as far as `input` does not overrule them. */
  reset(input: unknown = {}): void {
    this.#simulation.reset(checked(resetSchema, input));
  }

  #settled() {
    const { broker } = this.#simulation;
    broker.settle();
    return broker;
  }

  #checkRoom(order: Order, quantity: string, price: string): void {
    const room = fillableQuantity(order, decimal(price));
    if (compare(decimal(quantity), room) <= 0) return;
    throw invalid(`quantity: ${quantity} is more than the ${room} that are left to fill`);
  }
}

/** Legs fill together, each at its own market price. */
function checkFillable(order: Order, price: string | undefined): void {
  if (isComboLeg(order)) {
    throw invalid(`order ${order.id} is a leg and fills with its order ${order.parentId}`);
  }
  if (isCombo(order) && price !== undefined) {
    throw invalid(`price: the legs of order ${order.id} fill at their own; set those instead`);
  }
}

function invalid(message: string): LatchError {
  return new LatchError("invalid_option", message);
}
