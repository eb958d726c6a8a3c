/** What a bot holds by its own account, whatever the broker has. */
import { add, type DecimalText, subtract, ZERO } from "../core/decimal.ts";
import type { FinalPositions } from "./report.ts";
import type { OrderEvent, Session } from "./session.ts";
import { symbolsOf } from "./session-steps.ts";

/**
 * The book of a bot that takes every answer which is no error for a fill of the whole order.
 * Nobody tells it otherwise.
 */
export class NaiveBook {
  readonly #held: Map<string, DecimalText>;
  readonly #symbols: readonly string[];

  constructor(session: Session) {
    this.#held = new Map(session.openingPositions.map((held) => [held.symbol, held.quantity]));
    this.#symbols = symbolsOf(session);
  }

  book({ symbol, side, quantity }: OrderEvent): void {
    const move = side === "buy" ? add : subtract;
    this.#held.set(symbol, move(this.#held.get(symbol) ?? ZERO, quantity));
  }

  positions(): FinalPositions {
    return positionsOf(this.#symbols, this.#held);
  }
}

/** A quantity for each of `symbols`; "0" where nothing is held. */
export function positionsOf(
  symbols: readonly string[],
  held: ReadonlyMap<string, DecimalText>,
): FinalPositions {
  return Object.fromEntries(symbols.map((symbol) => [symbol, held.get(symbol) ?? ZERO]));
}
