/**
 * Whether orders are taken, for a supervisor's probe: the store takes writes, the broker answers,
 * and everything of the last run was looked up. Asked at most every few seconds, however often the
 * page is fetched: each answer costs a synced write and one of the broker's requests.
 */

import type { Clock, EpochMs } from "../core/clock.ts";
import type { Health } from "../prepared-latch.ts";

export interface ReadinessPorts {
  readonly clock: Clock;
  /** Whether the start is over. */
  readonly isStarted: () => boolean;
  readonly health: () => Promise<Health>;
}

export interface Readiness {
  readonly isReady: boolean;
  readonly recovery: "done" | "under way";
  /** "ok", or what is wrong. */
  readonly store: string;
  readonly broker: string;
}

/** How long an answer stands, unless its reader says otherwise. */
const FRESH_MS = 5_000;

export class ReadinessProbe {
  readonly #ports: ReadinessPorts;
  #askedAt: EpochMs | undefined;
  #health: Promise<Health> | undefined;

  constructor(ports: ReadinessPorts) {
    this.#ports = ports;
  }

  /** `freshMs`: how old the answer may be. */
  async read(freshMs: number = FRESH_MS): Promise<Readiness> {
    const { store, broker } = await this.#fresh(freshMs);
    const isStarted = this.#ports.isStarted();
    return {
      isReady: isStarted && store === null && broker === null,
      recovery: isStarted ? "done" : "under way",
      store: store ?? "ok",
      broker: broker ?? "ok",
    };
  }

  #fresh(freshMs: number): Promise<Health> {
    const now = this.#ports.clock.now();
    const isOld = this.#askedAt === undefined || now - this.#askedAt >= freshMs;
    if (this.#health === undefined || isOld) {
      this.#askedAt = now;
      this.#health = this.#ports.health();
    }
    return this.#health;
  }
}
