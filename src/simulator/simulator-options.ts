/** The options of the simulator, for its start and for a reset. Amounts are decimal text. */
import type { EpochMs } from "../core/clock.ts";
import type { CalendarOverrides } from "./market-calendar.ts";
import type { ScriptedBar } from "./scripted-bars.ts";

/** What an account may see: the exchange IEX alone, or all of them at once as well. */
export type DataPlan = "basic" | "plus";

export interface OpeningPosition {
  readonly symbol: string;
  /** Negative for a short position. */
  readonly quantity: string;
  readonly averagePrice: string;
}

/** What the broker's world looks like at the start; a reset may change any of it. */
export interface WorldOptions {
  /** Fixes every id and every chance. Default 1. */
  readonly seed?: number | undefined;
  /** Default: a Thursday in the middle of a core session, 2026-05-21T14:00:00Z. */
  readonly startAt?: EpochMs | undefined;
  /** Default 100,000 US dollars. */
  readonly cash?: string | undefined;
  /** Default true. */
  readonly allowShorting?: boolean | undefined;
  readonly prices?: Readonly<Record<string, string>> | undefined;
  readonly positions?: readonly OpeningPosition[] | undefined;
  /** Minutes of each symbol: those before the start are history, the others come in their time. */
  readonly bars?: Readonly<Record<string, readonly ScriptedBar[]>> | undefined;
  readonly calendar?: CalendarOverrides | undefined;
  /** The account's id, a UUID; made from the seed when absent. */
  readonly accountId?: string | undefined;
  /** Chance (0 to 1) that an order fills in two parts; the second at the next price or time. */
  readonly partialFillChance?: number | undefined;
  /** The part of a bought currency that is kept as its fee; default 0.0025. */
  readonly pairFee?: string | undefined;
  /** True: orders fill only through scripted fills. Default false. */
  readonly scriptedFills?: boolean | undefined;
}

export interface SimulatorOptions extends WorldOptions {
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** With `secret`: the only credentials taken. Without: any pair that is not empty. */
  readonly keyId?: string | undefined;
  readonly secret?: string | undefined;
  /** Answers 429 beyond this many requests in a minute of simulated time. Default: never. */
  readonly rateLimitPerMinute?: number | undefined;
  /** Default "binary", as Alpaca does it. */
  readonly streamFrames?: "binary" | "text" | undefined;
  /** What market data the account may see: `basic` (the default) has no recent `sip`. */
  readonly dataPlan?: DataPlan | undefined;
  /** Streams of stock data at once; default 1, as Alpaca has it. */
  readonly dataConnections?: number | undefined;
}

/** 10:00 in New York. */
export const DEFAULT_START: EpochMs = 1_779_372_000_000;
export const DEFAULT_CASH = "100000";
export const DEFAULT_SEED = 1;
