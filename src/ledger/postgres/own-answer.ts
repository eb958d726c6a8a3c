/**
 * Answers that come over a connection are told apart by their order alone. One that were taken for
 * the answer to another question would give a bot another order than its own, so every row that was
 * asked for by its key has to say that key itself.
 */
import { LatchError } from "../../core/errors.ts";
import type { ClaimKey } from "../../core/ids.ts";

/** Throws LatchError `store_failed` for a value that is not the one that was asked for. */
export function ownAnswer<Value>(
  value: Value | undefined,
  isAskedFor: (value: Value) => boolean,
  place: string,
): Value | undefined {
  if (value === undefined || isAskedFor(value)) return value;
  const message = `the ledger at ${place} answered another question than the one that was asked`;
  throw new LatchError("store_failed", message);
}

export function isKey(a: ClaimKey, b: ClaimKey): boolean {
  return a.account === b.account && a.agent === b.agent && a.requestId === b.requestId;
}
