/** The fee that Alpaca keeps of a currency that is bought; what a sale costs is left out. */
import {
  type DecimalText,
  decimal,
  multiply,
  QUANTITY_DECIMALS,
  roundDown,
  ZERO,
} from "../core/decimal.ts";
import { isPairSymbol } from "./asset-registry.ts";
import type { OrderSide } from "./order.ts";

/** The highest of Alpaca's rates, a taker's without much volume. */
export const DEFAULT_PAIR_FEE = decimal("0.0025");

/** How much of what was filled is not credited. */
export function feeOfFill(
  { symbol, side }: { readonly symbol: string; readonly side: OrderSide },
  quantity: DecimalText,
  rate = DEFAULT_PAIR_FEE,
): DecimalText {
  if (side !== "buy" || !isPairSymbol(symbol)) return ZERO;
  return roundDown(multiply(quantity, rate), QUANTITY_DECIMALS);
}
