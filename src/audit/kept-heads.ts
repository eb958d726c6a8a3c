/**
 * What the checkpoints of a ledger say of one account, held against its events as they are read. A
 * day that added nothing to the account says what the day before has said, and takes no room.
 */
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { AccountId } from "../core/ids.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { AccountHead, ChainEnd } from "./chain-verifier.ts";
import { signedIn, wasChanged, wasMadeAnew } from "./kept-checkpoints.ts";

const PAGE = 100;

interface SignedHead {
  readonly sequence: number;
  readonly at: EpochMs;
}

export class KeptHeads {
  /** Those that no event was found to be, by what was signed of them, oldest first. */
  readonly #missing = new Map<string, SignedHead>();

  /** Throws LatchError `audit_broken` where a checkpoint was changed. */
  static async of(ledger: Pick<Ledger, "checkpoints">, account: AccountId): Promise<KeptHeads> {
    const heads = new KeptHeads();
    for (let after = 0; ; ) {
      const page = await ledger.checkpoints(after, PAGE);
      for (const kept of page) {
        const checkpoint = signedIn(kept);
        if (checkpoint === undefined) throw changed(kept.sequence);
        const head = checkpoint.accounts.find((one) => one.account === account);
        if (head !== undefined) heads.#add(head, checkpoint.at);
      }
      const last = page.at(-1);
      if (last === undefined) return heads;
      after = last.sequence;
    }
  }

  /** Takes where the account stands behind its next event. */
  take({ accounts: [head] }: ChainEnd): void {
    if (head !== undefined) this.#missing.delete(nameOf(head));
  }

  /** What is not as it was signed, once all events up to `last` were taken. */
  differenceBehind(last: number): string | undefined {
    const [first] = this.#missing.values();
    if (first === undefined) return undefined;
    if (first.sequence <= last) return wasMadeAnew(first.sequence, first.at);
    return `event ${first.sequence} is missing: it was signed as the account's last one`;
  }

  #add(head: AccountHead, at: EpochMs): void {
    const name = nameOf(head);
    if (!this.#missing.has(name)) this.#missing.set(name, { sequence: head.sequence, at });
  }
}

function nameOf({ events, sequence, hash }: AccountHead): string {
  return `${sequence} ${events} ${hash}`;
}

function changed(sequence: number): LatchError {
  return new LatchError("audit_broken", wasChanged(sequence));
}
