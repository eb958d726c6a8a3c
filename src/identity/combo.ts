/**
 * Orders of several option contracts that trade as a whole: Alpaca's order class `mleg`. Such an
 * order has neither symbol nor side of its own, and a net price that may be below zero; its terms
 * are the broker's, kept as the intent's extension. It is always an open: what its legs close, the
 * broker checks by their own `position_intent`.
 */
import { type DecimalText, parseDecimal, signOf } from "../core/decimal.ts";
import type { Effect, OrderTerms, Side } from "./intent.ts";
import { OPTION_SYMBOL } from "./symbol.ts";

/** Stands where other orders have a symbol; no stock is called so. */
export const COMBO_SYMBOL = "MLEG";

const ORDER_CLASS = "mleg";
const FEWEST_LEGS = 2;
const MOST_LEGS = 4;

/** One contract of a combo, and how many of it each combo has. */
export interface ComboLeg {
  readonly symbol: string;
  readonly side: Side;
  readonly ratio: DecimalText;
  /** What the leg says that it does; null where it has a side alone. */
  readonly effect: Effect | null;
}

export function isCombo({ extension }: Pick<OrderTerms, "extension">): boolean {
  return extension?.order_class === ORDER_CLASS;
}

/** The contracts; undefined where the extension's legs cannot be read as such. */
export function comboLegs({
  extension,
}: Pick<OrderTerms, "extension">): readonly ComboLeg[] | undefined {
  const legs: unknown = extension?.legs;
  if (!Array.isArray(legs) || legs.length < FEWEST_LEGS || legs.length > MOST_LEGS)
    return undefined;
  const read = legs.map(readLeg);
  return read.every((leg) => leg !== undefined) ? read : undefined;
}

/** What the order moves the position of: its symbol, or each contract of a combo. */
export function tradedSymbols(terms: Pick<OrderTerms, "symbol" | "extension">): readonly string[] {
  if (!isCombo(terms)) return [terms.symbol];
  return (comboLegs(terms) ?? []).map(({ symbol }) => symbol);
}

export function mayMove(terms: Pick<OrderTerms, "symbol" | "extension">, symbol: string): boolean {
  return tradedSymbols(terms).includes(symbol);
}

function readLeg(leg: unknown): ComboLeg | undefined {
  const fields = (leg ?? {}) as Readonly<Record<string, unknown>>;
  const { symbol, ratio_qty: ratioText } = fields;
  const side = fields.side ?? sideSaid(fields.position_intent);
  const ratio = isAmount(ratioText) ? parseDecimal(String(ratioText)) : undefined;
  if (typeof symbol !== "string" || !OPTION_SYMBOL.test(symbol)) return undefined;
  if (side !== "buy" && side !== "sell") return undefined;
  if (ratio === undefined || signOf(ratio) <= 0) return undefined;
  return { symbol, side, ratio, effect: effectSaid(side, fields.position_intent) };
}

function effectSaid(side: Side, positionIntent: unknown): Effect | null {
  if (positionIntent === `${side}_to_close`) return "close";
  return positionIntent === `${side}_to_open` ? "open" : null;
}

/** A leg has a side or a `position_intent`, and may have both (OptionLegRequest of alpaca-py). */
function sideSaid(positionIntent: unknown): string | undefined {
  if (typeof positionIntent !== "string") return undefined;
  return /^(buy|sell)_to_(?:open|close)$/.exec(positionIntent)?.[1];
}

/** Anything else may have no text at all. */
function isAmount(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}
