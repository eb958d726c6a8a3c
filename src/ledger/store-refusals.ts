/** What both stores refuse, in the same words. */
import { LatchError } from "../core/errors.ts";

/**
 * LatchError `store_in_use`, of what may be done only while nobody else has the ledger open.
 * `purpose`: why it must not be open, for people.
 */
export function storeInUse(place: string, purpose?: string, cause?: unknown): LatchError {
  const why = purpose === undefined ? "" : `, ${purpose}`;
  const message = `the ledger ${place} is open in another process${why}`;
  return new LatchError("store_in_use", message, { cause });
}

/** The purpose where it would only be read. */
export const UPGRADED_FIRST =
  "which may be of an older program, as it is: to be read it would have to be upgraded";

/** Throws LatchError `store_newer` for a schema above `known`, the last that this program knows. */
export function refuseAbove(known: number, version: number, place: string): void {
  if (version <= known) return;
  const limit = `this program knows versions up to ${known}`;
  throw new LatchError("store_newer", `${place} has schema version ${version}; ${limit}`);
}
