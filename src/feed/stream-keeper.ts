/**
 * Keeps one stream of bars up until it is told to stop.
 *
 * 1. Never two connections at once: the next begins when the last one's socket is gone.
 * 2. Pauses between tries grow up to a bound, and start over after a connection that held. Refused
 *    keys or plans are tried again slowly, because only a person can mend them.
 */
import type { MarketData, MinuteBar, StreamEnd } from "../broker/market-data.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import type { RandomSource } from "../core/random.ts";

export const FIRST_PAUSE_MS = 500;
export const LONGEST_PAUSE_MS = 30_000;
export const REFUSED_PAUSE_MS = 60_000;
/** A connection that was up for so long held; a shorter one counts as a failed try. */
export const HELD_MS = 10_000;

export interface StreamKeeperParts {
  readonly data: Pick<MarketData, "stream">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly symbols: readonly string[];
  readonly onBar: (bar: MinuteBar) => void;
  readonly onUp: () => void;
  /** A try has ended, up or not; the next one comes after `pauseMs`. */
  readonly onDown: (end: StreamEnd, pauseMs: number) => void;
}

const AGAIN = new Error("the connection is made anew");

export class StreamKeeper {
  readonly #parts: StreamKeeperParts;
  #connection = new AbortController();

  constructor(parts: StreamKeeperParts) {
    this.#parts = parts;
  }

  /** Resolves when `signal` has aborted and the last socket is gone. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onDown } = this.#parts;
    let failures = 0;
    while (!signal.aborted) {
      const { end, upMs } = await this.#connect(signal);
      if (signal.aborted) return;
      failures = upMs >= HELD_MS ? 1 : failures + 1;
      const pauseMs = this.#pauseMs(end, failures);
      onDown(end, pauseMs);
      await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  /** Ends a connection that is up and tells nothing; the next one follows. */
  restart(): void {
    this.#connection.abort(AGAIN);
  }

  async #connect(signal: AbortSignal): Promise<{ readonly end: StreamEnd; readonly upMs: number }> {
    const { data, clock, symbols, onBar, onUp } = this.#parts;
    this.#connection = new AbortController();
    let upAt: EpochMs | undefined;
    const ears = {
      onBar,
      onUp: () => {
        upAt = clock.now();
        onUp();
      },
    };
    const either = AbortSignal.any([signal, this.#connection.signal]);
    const end = await data.stream(symbols, ears, either);
    return { end, upMs: upAt === undefined ? 0 : clock.now() - upAt };
  }

  /** Between half of the pause and the whole, so that many bots do not come back in step. */
  #pauseMs({ kind }: StreamEnd, failures: number): number {
    const grown = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    const wholeMs = kind === "refused" ? REFUSED_PAUSE_MS : grown;
    return wholeMs * (0.5 + this.#parts.random.fraction() / 2);
  }
}
