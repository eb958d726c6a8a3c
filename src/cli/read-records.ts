/** Opens a ledger for a command that reads it, and finds the account that is meant. */
import { openRecords, type Records } from "../app.ts";
import type { Environment } from "../config.ts";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { type AccountId, GUARD_ACCOUNT } from "../core/ids.ts";
import { placeOfStore, refuseOtherServers } from "../core/store-place.ts";
import type { CommandOutput } from "./command-output.ts";
import { ProgressBar } from "./progress-bar.ts";
import { storeOf } from "./store-setting.ts";

export interface RecordsOptions {
  readonly store?: string;
  readonly account?: string;
  readonly json?: boolean;
}

export interface ReadSurroundings {
  readonly output: CommandOutput;
  readonly environment: Environment;
  readonly clock: Clock;
}

/** So many accounts are named in one line. */
const NAMED_MAX = 5;

/** Opens the ledger, finds the account, and lets go of it whatever happens. */
export function readRecords(
  options: RecordsOptions,
  surroundings: ReadSurroundings,
  read: (records: Records, account: AccountId | undefined) => Promise<void>,
): Promise<void> {
  return withRecords(options, surroundings, async (records, store) => {
    const account = accountIn(await records.accounts(), options.account, placeOfStore(store));
    await read(records, account);
  });
}

/** Opens the ledger, whatever accounts it has, and lets go of it whatever happens. */
export async function withRecords(
  options: Pick<RecordsOptions, "store">,
  { output, environment, clock }: ReadSurroundings,
  read: (records: Records, store: string) => Promise<void>,
): Promise<void> {
  const store = storeOf(options.store, environment);
  // As a path it would be the working directory.
  if (store.trim() === "") throw new LatchError("invalid_option", "--store is empty");
  refuseOtherServers(store, "store (TRADELATCH_STORE)");
  const records = openShown(store, output, clock);
  try {
    await read(records, store);
  } finally {
    await records.close();
  }
}

/** One of an older program is migrated as it is opened. */
function openShown(store: string, output: CommandOutput, clock: Clock): Records {
  const bar = new ProgressBar(output, clock, "Migrating the ledger");
  try {
    return openRecords(store, clock, (done, total) => bar.update(done, total));
  } finally {
    bar.end();
  }
}

/**
 * The one account of the ledger, or the one that was named; undefined where it has none yet. An
 * action that is no order belongs to no broker's account, and is shown beside each.
 */
export function accountIn(
  accounts: readonly AccountId[],
  wanted: string | undefined,
  store: string,
): AccountId | undefined {
  const ofBrokers = accounts.filter((account) => account !== GUARD_ACCOUNT);
  const [only, ...others] = ofBrokers.length === 0 ? accounts : ofBrokers;
  if (wanted === undefined && others.length === 0) return only;
  const found = accounts.find((account) => account === wanted);
  if (found !== undefined) return found;
  const named = accounts.slice(0, NAMED_MAX).join(", ") || "none";
  const rest = accounts.length > NAMED_MAX ? ` and ${accounts.length - NAMED_MAX} more` : "";
  const problem =
    wanted === undefined
      ? `${store} has ${accounts.length} accounts; name one with --account`
      : `--account is ${JSON.stringify(wanted)}, and ${store} does not have it`;
  throw new LatchError("invalid_option", `${problem}: ${named}${rest}`);
}
