/** The checkpoints of a ledger, held against its chain one after another as it is followed. */
import type { KeptCheckpoint, Ledger } from "../ledger/ledger.ts";
import type { ChainVerifier } from "./chain-verifier.ts";
import { isSigned, saysTheSame } from "./checkpoint.ts";
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
    const checkpoint = kept && checkpointIn(kept);
    if (checkpoint === undefined || !isSigned(checkpoint)) {
      return `the checkpoint at event ${chain.sequence} was changed: its signature is not of it`;
    }
    if (!saysTheSame(checkpoint, chain.end())) {
      const at = new Date(checkpoint.at).toISOString();
      const signed = `event ${chain.sequence} is not the one that was signed ${at}`;
      return `${signed}: the chain was made anew`;
    }
    this.count += 1;
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
    const event = last + 1;
    return { event, message: `event ${event} is missing: ${kept.sequence} events were signed` };
  }
}
