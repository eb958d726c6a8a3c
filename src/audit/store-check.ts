/**
 * Verifies a ledger where it is: the chain from its first event to the last, that it goes through
 * every checkpoint that the ledger keeps, and that every row is what the events come to. Reads in
 * pages, also while the ledger is in use.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { InvariantError } from "../core/errors.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";
import { type ChainEnd, ChainVerifier } from "./chain-verifier.ts";
import { FoldCheck, type FoldLedger } from "./fold-check.ts";
import { KeptCheckpoints } from "./kept-checkpoints.ts";

export type CheckedLedger = FoldLedger & Pick<Ledger, "checkpoints" | "events" | "lastSequence">;

export interface StoreFault {
  /** The number of the first event that is bad; null where every event is good. */
  readonly event: number | null;
  readonly reason: "chain" | "checkpoint" | "impossible" | "rows";
  readonly message: string;
}

export interface StoreVerdict {
  /** What was verified. */
  readonly end: ChainEnd;
  readonly fault: StoreFault | undefined;
  /** How many checkpoints there are, and the keys that signed them. */
  readonly checkpoints: number;
  readonly keys: readonly string[];
  /** The event that the last of them is about: behind it nothing tells of what is gone. */
  readonly signedThrough: number;
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
    const cutOff = await check.cutOff();
    if (cutOff !== undefined) return check.verdict(cutOff, false);
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
  readonly #kept: KeptCheckpoints;

  constructor(ledger: CheckedLedger, last: number) {
    this.#ledger = ledger;
    this.#fold = new FoldCheck(ledger, last);
    this.#kept = new KeptCheckpoints(ledger);
  }

  get sequence(): number {
    return this.#chain.sequence;
  }

  difference(): Promise<string | undefined> {
    return this.#fold.difference();
  }

  verdict(fault: StoreFault | undefined, wereRowsCompared: boolean): StoreVerdict {
    const { count: checkpoints, keys, through: signedThrough } = this.#kept;
    const signed = { checkpoints, keys: [...keys], signedThrough };
    return { end: this.#chain.end(), fault, ...signed, wereRowsCompared };
  }

  /** What a checkpoint has counted and the log does not have. */
  async cutOff(): Promise<StoreFault | undefined> {
    const found = await this.#kept.cutOffAfter(this.sequence);
    return found && { ...found, reason: "checkpoint" };
  }

  /** Up to the last event that there is now. */
  async readOn(onProgress: OnProgress): Promise<StoreFault | undefined> {
    const total = await this.#ledger.lastSequence();
    this.#kept.lookAgain();
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
    const unlike = await this.#kept.differenceAt(this.#chain);
    if (unlike !== undefined) {
      return { event: event.sequence, reason: "checkpoint", message: unlike };
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
