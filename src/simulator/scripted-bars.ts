/**
 * Bars that somebody wants to see, as the trades that make them: the open, the two extremes and
 * the close, each at its time of the minute. So the prices at which orders fill, the minute bars
 * and the stream all come from one thing.
 *
 * A bar whose minute is over is history: it moves no price that is there already. Of the others
 * one trade at a time waits for the clock, the next one.
 */
import type { EpochMs } from "../core/clock.ts";
import {
  compare,
  type DecimalText,
  decimal,
  divide,
  roundDown,
  subtract,
} from "../core/decimal.ts";
import { type MarketTrade, MINUTE_MS } from "./market-tape.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/** A minute of a symbol; amounts are decimal text. */
export interface ScriptedBar {
  /** When the minute begins. */
  readonly time: EpochMs;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

export interface ScriptedTrade extends MarketTrade {
  readonly symbol: string;
}

export interface ScriptedBarsParts {
  readonly clock: SimulatedClock;
  /** A trade of a minute that is over when the script is given. */
  readonly past: (trade: ScriptedTrade) => void;
  /** A trade at its time. */
  readonly due: (trade: ScriptedTrade) => void;
}

/** When in the minute open, extremes and close are. */
const OFFSETS_MS = [0, 15_000, 30_000, 45_000] as const;
const PARTS = decimal(String(OFFSETS_MS.length));
const SIZE_DECIMALS = 0;

export class ScriptedBars {
  readonly #parts: ScriptedBarsParts;
  #waiting: ScriptedTrade[] = [];
  #forget: () => void = () => undefined;

  constructor(parts: ScriptedBarsParts) {
    this.#parts = parts;
  }

  add(symbol: string, bars: readonly ScriptedBar[]): void {
    const now = this.#parts.clock.now();
    for (const bar of [...bars].sort((a, b) => a.time - b.time)) {
      const trades = tradesOf(symbol, bar);
      if (bar.time + MINUTE_MS <= now) for (const trade of trades) this.#parts.past(trade);
      else this.#waiting.push(...trades);
    }
    this.#waiting.sort((a, b) => a.at - b.at);
    this.#waitForNext();
  }

  #waitForNext(): void {
    this.#forget();
    const next = this.#waiting[0];
    if (next === undefined) return;
    const at = Math.max(next.at, this.#parts.clock.now());
    this.#forget = this.#parts.clock.at(at, () => this.#trade());
  }

  #trade(): void {
    const now = this.#parts.clock.now();
    for (let next = this.#waiting[0]; next !== undefined && next.at <= now; ) {
      this.#waiting.shift();
      this.#parts.due(next);
      next = this.#waiting[0];
    }
    this.#waitForNext();
  }
}

/** A rising minute is taken to have fallen first, a falling one to have risen. */
function tradesOf(symbol: string, bar: ScriptedBar): ScriptedTrade[] {
  const [open, close] = [decimal(bar.open), decimal(bar.close)];
  const extremes = [decimal(bar.low), decimal(bar.high)];
  if (compare(close, open) < 0) extremes.reverse();
  const prices = [open, ...extremes, close];
  const sizes = sizesOf(decimal(bar.volume));
  return OFFSETS_MS.map((offset, index) => ({
    symbol,
    at: bar.time + offset,
    price: prices[index] as DecimalText,
    size: sizes[index] as DecimalText,
  }));
}

/** Three equal whole parts, and the rest. */
function sizesOf(volume: DecimalText): readonly DecimalText[] {
  const part = roundDown(divide(volume, PARTS), SIZE_DECIMALS);
  const rest = [part, part, part].reduce((left, taken) => subtract(left, taken), volume);
  return [part, part, part, rest];
}
