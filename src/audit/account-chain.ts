/**
 * Follows the chain of one account from its first event on. The numbers count the events of all
 * accounts, so here they only grow; what tells that none is missing is each event's hash of the one
 * before it. Pure.
 */
import type { AccountId } from "../core/ids.ts";
import { accountOf, GENESIS_HASH } from "../ledger/event-chain.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import type { ChainEnd } from "./chain-verifier.ts";
import { hashOf } from "./event-hash.ts";

export type AccountBreak = "changed" | "foreign" | "out_of_place" | "unlinked";

export interface BrokenAccount {
  readonly reason: AccountBreak;
  readonly message: string;
}

export class AccountChain {
  readonly #account: AccountId;
  #events = 0;
  #sequence = 0;
  #hash = GENESIS_HASH;

  constructor(account: AccountId) {
    this.#account = account;
  }

  /** Takes the next event; tells what is wrong with it, and takes it only where nothing is. */
  next(event: StoredEvent): BrokenAccount | undefined {
    const found = this.#breakAt(event);
    if (found !== undefined) return found;
    this.#events += 1;
    [this.#sequence, this.#hash] = [event.sequence, event.hash];
    return undefined;
  }

  /** The number of the last event that was taken; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  end(): ChainEnd {
    const [account, events, sequence, hash] = [
      ...[this.#account, this.#events, this.#sequence, this.#hash],
    ] as const;
    const accounts = events === 0 ? [] : [{ account, events, sequence, hash }];
    return { sequence, accounts };
  }

  #breakAt(event: StoredEvent): BrokenAccount | undefined {
    const { sequence, hash, previousHash } = event;
    const found = (reason: AccountBreak, message: string) => ({ reason, message });
    if (hash !== hashOf(event)) {
      return found("changed", `event ${sequence} was changed: its hash does not fit what it says`);
    }
    if (accountOf(event) !== this.#account) {
      return found("foreign", `event ${sequence} is of another account`);
    }
    if (sequence <= this.#sequence) {
      return found("out_of_place", `event ${sequence} stands behind event ${this.#sequence}`);
    }
    if (previousHash !== this.#hash) {
      const before = this.#events === 0 ? "the beginning" : `event ${this.#sequence}`;
      return found("unlinked", `event ${sequence} does not follow ${before}`);
    }
    return undefined;
  }
}
