/**
 * The feed's port: bars and what is to be known of them, in the order in which they hold.
 *
 * 1. Only bars of regular hours are given, each once, a symbol's in the order of time.
 * 2. A session is told before its first bar, also to whoever starts in the middle of it.
 * 3. Bars that are over for longer than a moment (the part of the session before the start, what a
 *    stream had missed) come as `past`: indicators take them, and no order is sent for them.
 * 4. `stale` holds until `resumed`: meanwhile no entry is sent, and exits are.
 *
 * A file of bars and a live stream are both feeds; what trades on them does not know which it has.
 */
import type { EpochMs } from "../core/clock.ts";
import type { MarketSession } from "../schedule/market-hours.ts";
import type { Bar } from "./bar.ts";

export interface FeedRequest {
  readonly symbols: readonly string[];
  /** Ends the sequence when it aborts, without an error. */
  readonly signal: AbortSignal;
}

export type FeedItem =
  | { readonly kind: "session"; readonly session: MarketSession }
  | { readonly kind: "bar"; readonly bar: Bar; readonly isPast: boolean }
  /** No bar came when one was due. */
  | { readonly kind: "stale"; readonly at: EpochMs; readonly reason: string }
  | { readonly kind: "resumed"; readonly at: EpochMs }
  /** Bars that the stream had missed were read elsewhere; they follow as past ones. */
  | {
      readonly kind: "gap_filled";
      readonly at: EpochMs;
      readonly symbol: string;
      /** Names of the first and the last of them. */
      readonly from: string;
      readonly until: string;
      readonly bars: number;
    };

/** The kinds of {@link FeedItem} that are no bar. */
export type FeedNotice = Exclude<FeedItem, { kind: "bar" }>;

export interface Feed {
  /** Rejects with LatchError `feed_failed` when no further bar can come. */
  items(request: FeedRequest): AsyncIterable<FeedItem>;
}
