/** The refusal of what may be done with a ledger only while nobody else has it open. */
import { LatchError } from "../core/errors.ts";

/** LatchError `store_in_use`. `purpose`: why it must not be open, for people. */
export function storeInUse(place: string, purpose?: string, cause?: unknown): LatchError {
  const why = purpose === undefined ? "" : `, ${purpose}`;
  const message = `the ledger ${place} is open in another process${why}`;
  return new LatchError("store_in_use", message, { cause });
}

/** Where it would only be read. */
export const UPGRADED_FIRST =
  "which may be of an older program, as it is: to be read it would have to be upgraded";
