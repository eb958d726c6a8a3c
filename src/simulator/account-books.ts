/**
 * Cash and positions, moved by fills alone.
 *
 * A position's quantity is signed. Its average entry price changes when it grows and stays when it
 * shrinks. Every state that a position has been in is kept, bounded, so that an answer can show
 * how things stood a while ago.
 */
import type { EpochMs } from "../core/clock.ts";
import {
  absolute,
  add,
  type DecimalText,
  divide,
  isZero,
  multiply,
  signOf,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import { multiplierOf } from "./option-contract.ts";

export interface Position {
  readonly symbol: string;
  /** Negative when short. */
  readonly quantity: DecimalText;
  readonly averagePrice: DecimalText;
}

interface Snapshot {
  readonly time: EpochMs;
  readonly positions: ReadonlyMap<string, Position>;
}

const MAXIMUM_SNAPSHOTS = 10_000;

export class AccountBooks {
  #cash: DecimalText;
  #positions: ReadonlyMap<string, Position> = new Map();
  #history: Snapshot[] = [{ time: Number.NEGATIVE_INFINITY, positions: new Map() }];

  constructor(cash: DecimalText) {
    this.#cash = cash;
  }

  get cash(): DecimalText {
    return this.#cash;
  }

  /** The open position in `symbol`; undefined when flat. */
  position(symbol: string): Position | undefined {
    return this.#positions.get(symbol);
  }

  quantity(symbol: string): DecimalText {
    return this.position(symbol)?.quantity ?? ZERO;
  }

  positions(): Position[] {
    return [...this.#positions.values()];
  }

  /** The positions as they stood at `time`. */
  positionsAt(time: EpochMs): Position[] {
    const earlier = this.#history.filter((snapshot) => snapshot.time <= time).at(-1);
    return [...(earlier?.positions.values() ?? [])];
  }

  /** A position that no fill explains, such as the one a day opens with. Cash is left alone. */
  setPosition(position: Position, time: EpochMs): void {
    this.#put(position, time);
  }

  /** Books one fill; `quantity` is negative for a sale. */
  applyFill(symbol: string, quantity: DecimalText, price: DecimalText, time: EpochMs): void {
    const money = multiply(multiply(quantity, price), multiplierOf(symbol));
    this.#cash = subtract(this.#cash, money);
    const before = this.position(symbol) ?? { symbol, quantity: ZERO, averagePrice: ZERO };
    const after = add(before.quantity, quantity);
    this.#put({ symbol, quantity: after, averagePrice: entryPrice(before, quantity, price) }, time);
  }

  /** Keeps `fee` of what is held of `symbol`; the price of the rest stays as it is. */
  takeFee(symbol: string, fee: DecimalText, time: EpochMs): void {
    const held = this.position(symbol);
    if (held === undefined) return;
    this.#put({ ...held, quantity: subtract(held.quantity, fee) }, time);
  }

  /** Lets the present positions be those of all the past; used when the clock is forced back. */
  restartHistory(): void {
    this.#history = [{ time: Number.NEGATIVE_INFINITY, positions: this.#positions }];
  }

  #put(position: Position, time: EpochMs): void {
    const positions = new Map(this.#positions);
    if (isZero(position.quantity)) positions.delete(position.symbol);
    else positions.set(position.symbol, position);
    this.#positions = positions;
    this.#history.push({ time, positions });
    if (this.#history.length > MAXIMUM_SNAPSHOTS) this.#history.shift();
  }
}

function entryPrice(before: Position, quantity: DecimalText, price: DecimalText): DecimalText {
  const after = add(before.quantity, quantity);
  const opened = isZero(before.quantity) || signOf(after) === -signOf(before.quantity);
  if (opened) return price;
  if (signOf(quantity) !== signOf(before.quantity)) return before.averagePrice;
  const cost = add(multiply(before.quantity, before.averagePrice), multiply(quantity, price));
  return absolute(divide(cost, after));
}
