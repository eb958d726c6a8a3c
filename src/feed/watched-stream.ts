/**
 * The stream of a session's bars, with what is said of it. Why it is down is told once for each
 * reason; one that is up and tells nothing, while reads have bars, is made anew.
 */
import type { Logger } from "pino";
import type { MarketData, MinuteBar } from "../broker/market-data.ts";
import type { Clock } from "../core/clock.ts";
import type { RandomSource } from "../core/random.ts";
import { StreamKeeper } from "./stream-keeper.ts";

export interface WatchedStreamParts {
  readonly data: MarketData;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly symbols: readonly string[];
  readonly onBar: (bar: MinuteBar) => void;
}

/** So many reads in a row with bars that the stream has not told of, and it is made anew. */
const SILENT_READS = 3;

export class WatchedStream {
  readonly #parts: WatchedStreamParts;
  readonly #keeper: StreamKeeper;
  #isUp = false;
  #readInstead = 0;
  #toldReason: string | undefined;

  constructor(parts: WatchedStreamParts) {
    this.#parts = parts;
    this.#keeper = new StreamKeeper({
      ...parts,
      onBar: (bar) => {
        this.#readInstead = 0;
        parts.onBar(bar);
      },
      onUp: () => this.#up(),
      onDown: ({ kind, reason }, pauseMs) => this.#down(kind, reason, pauseMs),
    });
  }

  /** Resolves when `signal` has aborted and the last socket is gone. */
  run(signal: AbortSignal): Promise<void> {
    return this.#keeper.run(signal);
  }

  /** A read had bars that the stream should have told of. */
  missed(): void {
    if (!this.#isUp) return;
    this.#readInstead += 1;
    if (this.#readInstead < SILENT_READS) return;
    this.#parts.log.warn("the stream of bars is silent while bars are read: it is made anew");
    this.#readInstead = 0;
    this.#keeper.restart();
  }

  #up(): void {
    const { log, data, symbols } = this.#parts;
    this.#isUp = true;
    this.#readInstead = 0;
    this.#toldReason = undefined;
    log.info({ url: data.streamUrl, symbols }, "the stream of bars is up");
  }

  #down(kind: string, reason: string, pauseMs: number): void {
    this.#isUp = false;
    const level = reason === this.#toldReason ? "debug" : "warn";
    this.#toldReason = reason;
    const fields = { kind, reason, pauseMs: Math.round(pauseMs) };
    this.#parts.log[level](fields, "the stream of bars is down; bars are read meanwhile");
  }
}
