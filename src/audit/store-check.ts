/**
 * Verifies a ledger where it is: the chain from its first event to the last, and that every row is
 * what the events come to. Reads in pages, also while the ledger is in use.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { InvariantError } from "../core/errors.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";
import { type ChainEnd, ChainVerifier } from "./chain-verifier.ts";
import { FoldCheck, type FoldLedger } from "./fold-check.ts";

export type CheckedLedger = FoldLedger & Pick<Ledger, "events" | "lastSequence">;

export interface StoreFault {
  /** The number of the first event that is bad; null where every event is good. */
  readonly event: number | null;
  readonly reason: "chain" | "impossible" | "rows";
  readonly message: string;
}

export interface StoreVerdict {
  /** What was verified. */
  readonly end: ChainEnd;
  readonly fault: StoreFault | undefined;
  /** False where the ledger never stood still for long enough to compare its rows. */
  readonly wereRowsCompared: boolean;
}

export type OnProgress = (done: number, total: number) => void;

const PAGE = 500;
/** So often rows that moved meanwhile are read again. */
const TRIES = 10;

export async function checkStore(
  ledger: CheckedLedger,
  onProgress: OnProgress,
): Promise<StoreVerdict> {
  const check = new StoreCheck(ledger, await ledger.lastSequence());
  for (let tries = 0; tries < TRIES; tries += 1) {
    const fault = await check.readOn(onProgress);
    if (fault !== undefined) return check.verdict(fault, false);
    const difference = await check.difference();
    if ((await ledger.lastSequence()) !== check.sequence) continue;
    if (difference === undefined) return check.verdict(undefined, true);
    return check.verdict({ event: null, reason: "rows", message: difference }, true);
  }
  return check.verdict(undefined, false);
}

class StoreCheck {
  readonly #ledger: CheckedLedger;
  readonly #chain = new ChainVerifier();
  readonly #fold: FoldCheck;

  constructor(ledger: CheckedLedger, last: number) {
    this.#ledger = ledger;
    this.#fold = new FoldCheck(ledger, last);
  }

  get sequence(): number {
    return this.#chain.sequence;
  }

  difference(): Promise<string | undefined> {
    return this.#fold.difference();
  }

  verdict(fault: StoreFault | undefined, wereRowsCompared: boolean): StoreVerdict {
    return { end: this.#chain.end(), fault, wereRowsCompared };
  }

  /** Up to the last event that there is now. */
  async readOn(onProgress: OnProgress): Promise<StoreFault | undefined> {
    const total = await this.#ledger.lastSequence();
    while (this.sequence < total) {
      const limit = Math.min(PAGE, total - this.sequence);
      const events = await this.#ledger.events({ after: this.sequence, limit });
      for (const event of events) {
        const fault = await this.#take(event);
        if (fault !== undefined) return fault;
      }
      const next = this.sequence + 1;
      if (events.length === 0) {
        return { event: next, reason: "chain", message: `event ${next} is missing` };
      }
      await this.#fold.letGo();
      onProgress(this.sequence, total);
      await turnOfTheLoop();
    }
    return undefined;
  }

  async #take(event: StoredEvent): Promise<StoreFault | undefined> {
    const broken = this.#chain.next(event);
    if (broken !== undefined) {
      return { event: broken.event, reason: "chain", message: broken.message };
    }
    try {
      await this.#fold.take(event);
      return undefined;
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      const message = `event ${event.sequence} cannot follow the others: ${error.message}`;
      return { event: event.sequence, reason: "impossible", message };
    }
  }
}
