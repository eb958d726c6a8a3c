/** A store as the conformance suite is given it. */
import type { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";

export interface OpenStore {
  readonly ledger: Ledger;
  /** The clock of `ledger` and of every other opening. */
  readonly clock: ManualClock;
  /** Closes `ledger` and opens the same store again. */
  reopen(): Promise<Ledger>;
  /** A second opening of the same store beside `ledger`, as another process would have it. */
  another(): Promise<Ledger>;
  /** Closes every opening and removes the store. */
  destroy(): Promise<void>;
}

/** A store for the test that is running. */
export type StoreOfTest = () => Promise<OpenStore>;
