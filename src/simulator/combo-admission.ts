/**
 * Whether the account may place a multi-leg option order that is sound in itself. Pure.
 *
 * Each leg is looked at by itself (contract, intent, contracts to close); then the whole: what it
 * sells to open must be covered by what it buys to open, and a debit must be paid for. Margin of
 * credit spreads, strikes and expiries are not modelled.
 */
import { compare, type DecimalText, multiply, signOf, subtract, ZERO } from "../core/decimal.ts";
import { inferIntent, legRefusal, type Standing, uncovered } from "./admission.ts";
import { comboLegTerms } from "./combo.ts";
import { COMBO_MULTIPLIER, readOptionSymbol } from "./option-contract.ts";
import type { OrderRequest, RequestedLeg } from "./order-request.ts";
import { forbidden, type Refusal } from "./refusal.ts";

export interface ComboStanding {
  /** One for each leg, in their order. */
  readonly legs: readonly Standing[];
  /** Of one combo at the market; undefined while a leg has no price. */
  readonly netPrice: DecimalText | undefined;
  readonly buyingPower: DecimalText;
}

interface OpeningLeg extends RequestedLeg {
  readonly opens: boolean;
}

export function comboRefusal(
  { terms, legs }: OrderRequest,
  standing: ComboStanding,
): Refusal | undefined {
  const looked = legs.map((leg, index): [RequestedLeg, Standing] => {
    const own = standing.legs[index];
    if (own === undefined) throw new RangeError(`no standing of leg ${leg.symbol}`);
    return [leg, own];
  });
  for (const [leg, own] of looked) {
    const refusal = legRefusal(comboLegTerms(terms, leg), leg.positionIntent, own);
    if (refusal !== undefined) return refusal;
  }
  const opening = looked.map(([leg, { positionQuantity }]) => {
    const intent = leg.positionIntent ?? inferIntent(leg.side, positionQuantity);
    return { ...leg, opens: intent.endsWith("_to_open") };
  });
  return coverRefusal(opening) ?? moneyRefusal(terms, opening, standing);
}

function coverRefusal(legs: readonly OpeningLeg[]): Refusal | undefined {
  for (const right of ["call", "put"]) {
    const opened = legs.filter(
      ({ symbol, opens }) => opens && readOptionSymbol(symbol)?.right === right,
    );
    const balance = opened.reduce(
      (sum, { side, ratio }) => sum + (side === "buy" ? Number(ratio) : -Number(ratio)),
      0,
    );
    if (balance < 0) return uncovered;
  }
  return undefined;
}

function moneyRefusal(
  { limitPrice, quantity }: OrderRequest["terms"],
  legs: readonly OpeningLeg[],
  standing: ComboStanding,
): Refusal | undefined {
  if (!legs.some(({ opens }) => opens)) return undefined;
  const price = limitPrice ?? standing.netPrice ?? ZERO;
  if (compare(price, ZERO) <= 0) return undefined;
  const cost = multiply(multiply(price, quantity ?? ZERO), COMBO_MULTIPLIER);
  if (signOf(subtract(standing.buyingPower, cost)) >= 0) return undefined;
  return forbidden("insufficient buying power", {
    buying_power: standing.buyingPower,
    cost_basis: cost,
  });
}
