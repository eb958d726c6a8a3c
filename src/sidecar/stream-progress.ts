/**
 * What the relay has told about every order, and so what of an update or a reading is news. Pure
 * apart from its own memory.
 *
 * 1. For any loss, repetition and reordering of updates followed by a reading of the orders, the
 *    shares of an order add up to what it filled, each once, and its end comes once and last.
 * 2. Memory is bounded: finished orders are forgotten, oldest first. One that had ended before the
 *    last forgotten one is taken for told.
 */

import { isLater } from "../broker/timestamp.ts";
import {
  afterReading,
  afterUpdate,
  asSeen,
  beforeUpdate,
  isCorrection,
  isEnd,
  type Seen,
  type Step,
  UNSEEN,
} from "./stream-transitions.ts";
import type { WireOrder } from "./trade-update.ts";
import { asObject, type OrderReading, readOrder, type TradeUpdate } from "./trade-update.ts";

/** Finished orders that are remembered, to recognize late repetitions. */
const FINISHED_ORDERS_REMEMBERED = 10_000;
/** Orders at work that are remembered; far more than an account can have. */
const WORKING_ORDERS_REMEMBERED = 50_000;
/** Of a finished order only its last updates can still be repeated. */
const FINISHED_KEYS_REMEMBERED = 4;

export class StreamProgress {
  readonly #working = new Map<string, Seen>();
  readonly #finished = new Map<string, Seen>();
  readonly #finishedMaximum: number;
  /** By the broker's clock: what ended until then was told or is nobody's news. */
  #oldUntil: string | null = null;

  constructor(finishedMaximum: number = FINISHED_ORDERS_REMEMBERED) {
    this.#finishedMaximum = finishedMaximum;
  }

  /** How many orders are remembered. */
  get size(): number {
    return this.#working.size + this.#finished.size;
  }

  /** Where the relay begins: these orders are known as they are, and nothing of it is news. */
  begin(orders: readonly WireOrder[]): void {
    for (const order of readings(orders)) {
      if (this.#seen(order.id) !== UNSEEN) continue;
      this.#remember(order.id, asSeen(order));
      this.#ageUntil(order.updatedAt);
    }
  }

  /** What to relay of an update from the stream. */
  update(update: TradeUpdate): readonly TradeUpdate[] {
    const { order } = update;
    // A relay that swallowed what it cannot judge would lose events.
    if (order === undefined) return [update];
    const step = (seen: Seen) => afterUpdate(seen, update, order);
    return this.#take(order, step, isCorrection(update));
  }

  /** What to relay of orders that were read. */
  read(orders: readonly WireOrder[]): readonly TradeUpdate[] {
    return readings(orders).flatMap((order) => this.#read(order));
  }

  /**
   * What to relay when a gap is over: `orders` were read after it, `held` came from the stream
   * since. What was missed comes before what was held. Of an order that has both, the held updates
   * tell more than the reading, which then only completes them.
   */
  resume(orders: readonly WireOrder[], held: readonly TradeUpdate[]): readonly TradeUpdate[] {
    const read = readings(orders);
    const heldFirst = new Map<string, TradeUpdate>();
    for (const update of held) {
      const id = update.order?.id;
      if (id !== undefined && !heldFirst.has(id)) heldFirst.set(id, update);
    }
    return [
      ...read.filter(({ id }) => !heldFirst.has(id)).flatMap((order) => this.#read(order)),
      ...[...heldFirst.values()].flatMap((update) => this.#missedBefore(update)),
      ...held.flatMap((update) => this.update(update)),
      ...read.filter(({ id }) => heldFirst.has(id)).flatMap((order) => this.#read(order)),
    ];
  }

  #read(order: OrderReading): readonly TradeUpdate[] {
    return this.#take(order, (seen) => afterReading(seen, order));
  }

  #missedBefore(update: TradeUpdate): readonly TradeUpdate[] {
    const { order } = update;
    if (order === undefined) return [];
    return this.#take(order, (seen) => beforeUpdate(seen, update, order));
  }

  /** `isAlwaysNews`: also of an order that had ended before the relay began. */
  #take(
    order: OrderReading,
    step: (seen: Seen) => Step,
    isAlwaysNews = false,
  ): readonly TradeUpdate[] {
    const before = this.#seen(order.id);
    if (before === UNSEEN && this.#isOld(order) && !isAlwaysNews) return [];
    const { seen, relayed } = step(before);
    if (seen !== before) this.#remember(order.id, seen);
    return relayed;
  }

  #seen(id: string): Seen {
    return this.#working.get(id) ?? this.#finished.get(id) ?? UNSEEN;
  }

  #isOld({ status, updatedAt }: OrderReading): boolean {
    if (!isEnd(status) || updatedAt === null || this.#oldUntil === null) return false;
    return updatedAt === this.#oldUntil || isLater(this.#oldUntil, updatedAt);
  }

  #remember(id: string, seen: Seen): void {
    if (!seen.finished) {
      this.#working.set(id, seen);
      forgetOldest(this.#working, WORKING_ORDERS_REMEMBERED);
      return;
    }
    this.#working.delete(id);
    this.#finished.set(id, { ...seen, keys: seen.keys.slice(-FINISHED_KEYS_REMEMBERED) });
    const forgotten = forgetOldest(this.#finished, this.#finishedMaximum);
    if (forgotten !== undefined) this.#ageUntil(forgotten.updatedAt);
  }

  #ageUntil(updatedAt: string | null): void {
    if (this.#oldUntil === null || isLater(updatedAt, this.#oldUntil)) this.#oldUntil = updatedAt;
  }
}

/** Orders and the legs inside them. The legs of a multi-leg option order are told by it alone. */
function readings(orders: readonly WireOrder[]): OrderReading[] {
  return orders.flatMap((wire) => {
    const order = readOrder(wire);
    const own = order === undefined ? [] : [order];
    if (wire.order_class === "mleg" || !Array.isArray(wire.legs)) return own;
    const legs = wire.legs.map(asObject).filter((leg) => leg !== undefined);
    return [...own, ...readings(legs)];
  });
}

function forgetOldest(orders: Map<string, Seen>, maximum: number): Seen | undefined {
  if (orders.size <= maximum) return undefined;
  const [oldest] = orders.entries();
  if (oldest === undefined) return undefined;
  orders.delete(oldest[0]);
  return oldest[1];
}
