/** Dollars as a report tells them. */
import { decimal, toFixed } from "./decimal.ts";

/** `"3653"` as `3,653.00 USD`. */
export function usdText(amount: string): string {
  const [dollars = "", cents = ""] = toFixed(decimal(amount), 2).split(".");
  return `${dollars.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents} USD`;
}
