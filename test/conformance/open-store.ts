/** A store as the conformance suite is given it. */
import type { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { StoreLook } from "../../src/ledger/store-look.ts";

export interface OpenStore {
  readonly ledger: Ledger;
  /** The clock of `ledger` and of every other opening. */
  readonly clock: ManualClock;
  /** Closes `ledger` and opens the same store again. */
  reopen(): Promise<Ledger>;
  /** A second opening of the same store beside `ledger`, as another process would have it. */
  another(): Promise<Ledger>;
  /** What a program finds that opens no ledger; absent where none could. */
  readonly look?: LookAtStore;
  /** Closes every opening and removes the store. */
  destroy(): Promise<void>;
}

type LookAtStore = () => Promise<StoreLook>;

/** A store for the test that is running. */
export type StoreOfTest = () => Promise<OpenStore>;

/** A store that `open` opens, each time as another process would; `remove` ends it. */
export async function openStore(
  clock: ManualClock,
  open: () => Ledger,
  remove: () => void | Promise<void> = () => undefined,
  look?: LookAtStore,
): Promise<OpenStore> {
  const openings: Ledger[] = [];
  const another = async () => {
    const ledger = open();
    openings.push(ledger);
    return ledger;
  };
  const ledger = await another();
  return {
    ledger,
    clock,
    another,
    ...(look && { look }),
    reopen: async () => {
      await ledger.close();
      return another();
    },
    destroy: async () => {
      await Promise.all(openings.map((opening) => opening.close()));
      await remove();
    },
  };
}
