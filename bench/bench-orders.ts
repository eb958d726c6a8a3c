/**
 * The orders that are measured: market entries with an id of their own, in a few symbols and
 * thousands of sizes, so that hardly one is equal to another, as it is with a bot.
 */
import type { IntentInput } from "../src/identity/intent-schema.ts";

export const PRICES = { TQQQ: "75", SPY: "500", QQQ: "400", AAPL: "190", MSFT: "400" } as const;
const SYMBOLS = Object.keys(PRICES);
const SIZES = 2_000;

/** An intent that is quoted in full. */
interface BenchIntent extends IntentInput {
  readonly symbol: string;
  readonly quantity: string;
  readonly requestId: string;
}

export function intentAt(name: string, index: number): BenchIntent {
  return {
    symbol: symbolAt(index),
    side: "buy",
    effect: "open",
    quantity: sizeAt(index),
    requestId: `${name}-${index}`,
  };
}

/** The same order as Alpaca's API takes it. */
export function orderAt(name: string, index: number) {
  return {
    symbol: symbolAt(index),
    qty: sizeAt(index),
    side: "buy",
    type: "market",
    time_in_force: "day",
    client_order_id: `${name}-${index}`,
  } as const;
}

export function symbolAt(index: number): string {
  return SYMBOLS[index % SYMBOLS.length] ?? "SPY";
}

export function sizeAt(index: number): string {
  return String(1 + (Math.floor(index / SYMBOLS.length) % SIZES));
}
