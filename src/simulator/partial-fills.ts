/** Chooses how a new order will be filled: as the options say, with chances from the seed. */
import {
  type DecimalText,
  decimal,
  decimalPlaces,
  isZero,
  multiply,
  toFixed,
} from "../core/decimal.ts";
import type { RandomSource } from "../core/random.ts";
import type { FillPlan } from "./order.ts";
import type { WorldOptions } from "./simulator-options.ts";

const FULL: FillPlan = { kind: "full" };

export function chooseFillPlan(
  quantity: DecimalText | null,
  options: Pick<WorldOptions, "partialFillChance" | "scriptedFills">,
  random: RandomSource,
): FillPlan {
  if (options.scriptedFills === true) return { kind: "script" };
  const chance = options.partialFillChance ?? 0;
  if (chance === 0 || quantity === null || random.fraction() >= chance) return FULL;
  const part = partOf(quantity, random);
  return isZero(part) || part === quantity ? FULL : { kind: "part", quantity: part, rest: "full" };
}

/** A random part in the precision of the whole: whole shares stay whole shares. */
function partOf(quantity: DecimalText, random: RandomSource): DecimalText {
  const share = decimal(random.fraction().toFixed(6));
  return decimal(toFixed(multiply(quantity, share), decimalPlaces(quantity)));
}
