/**
 * What an order is to trade, as people say it. A combo has neither a symbol nor a side of its own:
 * whoever reads of one wants to know what it does with each of its contracts. Pure.
 */
import { multiply } from "../core/decimal.ts";
import { COMBO_SYMBOL, comboLegs, isCombo, tradedSymbols } from "./combo.ts";
import type { IntentDraft } from "./intent.ts";

type Wanted = Pick<IntentDraft, "symbol" | "side" | "quantity" | "notional" | "extension"> &
  Partial<Pick<IntentDraft, "portion">>;

/** What a contract's name has behind its underlying: date, C or P, strike. */
const TERMS_OF_CONTRACT = /\d{6}[CP]\d{8}$/;

/** Such as `buy 6 TQQQ`; of a combo `buy 2 SPY270115C00500000 and sell 2 SPY270115C00510000`. */
export function orderInWords(terms: Wanted): string {
  if (isCombo(terms)) return inOneSentence(legsInWords(terms));
  const { symbol, side, quantity, notional, portion } = terms;
  const amount = quantity ?? (notional === null ? portion : `${notional} USD of`);
  return [side ?? "close", amount, symbol].filter((word) => typeof word === "string").join(" ");
}

/** What a combo does with each contract; empty for other orders. */
export function legsInWords(terms: Pick<Wanted, "quantity" | "extension">): readonly string[] {
  const { quantity } = terms;
  const legs = isCombo(terms) ? (comboLegs(terms) ?? []) : [];
  return legs.map(({ side, ratio, symbol }) => {
    const contracts = quantity === null ? ratio : multiply(quantity, ratio);
    return `${side} ${contracts} ${symbol}`;
  });
}

/** What people look for it by: of a combo the underlying of its contracts. */
export function symbolInWords(terms: Pick<Wanted, "symbol" | "extension">): string {
  if (!isCombo(terms)) return terms.symbol;
  const underlyings = tradedSymbols(terms).map((symbol) => symbol.replace(TERMS_OF_CONTRACT, ""));
  return [...new Set(underlyings)].join("/");
}

/** An order as the broker shows it, with the legs that it has inside. */
interface Shown extends Pick<Wanted, "symbol" | "side" | "quantity" | "notional"> {
  readonly legs?: readonly Shown[];
}

/** The same of an order that the broker shows. */
export function shownInWords({ legs = [], ...order }: Shown): string {
  const isShownByLegs = order.symbol === COMBO_SYMBOL && legs.length > 0;
  return isShownByLegs
    ? inOneSentence(legs.map((leg) => shownInWords(leg)))
    : orderInWords({ ...order, extension: null });
}

function inOneSentence(parts: readonly string[]): string {
  return [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter(Boolean).join(" and ");
}
