/**
 * Keeps a latch's clock up with those of other processes on its ledger: what one of them has put on
 * record is not in the future of another, or the same order would be a repeat for the one and a new
 * one for the other.
 */
import type { Logger } from "pino";
import type { Claim } from "../claim/claim.ts";
import { CLOCK_BEHIND_MAX_MS, type FlooredClock } from "../core/floored-clock.ts";
import type { Ledger } from "../ledger/ledger.ts";

interface PacePorts {
  readonly clock: FlooredClock;
  readonly ledger: Pick<Ledger, "lastEventAt">;
  readonly log: Logger;
}

export class LedgerPace {
  readonly #ports: PacePorts;
  /** It has been said. */
  #isTooFarBehind = false;

  constructor(ports: PacePorts) {
    this.#ports = ports;
  }

  /** `claims`: those that are not settled. */
  async keepUpWith(claims: readonly Claim[]): Promise<void> {
    const { clock, ledger, log } = this.#ports;
    // Claims that the stream settled at once are in the log alone.
    const lastAt = (await ledger.lastEventAt()) ?? 0;
    const latest = Math.max(lastAt, ...claims.map(({ openedAt }) => openedAt));
    const behindMs = latest - clock.now();
    const isTooFar = behindMs > CLOCK_BEHIND_MAX_MS;
    // Which of the two is wrong only a person can tell.
    if (isTooFar && !this.#isTooFarBehind) {
      log.error({ behindMs }, "the clock is too far behind the ledger to keep up with it");
    }
    this.#isTooFarBehind = isTooFar;
    if (behindMs <= 0 || isTooFar) return;
    clock.raiseTo(latest);
    log.warn({ behindMs }, "the clock is behind the ledger");
  }
}
