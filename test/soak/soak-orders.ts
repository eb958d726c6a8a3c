/**
 * Twenty calls a second, as a busy bot makes them: entries and the exits of what they bought,
 * repeats, orders that the latch or the broker refuses, limit orders that are canceled.
 */
import type { OrderAnswer } from "../../src/gateway/order-answer.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";

export const CALLS_PER_SECOND = 20;
/** Limit orders rest where nobody sells, or the sale would be a wash trade. */
const RESTING = "IWM";
const SYMBOLS = ["TQQQ", "SPY", "QQQ", "AAPL"] as const;
export const PRICES = { TQQQ: "75", SPY: "500", QQQ: "400", AAPL: "190", [RESTING]: "200" };
/** What all exits of a second sell is what its entries bought, or a little less. */
const SOLD: Readonly<Record<number, string>> = {
  1: "1",
  5: "5",
  8: "7",
  11: "11",
  15: "15",
  18: "17",
};
/** From an entry to its exit, and from a limit order to its cancel: so many calls. */
const HOLD_CALLS = 5 * CALLS_PER_SECOND;
const REPEAT_AFTER_CALLS = 2 * CALLS_PER_SECOND;
/** More shares than anybody holds. */
const TOO_MANY = "1000000";

type Kind = "entry" | "anchored" | "exit" | "repeat" | "oversold" | "sub_penny" | "limit";

/** One second; an exit stands as far behind its entry everywhere. */
const SECOND: readonly Kind[] = [
  ...(["entry", "exit", "repeat", "limit", "entry"] as const),
  ...(["exit", "entry", "repeat", "exit", "oversold"] as const),
  ...(["anchored", "exit", "repeat", "limit", "entry"] as const),
  ...(["exit", "entry", "repeat", "exit", "sub_penny"] as const),
];

export interface Call {
  readonly kind: Kind;
  readonly intent: IntentInput;
  /** A limit order is canceled once the market has gone on for a while. */
  readonly cancelAtCall: number | undefined;
}

/** The call with number `index`, the same in every run. */
export function callAt(index: number): Call {
  const kind = SECOND[index % CALLS_PER_SECOND] ?? "entry";
  const cancelAtCall = kind === "limit" ? index + HOLD_CALLS : undefined;
  return { kind, intent: intentOf(kind, index), cancelAtCall };
}

function intentOf(kind: Kind, index: number): IntentInput {
  const symbol = SYMBOLS[Math.floor(index / CALLS_PER_SECOND) % SYMBOLS.length] ?? "SPY";
  const requestId = `${kind}-${index}`;
  // Two equal intents of one second would be one action until the first is known to be there.
  const quantity = String(1 + (index % CALLS_PER_SECOND));
  const buy = { symbol, side: "buy", effect: "open", requestId, quantity } as const;
  const sell = { ...buy, side: "sell", effect: "close" } as const;
  switch (kind) {
    case "entry":
      return buy;
    case "anchored": {
      const { requestId: _, ...unnamed } = buy;
      return { ...unnamed, anchor: { bar: `bar-${index}`, stage: "base" } };
    }
    case "exit":
      // In the symbol of five seconds before.
      return {
        ...sell,
        symbol: intentOf("entry", Math.max(0, index - HOLD_CALLS)).symbol,
        quantity: SOLD[index % CALLS_PER_SECOND] ?? "1",
      };
    case "repeat":
      return callAt(entryBefore(index - REPEAT_AFTER_CALLS)).intent;
    case "oversold":
      return { ...sell, quantity: TOO_MANY };
    case "sub_penny":
      return { ...buy, type: "limit", limitPrice: "10.123456" };
    case "limit":
      return { ...buy, symbol: RESTING, type: "limit", limitPrice: "1" };
  }
}

function entryBefore(index: number): number {
  for (let at = Math.max(0, index); ; at += 1) {
    if (SECOND[at % CALLS_PER_SECOND] === "entry") return at;
  }
}

/** What a call may come to; anything else is a fault of the run. */
export function isExpected({ kind }: Call, { status }: OrderAnswer): boolean {
  if (kind === "oversold" || kind === "sub_penny") return status === "BLOCKED";
  // After a lost entry there is less to sell than was asked for.
  return kind === "exit" || status !== "BLOCKED";
}
