/**
 * Tells of requests that were turned away, without letting them fill the disk: of each kind the
 * first one at once, then one line a minute with the number of those in between.
 */
import type { Logger } from "pino";
import type { Clock, EpochMs } from "../core/clock.ts";

const PERIOD_MS = 60_000;

interface Count {
  readonly since: EpochMs;
  readonly unsaid: number;
}

export class RefusalLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  /** One entry per kind; the kinds are the names in the registry. */
  readonly #counts = new Map<string, Count>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(kind: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const now = this.#clock.now();
    const count = this.#counts.get(kind);
    if (count !== undefined && now - count.since < PERIOD_MS) {
      this.#counts.set(kind, { since: count.since, unsaid: count.unsaid + 1 });
      return;
    }
    this.#counts.set(kind, { since: now, unsaid: 0 });
    this.#log.warn({ kind, alsoRefused: count?.unsaid ?? 0, ...fields }, "request refused");
  }
}
