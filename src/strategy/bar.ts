/** One minute of one symbol's trading, as a feed tells it. */
import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";

/**
 * A bar that is over. Prices and volume are decimal text, so that one of them may be an order's
 * limit as it is; an indicator takes `Number(bar.close)`, and nothing that is sent is made of that.
 */
export interface Bar {
  readonly symbol: string;
  /**
   * The bar's own name, as anchors take it: the minute in New York at which it began, such as
   * `2026-05-21T09:41`. The same in every instance of a bot, live and in a backtest.
   */
  readonly name: string;
  /** When it began. */
  readonly startAt: EpochMs;
  /** When it was over: nobody could act on it before. */
  readonly endAt: EpochMs;
  readonly open: DecimalText;
  readonly high: DecimalText;
  readonly low: DecimalText;
  readonly close: DecimalText;
  readonly volume: DecimalText;
}

export const BAR_MS = 60_000;
