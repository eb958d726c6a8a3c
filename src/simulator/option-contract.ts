/**
 * Option contracts by their OCC symbol (`AAPL241213C00250000`): what they are options on, and how
 * many shares one contract stands for. Pure. Strikes and expiries are not looked at: nothing is
 * exercised or expires here.
 */
import { type DecimalText, decimal } from "../core/decimal.ts";

export interface OptionContract {
  readonly underlying: string;
  readonly right: "call" | "put";
}

/** Behind the root of a contract that a split or a merger has changed stands a digit. */
const OCC_SYMBOL = /^([A-Z]{1,6})\d?\d{6}([CP])\d{8}$/;
const ONE = decimal("1");
const SHARES_PER_CONTRACT = decimal("100");

/** Undefined when `symbol` is not that of an option contract. */
export function readOptionSymbol(symbol: string): OptionContract | undefined {
  const [, underlying, letter] = OCC_SYMBOL.exec(symbol) ?? [];
  if (underlying === undefined) return undefined;
  return { underlying, right: letter === "C" ? "call" : "put" };
}

export function isOptionSymbol(symbol: string): boolean {
  return OCC_SYMBOL.test(symbol);
}

/** What a price of one share makes in money per unit of quantity. */
export function multiplierOf(symbol: string): DecimalText {
  return isOptionSymbol(symbol) ? SHARES_PER_CONTRACT : ONE;
}

/** The money of a combo, which has a net price and no symbol of its own. */
export const COMBO_MULTIPLIER = SHARES_PER_CONTRACT;
