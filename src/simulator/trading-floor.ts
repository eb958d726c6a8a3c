/**
 * The shell around matching.ts: keeps prices, moves orders through their statuses, books fills and
 * reports every step as an event. Nothing happens here on its own accord; the broker calls it.
 *
 * 1. Every change of a status is reported once, after it is in the book.
 * 2. A fill moves the order, the position, the cash and the activities in one step.
 * 3. Of two orders that exclude each other (oco, legs of a bracket) at most one fills in full.
 */
import {
  add,
  compare,
  type DecimalText,
  divide,
  isZero,
  multiply,
  negate,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import type { RandomSource } from "../core/random.ts";
import type { AccountBooks } from "./account-books.ts";
import type { ActivityLog } from "./activity-log.ts";
import type { MarketCalendar } from "./market-calendar.ts";
import { decideMatch, fillableQuantity, trail } from "./matching.ts";
import { isWorking, type Order } from "./order.ts";
import type { OrderBook } from "./order-book.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import type { TimestampSource } from "./timestamp.ts";
import type { Execution, TradeEvent, TradeEventName } from "./trade-event.ts";

export interface FloorParts {
  readonly clock: SimulatedClock;
  readonly calendar: MarketCalendar;
  readonly stamps: TimestampSource;
  readonly random: RandomSource;
  readonly book: OrderBook;
  readonly books: AccountBooks;
  readonly activities: ActivityLog;
  readonly report: (event: TradeEvent) => void;
}

export class TradingFloor {
  readonly #parts: FloorParts;
  readonly #prices = new Map<string, DecimalText>();

  constructor(parts: FloorParts) {
    this.#parts = parts;
  }

  price(symbol: string): DecimalText | undefined {
    return this.#prices.get(symbol);
  }

  prices(): ReadonlyMap<string, DecimalText> {
    return this.#prices;
  }

  /** Sets the price and trades what can trade at it, oldest order first. */
  setPrice(symbol: string, price: DecimalText): void {
    this.#prices.set(symbol, price);
    for (const { id } of this.#parts.book.working(symbol)) this.#match(id);
  }

  /** Whether an order with these terms may trade in the present phase of the market. */
  isActive(order: Pick<Order, "timeInForce" | "extendedHours">): boolean {
    const phase = this.#parts.calendar.phase(this.#parts.clock.now());
    const waitsForAuction = order.timeInForce === "opg" || order.timeInForce === "cls";
    if (phase === "core") return !waitsForAuction;
    return order.extendedHours && phase !== "closed";
  }

  /** The order's first step after its POST was answered: to the market, or into the queue. */
  acknowledge(id: string): void {
    const order = this.#parts.book.get(id);
    if (order.status !== "pending_new" && order.status !== "accepted") return;
    if (order.rejectLater) this.#end(order, "rejected", "failedAt");
    else if (this.isActive(order)) this.#route(order);
    else this.#change(order, { status: "accepted" }, "accepted");
  }

  /** What the time that has been reached brings: the open, the close, a stuck cancel's end. */
  tick(): void {
    const now = this.#parts.clock.now();
    for (const { id } of this.#parts.book.working()) {
      const order = this.#parts.book.get(id);
      if (!isWorking(order)) continue;
      if (order.cancelAt !== null && order.cancelAt <= now) this.cancel(order.id);
      else if (order.expiresAt !== null && order.expiresAt <= now) this.#expire(order);
      else if (order.status === "accepted" && this.isActive(order)) this.#route(order);
      else this.#match(id);
    }
  }

  /** Cancels the order and whatever hangs on it. */
  cancel(id: string): void {
    const order = this.#parts.book.get(id);
    if (!isWorking(order)) return;
    this.#end(order, "canceled", "canceledAt");
  }

  markPending(id: string, status: "pending_cancel" | "pending_replace"): Order {
    return this.#change(this.#parts.book.get(id), { status }, status);
  }

  /** The old order gives way to the new one, unless it has ended or the new one is turned down. */
  replace(oldId: string, newId: string): void {
    const { book, stamps } = this.#parts;
    const old = book.get(oldId);
    if (!isWorking(old) || book.get(newId).rejectLater) {
      const status = isZero(old.filledQuantity) ? "new" : "partially_filled";
      const changes = isWorking(old) ? ({ status } as const) : {};
      this.#change(old, changes, "order_replace_rejected");
      // What hangs on the old order stays with it.
      const alone = book.change(newId, { parentId: null, legIds: [] });
      this.#end(alone, "rejected", "failedAt");
      return;
    }
    const changes = { status: "replaced", replacedBy: newId, replacedAt: stamps.next() } as const;
    this.#change(old, changes, "replaced");
    this.#inherit(old, newId);
    this.acknowledge(newId);
  }

  /** Books a fill of `quantity` at `price`, whatever the market's price is. */
  fill(id: string, quantity: DecimalText, price: DecimalText): void {
    const before = this.#parts.book.get(id);
    const complete = compare(quantity, fillableQuantity(before, price)) >= 0;
    this.#execute(before, quantity, price, complete);
  }

  /** Puts the new order where the old one stood among parents and legs. */
  #inherit(old: Order, newId: string): void {
    const { book } = this.#parts;
    for (const leg of book.legs(old)) book.change(leg.id, { parentId: newId });
    if (old.parentId === null) return;
    const { legIds } = book.get(old.parentId);
    book.change(old.parentId, { legIds: legIds.map((id) => (id === old.id ? newId : id)) });
  }

  #route(order: Order): void {
    this.#change(order, { status: "new" }, "new");
    this.#match(order.id);
    this.#endIfImmediate(order.id);
  }

  #endIfImmediate(id: string): void {
    const order = this.#parts.book.get(id);
    const immediate = order.timeInForce === "ioc" || order.timeInForce === "fok";
    if (immediate && isWorking(order)) this.cancel(id);
  }

  #expire(order: Order): void {
    const inAuction = order.timeInForce === "opg" || order.timeInForce === "cls";
    if (inAuction) {
      this.#change(order, { status: "new" }, "new");
      this.#tryFill(order.id);
    }
    const after = this.#parts.book.get(order.id);
    if (isWorking(after)) this.#end(after, "expired", "expiredAt");
  }

  #match(id: string): void {
    const order = this.#parts.book.get(id);
    const waits = order.status === "pending_new" || order.status === "accepted";
    if (isWorking(order) && !waits && this.isActive(order)) this.#tryFill(id);
  }

  #tryFill(id: string): void {
    const { book } = this.#parts;
    let order = book.get(id);
    const price = this.price(order.symbol);
    if (price !== undefined && order.type === "trailing_stop" && !order.triggered) {
      order = book.change(id, trail(order, price));
    }
    let decision = decideMatch(order, price);
    if (decision.kind === "trigger") {
      order = this.#trigger(order);
      decision = decideMatch(order, price);
    }
    if (decision.kind !== "fill" || price === undefined) return;
    this.#execute(order, decision.quantity, price, decision.complete);
  }

  #trigger(order: Order): Order {
    if (order.status !== "held") return this.#parts.book.change(order.id, { triggered: true });
    return this.#change(order, { triggered: true, status: "new" }, "new");
  }

  #execute(before: Order, quantity: DecimalText, price: DecimalText, complete: boolean): void {
    const { books, stamps, clock, activities, random } = this.#parts;
    const signed = before.side === "buy" ? quantity : negate(quantity);
    books.applyFill(before.symbol, signed, price, clock.now());
    const execution: Execution = {
      executionId: random.uuid(),
      price,
      quantity,
      positionQuantity: books.quantity(before.symbol),
    };
    const filledAt = stamps.next();
    const changes = { ...afterFill(before, quantity, price), filledAt, updatedAt: filledAt };
    const status = complete ? "filled" : statusAfterPart(before);
    const order = this.#parts.book.change(before.id, { ...changes, status });
    const leaves = complete ? ZERO : fillableQuantity(order, price);
    activities.record(order, execution, leaves, filledAt);
    this.#report(order, complete ? "fill" : "partial_fill", execution);
    this.#shrinkSiblings(order, quantity);
    if (complete) this.#armLegs(order);
  }

  /** What one of two exclusive orders has sold, the other can no longer sell. */
  #shrinkSiblings(order: Order, filled: DecimalText): void {
    for (const sibling of this.#siblings(order)) {
      if (!isWorking(sibling) || sibling.quantity === null) continue;
      const quantity = subtract(sibling.quantity, filled);
      if (order.status === "filled" || isZero(quantity)) this.cancel(sibling.id);
      else this.#parts.book.change(sibling.id, { quantity });
    }
  }

  #armLegs(parent: Order): void {
    for (const leg of this.#parts.book.legs(parent)) {
      if (leg.armed || !isWorking(leg)) continue;
      const waits = parent.orderClass === "bracket" && leg.type !== "limit";
      if (waits) this.#parts.book.change(leg.id, { armed: true });
      else this.#change(leg, { armed: true, status: "new" }, "new");
    }
    for (const leg of this.#parts.book.legs(parent)) this.#match(leg.id);
  }

  #siblings(order: Order): Order[] {
    const { book } = this.#parts;
    if (order.orderClass === "simple" || order.orderClass === "oto") return [];
    if (order.parentId === null) return order.orderClass === "oco" ? book.legs(order) : [];
    const parent = book.get(order.parentId);
    const family = [...(order.orderClass === "oco" ? [parent] : []), ...book.legs(parent)];
    return family.filter((other) => other.id !== order.id);
  }

  #end(
    order: Order,
    status: "canceled" | "expired" | "rejected",
    when: "canceledAt" | "expiredAt" | "failedAt",
  ): void {
    this.#change(order, { status, cancelAt: null, [when]: this.#parts.stamps.next() }, status);
    const dependants = [...this.#parts.book.legs(order), ...this.#siblings(order)];
    for (const { id } of dependants) {
      const dependant = this.#parts.book.get(id);
      if (isWorking(dependant)) this.#end(dependant, status, when);
    }
  }

  #change(order: Order, changes: Partial<Order>, event: TradeEventName): Order {
    const updatedAt = this.#parts.stamps.next();
    const changed = this.#parts.book.change(order.id, { updatedAt, ...changes });
    this.#report(changed, event);
    return changed;
  }

  #report(order: Order, event: TradeEventName, execution?: Execution): void {
    const timestamp = order.updatedAt;
    this.#parts.report({ event, timestamp, order, ...(execution && { execution }) });
  }
}

function statusAfterPart(order: Order): Order["status"] {
  return order.status === "pending_cancel" ? "pending_cancel" : "partially_filled";
}

function afterFill(before: Order, quantity: DecimalText, price: DecimalText) {
  const filledQuantity = add(before.filledQuantity, quantity);
  const filledCost = add(before.filledCost, multiply(quantity, price));
  // While all fills had one price it is the average to the last digit; a quotient might not be.
  const samePrice = before.averagePrice === null || before.averagePrice === price;
  const averagePrice = samePrice ? price : divide(filledCost, filledQuantity);
  const { fillPlan } = before;
  const next = fillPlan.kind === "part" ? ({ kind: fillPlan.rest } as const) : fillPlan;
  return { filledQuantity, filledCost, averagePrice, fillPlan: next };
}
