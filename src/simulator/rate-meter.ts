/** Counts requests by the minute of simulated time, for the rate limit's headers and refusal. */
import type { EpochMs } from "../core/clock.ts";

export interface RateReading {
  readonly headers: Readonly<Record<string, string>>;
  readonly exceeded: boolean;
  readonly secondsToReset: number;
}

const MS_PER_MINUTE = 60_000;
const PUBLISHED_LIMIT = 200;

export class RateMeter {
  readonly #limit: number;
  readonly #enforced: boolean;
  #minute = Number.NaN;
  #count = 0;

  /** Without a limit the published one is shown and never enforced. */
  constructor(enforcedLimit?: number) {
    this.#limit = enforcedLimit ?? PUBLISHED_LIMIT;
    this.#enforced = enforcedLimit !== undefined;
  }

  /** Counts one request that arrives at `now`. */
  count(now: EpochMs): RateReading {
    const minute = Math.floor(now / MS_PER_MINUTE);
    this.#count = minute === this.#minute ? this.#count + 1 : 1;
    this.#minute = minute;
    const resetAt = (minute + 1) * MS_PER_MINUTE;
    return {
      exceeded: this.#enforced && this.#count > this.#limit,
      secondsToReset: Math.ceil((resetAt - now) / 1000),
      headers: {
        "X-RateLimit-Limit": String(this.#limit),
        "X-RateLimit-Remaining": String(Math.max(0, this.#limit - this.#count)),
        "X-RateLimit-Reset": String(resetAt / 1000),
      },
    };
  }
}
