/**
 * The bot of the recorded days, the same in both worlds: what it did with a call that failed, and
 * when it made no entry. It is `strategies/naive.ts`, as the build has made it; only its shape
 * stands here, because nothing below the strategies may import one.
 */
import type { PlainBroker } from "../strategy/plain-broker.ts";

export interface Tried<Result> {
  /** Null when every try threw. */
  readonly result: Result | null;
  /** What each failed try threw. */
  readonly failures: readonly string[];
}

/** What of the bot a recorded day needs. */
export interface OldBotCalls {
  /** Calls `work` until it does not throw, three times at the most. */
  withRetries<Result>(work: (attempt: number) => Promise<Result>): Promise<Tried<Result>>;
  /** The bot takes itself to hold nothing, and the broker shows a position in one of `symbols`. */
  entryBlocked(broker: PlainBroker, symbols: readonly string[]): Promise<boolean>;
}

/** The same file from the source and from the build. */
const BUILT = new URL("../../dist/strategies/naive.js", import.meta.url);

const naive = (await import(BUILT.href)) as OldBotCalls;

export const placeWithRetries: OldBotCalls["withRetries"] = naive.withRetries;
export const entryBlocked: OldBotCalls["entryBlocked"] = naive.entryBlocked;
