/**
 * Whether the broker's positions can be read as a whole. While they cannot, a difference may be
 * there that no comparison finds: that is told once, and once more when it is over.
 */
import type { Logger } from "pino";
import type { PositionsReading } from "../broker/broker.ts";
import type { EpochMs } from "../core/clock.ts";

export interface Unread {
  readonly since: EpochMs;
  /** Why the last try failed. */
  readonly because: string;
}

export class UnreadPositions {
  readonly #log: Logger;
  #last: Unread | null = null;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Null where the last reading was of all of them. */
  last(): Unread | null {
    return this.#last;
  }

  /** `at`: when the reading was begun. */
  hear(reading: PositionsReading, at: EpochMs): void {
    const before = this.#last;
    if (reading.kind === "read") {
      this.#last = null;
      if (before === null) return;
      this.#log.warn({ lastedMs: at - before.since }, "positions can be compared again");
      return;
    }
    const { reason } = reading;
    this.#last = { since: before?.since ?? at, because: reason };
    if (before === null) this.#log.warn({ reason }, "positions cannot be compared");
  }
}
