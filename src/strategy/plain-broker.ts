/**
 * The port of a strategy that has no latch: the broker as a bot knows it that sends by itself. It
 * is there to show the difference, and for a backtest only; a live run takes no such strategy.
 */
import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";
import type { Side } from "../identity/intent.ts";
import type { MarketSession } from "../schedule/market-hours.ts";
import type { Bar } from "./bar.ts";
import type { StrategyParameters } from "./strategy.ts";

/** A market order for the day. */
export interface PlainOrder {
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly clientOrderId?: string | undefined;
}

/** Whoever calls twice sends twice. */
export interface PlainBroker {
  /**
   * The broker's id of the order. Rejects with its own words where it refuses, such as
   * `422 position intent mismatch`, and with `no answer` where none came.
   */
  postOrder(order: PlainOrder): Promise<string>;
  /** Shares by symbol, below zero where they are short. Rejects as {@link postOrder} does. */
  openPositions(): Promise<ReadonlyMap<string, DecimalText>>;
}

export interface UnguardedContext {
  readonly broker: PlainBroker;
  now(): EpochMs;
  /** The session of the bar; undefined before the first. */
  readonly session: MarketSession | undefined;
  log(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A strategy that sends its orders by itself: see {@link Strategy} for the hooks. */
export interface UnguardedStrategy {
  /** Says that it wants no latch. */
  readonly isUnguarded: true;
  readonly symbols: readonly string[];
  onStart?(context: UnguardedContext): void | Promise<void>;
  onBar(bar: Bar, context: UnguardedContext): void | Promise<void>;
  onStop?(context: UnguardedContext): void | Promise<void>;
}

export type UnguardedFactory = (parameters: StrategyParameters) => UnguardedStrategy;
