/**
 * The port of the broker's market data: minute bars, as they were and as they come. No method
 * rejects for anything that the broker or the network did; a failed read says nothing about bars.
 */
import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";
import type { Reading } from "./broker.ts";

export const MINUTE_MS = 60_000;

/** One minute of one symbol's trading. */
export interface MinuteBar {
  readonly symbol: string;
  /** When it began. */
  readonly startAt: EpochMs;
  readonly open: DecimalText;
  readonly high: DecimalText;
  readonly low: DecimalText;
  readonly close: DecimalText;
  readonly volume: DecimalText;
}

/** Which bars are meant: those that began at `from` or later, and before `until`. */
export interface BarsQuery {
  readonly symbols: readonly string[];
  readonly from: EpochMs;
  readonly until: EpochMs;
}

export type BarsReading =
  | Reading<readonly MinuteBar[]>
  /** The same question will never be answered: keys, plan or symbols are at fault. */
  | { readonly kind: "refused"; readonly reason: string };

/** What a stream of bars tells while it is connected. */
export interface BarEars {
  /** The keys were taken and every symbol is subscribed: from now on nothing is missed. */
  readonly onUp: () => void;
  readonly onBar: (bar: MinuteBar) => void;
}

/** How a connection ended. */
export interface StreamEnd {
  /**
   * `refused`: keys or plan are at fault, and only a person can mend them. `busy`: the account has
   * as many connections as its plan allows. `lost`: anything else, and the end that was asked for.
   */
  readonly kind: "lost" | "busy" | "refused";
  readonly reason: string;
}

export interface MarketData {
  /** Where bars are read, without a slash at its end. */
  readonly url: string;
  /** Where they are streamed from. */
  readonly streamUrl: string;
  /** What the clock of whoever answers reads shows; null before an answer has said so. */
  now(): EpochMs | null;
  /** Oldest first, over as many pages as it takes; a minute that is not over may be among them. */
  bars(query: BarsQuery): Promise<BarsReading>;
  /** One connection, until it is lost or `signal` aborts; resolves when its socket is gone. */
  stream(symbols: readonly string[], ears: BarEars, signal: AbortSignal): Promise<StreamEnd>;
}
