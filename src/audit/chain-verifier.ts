/**
 * Follows the chain of events from the first one on, in memory that does not grow with the log: the
 * last event of every account is all that it remembers. Pure.
 *
 * 1. Numbers count from 1 without a gap, over all accounts.
 * 2. Every hash covers its event, and every event has the hash of the one before of its account.
 * 3. After the first event that does not fit it says nothing more.
 */
import type { AccountId } from "../core/ids.ts";
import { accountOf, GENESIS_HASH } from "../ledger/event-chain.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import { hashOf } from "./event-hash.ts";

/** Why an event is not the one that belongs in its place. */
export type BreakReason = "out_of_place" | "changed" | "unlinked";

export interface ChainBreak {
  /** The number of the event that belongs there. */
  readonly event: number;
  readonly reason: BreakReason;
  readonly message: string;
}

/** What a checkpoint says of each account. */
export interface AccountHead {
  readonly account: AccountId;
  readonly events: number;
  /** The number and hash of its last event. */
  readonly sequence: number;
  readonly hash: string;
}

/** Everything up to an event: its number, and where every account stands. */
export interface ChainEnd {
  readonly sequence: number;
  /** In the order of their ids' UTF-16 code units. */
  readonly accounts: readonly AccountHead[];
}

export class ChainVerifier {
  #sequence: number;
  readonly #heads: Map<AccountId, AccountHead>;

  /** Begins with the first event, or behind what was verified before. */
  constructor(from: ChainEnd = { sequence: 0, accounts: [] }) {
    this.#sequence = from.sequence;
    this.#heads = new Map(from.accounts.map((head) => [head.account, head]));
  }

  /** Takes the next event; tells what is wrong with it, and takes it only where nothing is. */
  next(event: StoredEvent): ChainBreak | undefined {
    const found = this.#breakAt(event);
    if (found !== undefined) return found;
    const { sequence, hash } = event;
    const account = accountOf(event);
    const events = (this.#heads.get(account)?.events ?? 0) + 1;
    this.#sequence = sequence;
    this.#heads.set(account, { account, events, sequence, hash });
    return undefined;
  }

  /** The number of the last event that was taken. */
  get sequence(): number {
    return this.#sequence;
  }

  end(): ChainEnd {
    const accounts = [...this.#heads.values()].sort((a, b) => (a.account < b.account ? -1 : 1));
    return { sequence: this.#sequence, accounts };
  }

  #breakAt(event: StoredEvent): ChainBreak | undefined {
    const expected = this.#sequence + 1;
    const found = (reason: BreakReason, message: string) => ({ event: expected, reason, message });
    if (event.hash !== hashOf(event)) {
      return found("changed", `event ${expected} was changed: its hash does not fit what it says`);
    }
    if (event.sequence !== expected) {
      return found(
        "out_of_place",
        `event ${event.sequence} stands where event ${expected} belongs`,
      );
    }
    if (event.previousHash !== (this.#heads.get(accountOf(event))?.hash ?? GENESIS_HASH)) {
      const message = `event ${expected} does not follow the one before it of its account`;
      return found("unlinked", message);
    }
    return undefined;
  }
}
