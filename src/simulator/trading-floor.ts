/**
 * The shell around matching.ts: keeps prices, moves orders through their statuses, has fills booked
 * and reports every step as an event. Nothing happens here on its own accord; the broker calls it.
 *
 * 1. Every change of a status is reported once, after it is in the book.
 * 2. Of two orders that exclude each other (oco, legs of a bracket) at most one fills in full.
 */
import {
  add,
  compare,
  type DecimalText,
  isZero,
  multiply,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import { isPairSymbol } from "./asset-registry.ts";
import { isCombo, isComboLeg, netPrice, requestedLeg } from "./combo.ts";
import { type DeskParts, ExecutionDesk } from "./execution-desk.ts";
import type { MarketCalendar } from "./market-calendar.ts";
import { decideMatch, fillableQuantity, trail } from "./matching.ts";
import { isWorking, type Order } from "./order.ts";
import type { Execution, TradeEvent, TradeEventName } from "./trade-event.ts";

export interface FloorParts extends DeskParts {
  readonly calendar: MarketCalendar;
  readonly report: (event: TradeEvent) => void;
}

export class TradingFloor {
  readonly #parts: FloorParts;
  readonly #desk: ExecutionDesk;
  readonly #prices = new Map<string, DecimalText>();

  constructor(parts: FloorParts) {
    this.#parts = parts;
    this.#desk = new ExecutionDesk(parts, (symbol) => this.price(symbol));
  }

  price(symbol: string): DecimalText | undefined {
    return this.#prices.get(symbol);
  }

  /** The market's price of what the order trades: the net price of its legs, for a combo. */
  priceOf(order: Order): DecimalText | undefined {
    if (!isCombo(order)) return this.price(order.symbol);
    const legs = this.#parts.book.legs(order).map(requestedLeg);
    return netPrice(legs, (symbol) => this.price(symbol));
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
  isActive(order: Pick<Order, "symbol" | "timeInForce" | "extendedHours">): boolean {
    if (isPairSymbol(order.symbol)) return true;
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
      if (!isWorking(order) || isComboLeg(order)) continue;
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
    const isHeld = book.get(newId).status === "held";
    if (!isWorking(old) || book.get(newId).rejectLater) {
      const unfilled = isHeld ? "held" : "new";
      const status = isZero(old.filledQuantity) ? unfilled : "partially_filled";
      const changes = isWorking(old) ? ({ status } as const) : {};
      this.#change(old, changes, "order_replace_rejected");
      // What hangs on the old order stays with it.
      const alone = book.change(newId, { parentId: null, groupId: null, legIds: [] });
      this.#end(alone, "rejected", "failedAt");
      return;
    }
    const changes = { status: "replaced", replacedBy: newId, replacedAt: stamps.next() } as const;
    this.#change(old, changes, "replaced");
    this.#inherit(old, newId);
    if (isHeld) this.#match(newId);
    else this.acknowledge(newId);
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
    const total = add(book.get(newId).quantity ?? ZERO, old.filledQuantity);
    for (const leg of book.legs(old)) {
      const rescaled = leg.ratio === null ? {} : { quantity: multiply(leg.ratio, total) };
      book.change(leg.id, { parentId: newId, ...rescaled });
    }
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
    const named = this.#parts.book.get(id);
    // A leg trades with its whole order only.
    const order = isComboLeg(named) ? this.#parts.book.get(named.parentId ?? "") : named;
    const waits = order.status === "pending_new" || order.status === "accepted";
    if (isWorking(order) && !waits && this.isActive(order)) this.#tryFill(order.id);
  }

  #tryFill(id: string): void {
    const { book } = this.#parts;
    let order = book.get(id);
    const price = this.priceOf(order);
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
    const { order, execution } = this.#desk.execute(before, quantity, price, complete);
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
    // The legs of a combo go its way without a word, but not with one that another replaces.
    if (isCombo(order) && changes.status !== "replaced") {
      for (const leg of this.#parts.book.legs(order)) {
        this.#parts.book.change(leg.id, { updatedAt, ...changes });
      }
    }
    this.#report(changed, event);
    return changed;
  }

  #report(order: Order, event: TradeEventName, execution?: Execution): void {
    const timestamp = order.updatedAt;
    this.#parts.report({ event, timestamp, order, ...(execution && { execution }) });
  }
}
