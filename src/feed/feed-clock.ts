/**
 * This machine's clock, but never behind that of market data. By a clock that is behind, minutes
 * that are over would not be read yet, and a bar of some minutes ago would be one of the present.
 * One that is ahead stays as it is: then bars are late, which stops entries and no exit. Whatever
 * is compared with bars goes by this clock, claims too.
 */
import type { Logger } from "pino";
import type { MarketData } from "../broker/market-data.ts";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { CLOCK_BEHIND_MAX_MS, FlooredClock } from "../core/floored-clock.ts";

/** An answer names whole seconds, and takes its time. */
const TOLERATED_MS = 3_000;

export class FeedClock extends FlooredClock {
  readonly #data: Pick<MarketData, "now" | "url">;
  readonly #log: Logger;
  #isTold = false;

  constructor(clock: Clock, data: Pick<MarketData, "now" | "url">, log: Logger) {
    super(clock);
    this.#data = data;
    this.#log = log;
  }

  /** Something was read just now. */
  keepUp(): void {
    const theirs = this.#data.now();
    if (theirs === null) return;
    const behindMs = theirs - this.now();
    if (behindMs <= TOLERATED_MS) return;
    if (!this.#isTold) this.#log.warn({ behindMs }, "the clock is behind that of market data");
    this.#isTold = true;
    if (behindMs <= CLOCK_BEHIND_MAX_MS) this.raiseTo(theirs);
  }

  /** Throws LatchError `clock_behind` where the two are too far apart for one to follow. */
  requireNear(): void {
    const [now, theirs] = [this.now(), this.#data.now()];
    if (theirs === null || theirs - now <= CLOCK_BEHIND_MAX_MS) return;
    const [shown, other] = [now, theirs].map((at) => new Date(at).toISOString());
    const message = `the clock shows ${shown}, that of ${this.#data.url} ${other}`;
    throw new LatchError("clock_behind", message);
  }
}
