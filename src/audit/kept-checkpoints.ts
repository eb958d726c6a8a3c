/** The checkpoints of a ledger, held against its chain one after another as it is followed. */
import type { EpochMs } from "../core/clock.ts";
import type { KeptCheckpoint, Ledger } from "../ledger/ledger.ts";
import type { ChainVerifier } from "./chain-verifier.ts";
import { type Checkpoint, cutOffText, isSigned, saysTheSame } from "./checkpoint.ts";
import { checkpointIn } from "./checkpointing.ts";

const PAGE = 100;

export interface CutOff {
  /** The number of the first event that is missing. */
  readonly event: number;
  readonly message: string;
}

export class KeptCheckpoints {
  /** How many were found to be right. */
  count = 0;
  /** The number of the event that the last of these is about; 0 before there is one. */
  through = 0;
  readonly keys = new Set<string>();
  readonly #ledger: Pick<Ledger, "checkpoints" | "lastSequence">;
  #page: KeptCheckpoint[] | undefined;

  constructor(ledger: Pick<Ledger, "checkpoints" | "lastSequence">) {
    this.#ledger = ledger;
  }

  /** Whoever writes meanwhile may have made further ones. */
  lookAgain(): void {
    this.#page = undefined;
  }

  /** What is wrong with the checkpoint about the chain's last event, where there is one. */
  async differenceAt(chain: ChainVerifier): Promise<string | undefined> {
    this.#page ??= [...(await this.#ledger.checkpoints(chain.sequence - 1, PAGE))];
    if (this.#page[0]?.sequence !== chain.sequence) return undefined;
    const [kept] = this.#page.splice(0, 1);
    if (this.#page.length === 0) this.#page = undefined;
    const checkpoint = kept && signedIn(kept);
    if (checkpoint === undefined) return wasChanged(chain.sequence);
    if (!saysTheSame(checkpoint, chain.end())) return wasMadeAnew(chain.sequence, checkpoint.at);
    this.count += 1;
    this.through = chain.sequence;
    this.keys.add(checkpoint.publicKey);
    return undefined;
  }

  /** What is missing behind the log's last event; `sequence` is the last one that was read. */
  async cutOffAfter(sequence: number): Promise<CutOff | undefined> {
    const [kept] = await this.#ledger.checkpoints(sequence, 1);
    if (kept === undefined) return undefined;
    // Who writes meanwhile has signed events of after the last one that was read: they are there.
    const last = await this.#ledger.lastSequence();
    if (last >= kept.sequence) return undefined;
    return { event: last + 1, message: cutOffText(last, kept) };
  }
}

/** What was kept, as it was signed; undefined where it was changed. */
export function signedIn(kept: KeptCheckpoint): Checkpoint | undefined {
  const checkpoint = checkpointIn(kept);
  return checkpoint !== undefined && isSigned(checkpoint) ? checkpoint : undefined;
}

export function wasChanged(sequence: number): string {
  return `the checkpoint at event ${sequence} was changed: its signature is not of it`;
}

export function wasMadeAnew(sequence: number, signedAt: EpochMs): string {
  const signed = `event ${sequence} is not the one that was signed`;
  return `${signed} ${new Date(signedAt).toISOString()}: the chain was made anew`;
}
