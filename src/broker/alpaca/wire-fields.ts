/** Fields that activities and positions have in common, as Alpaca writes them. */
import { z } from "zod";

import { type DecimalText, parseDecimal } from "../../core/decimal.ts";
import { plainSymbol } from "../../identity/symbol.ts";

/** A decimal of either sign; a number arrives as its text from parseJsonText. */
export const wireDecimal = z.string().transform((text, context): DecimalText => {
  const value = parseDecimal(text);
  if (value !== undefined) return value;
  context.addIssue("not a decimal number");
  return z.NEVER;
});

export const wireSymbol = z.string().min(1).transform(plainSymbol);
