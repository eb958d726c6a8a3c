/**
 * What the market did, as far as market data shows it: the last trade of each symbol and its
 * minute bars, made of every price that was set. A trade belongs to the minute in which it was.
 *
 * Bars are kept, trades are not, and of the bars the latest {@link MAXIMUM_BARS} of a symbol. A bar
 * whose minute is not over is here too; who asks says whether it is to be seen.
 */
import type { EpochMs } from "../core/clock.ts";
import { add, compare, type DecimalText, decimal, multiply } from "../core/decimal.ts";

export const MINUTE_MS = 60_000;
/** Some fifty days of trading. */
const MAXIMUM_BARS = 20_000;
/** What a price that somebody sets is taken to have traded. */
export const USUAL_SIZE = decimal("100");

export interface MarketTrade {
  readonly at: EpochMs;
  readonly price: DecimalText;
  readonly size: DecimalText;
}

/** One minute of one symbol. */
export interface MarketBar {
  readonly startAt: EpochMs;
  readonly open: DecimalText;
  readonly high: DecimalText;
  readonly low: DecimalText;
  readonly close: DecimalText;
  readonly volume: DecimalText;
  /** The sum of price times size, of which the average price is made. */
  readonly turnover: DecimalText;
  readonly trades: number;
}

export interface LastTrade extends MarketTrade {
  /** Counted from 1 for each symbol. */
  readonly id: number;
}

interface SymbolTape {
  readonly bars: MarketBar[];
  last: LastTrade;
}

export class MarketTape {
  readonly #tapes = new Map<string, SymbolTape>();

  /** Every symbol that ever traded. */
  symbols(): string[] {
    return [...this.#tapes.keys()];
  }

  lastTrade(symbol: string): LastTrade | undefined {
    return this.#tapes.get(symbol)?.last;
  }

  record(symbol: string, trade: MarketTrade): LastTrade {
    const tape = this.#tapes.get(symbol);
    const last = { ...trade, id: (tape?.last.id ?? 0) + 1 };
    if (tape === undefined) {
      this.#tapes.set(symbol, { bars: [firstOf(trade)], last });
      return last;
    }
    if (trade.at >= tape.last.at) tape.last = last;
    enter(tape.bars, trade);
    return last;
  }

  /** Bars that began at `from` or later and before `until`, oldest first. */
  bars(symbol: string, from: EpochMs, until: EpochMs): readonly MarketBar[] {
    const bars = this.#tapes.get(symbol)?.bars ?? [];
    return bars.slice(indexAt(bars, from), indexAt(bars, until));
  }
}

/** The minute that `at` lies in. */
export function minuteOf(at: EpochMs): EpochMs {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

/** Two spans that follow one another as one. */
export function joined(earlier: MarketBar, later: MarketBar): MarketBar {
  return {
    startAt: earlier.startAt,
    open: earlier.open,
    high: compare(later.high, earlier.high) > 0 ? later.high : earlier.high,
    low: compare(later.low, earlier.low) < 0 ? later.low : earlier.low,
    close: later.close,
    volume: add(earlier.volume, later.volume),
    turnover: add(earlier.turnover, later.turnover),
    trades: earlier.trades + later.trades,
  };
}

function firstOf({ at, price, size }: MarketTrade): MarketBar {
  const prices = { open: price, high: price, low: price, close: price };
  const turnover = multiply(price, size);
  return { startAt: minuteOf(at), ...prices, volume: size, turnover, trades: 1 };
}

/** A clock that was set back makes trades of minutes that have their bars already. */
function enter(bars: MarketBar[], trade: MarketTrade): void {
  const bar = firstOf(trade);
  const index = indexAt(bars, bar.startAt);
  const known = bars[index];
  if (known?.startAt === bar.startAt) bars[index] = joined(known, bar);
  else bars.splice(index, 0, bar);
  if (bars.length > MAXIMUM_BARS) bars.shift();
}

/** Where the first bar stands that began at `at` or later; nearly always at the end. */
function indexAt(bars: readonly MarketBar[], at: EpochMs): number {
  const last = bars.at(-1);
  if (last === undefined || last.startAt < at) return bars.length;
  let [low, high] = [0, bars.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars[middle]?.startAt ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
