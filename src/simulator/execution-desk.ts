/**
 * Books executions: a fill moves the order, the position, the cash and the activities in one step.
 * A combo's fill is one of each of its legs, at the leg's own price, and then of the whole. Of a
 * currency that is bought the broker keeps its fee: the order shows all of it as filled, the
 * position what is left.
 *
 * What a fill sets off among other orders is the trading floor's concern.
 */
import { type DecimalText, isZero, multiply, negate, ZERO } from "../core/decimal.ts";
import { InvariantError } from "../core/errors.ts";
import type { RandomSource } from "../core/random.ts";
import type { AccountBooks } from "./account-books.ts";
import type { ActivityLog } from "./activity-log.ts";
import { isCombo } from "./combo.ts";
import { fillableQuantity } from "./matching.ts";
import type { Order } from "./order.ts";
import type { OrderBook } from "./order-book.ts";
import { filledChanges } from "./order-fill.ts";
import { feeOfFill } from "./pair-fee.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import type { TimestampSource } from "./timestamp.ts";
import type { Execution } from "./trade-event.ts";

export interface DeskParts {
  readonly clock: SimulatedClock;
  readonly stamps: TimestampSource;
  readonly random: RandomSource;
  readonly book: OrderBook;
  readonly books: AccountBooks;
  readonly activities: ActivityLog;
  /** The part of a bought currency that the broker keeps. */
  readonly pairFee: DecimalText;
}

export interface Executed {
  /** As it is after the fill. */
  readonly order: Order;
  readonly execution: Execution;
}

export class ExecutionDesk {
  readonly #parts: DeskParts;
  readonly #priceOf: (symbol: string) => DecimalText | undefined;

  constructor(parts: DeskParts, priceOf: (symbol: string) => DecimalText | undefined) {
    this.#parts = parts;
    this.#priceOf = priceOf;
  }

  execute(before: Order, quantity: DecimalText, price: DecimalText, complete: boolean): Executed {
    if (!isCombo(before)) return this.#executeOne(before, quantity, price, complete);
    for (const leg of this.#parts.book.legs(before)) {
      const legPrice = this.#priceOf(leg.symbol);
      if (legPrice === undefined) throw new InvariantError(`leg ${leg.symbol} has no price`);
      this.#executeOne(leg, multiply(leg.ratio ?? ZERO, quantity), legPrice, complete);
    }
    const order = this.#filled(before, quantity, price, complete);
    const executionId = this.#parts.random.uuid();
    return { order, execution: { executionId, price, quantity, positionQuantity: null } };
  }

  #executeOne(
    before: Order,
    quantity: DecimalText,
    price: DecimalText,
    complete: boolean,
  ): Executed {
    const { books, clock, activities, random, pairFee } = this.#parts;
    const { symbol, side } = before;
    const signed = side === "buy" ? quantity : negate(quantity);
    books.applyFill(symbol, signed, price, clock.now());
    const fee = feeOfFill(before, quantity, pairFee);
    if (!isZero(fee)) books.takeFee(symbol, fee, clock.now());
    const execution: Execution = {
      executionId: random.uuid(),
      price,
      quantity,
      positionQuantity: books.quantity(symbol),
    };
    const order = this.#filled(before, quantity, price, complete);
    const leaves = complete ? ZERO : fillableQuantity(order, price);
    activities.record(order, execution, leaves, order.updatedAt);
    return { order, execution };
  }

  #filled(before: Order, quantity: DecimalText, price: DecimalText, complete: boolean): Order {
    const at = this.#parts.stamps.next();
    const changes = filledChanges(before, quantity, price, complete, at);
    return this.#parts.book.change(before.id, changes);
  }
}
