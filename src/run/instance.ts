/** One instance of a strategy in a backtest, guarded or not, as its driver sees it. */
import type { EpochMs } from "../core/clock.ts";
import type { FeedItem } from "../strategy/feed.ts";

/** A line that the strategy logged. */
export interface LoggedLine {
  readonly at: EpochMs;
  readonly instance: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Instance {
  readonly lines: readonly LoggedLine[];
  /** The strategy's last hook has returned. */
  readonly isOver: boolean;
  push(item: FeedItem): void;
  /** Nothing comes any more. */
  end(): void;
  /**
   * Moves its clock and lets everything that is due run. Rejects with what its strategy or a round
   * of its latch has thrown.
   */
  advanceTo(now: EpochMs): Promise<void>;
  /** When it next wants to run; null when it waits for nothing. */
  wakeAt(): EpochMs | null;
  close(): Promise<void>;
}
