/** What a column that holds JSON says. */
import { LatchError } from "../../core/errors.ts";

/** Throws LatchError `store_corrupt`. */
export function parsed<Value>(body: unknown): Value {
  try {
    return JSON.parse(body as string) as Value;
  } catch (error) {
    const message = "the ledger's database is damaged: a row is not JSON";
    throw new LatchError("store_corrupt", message, { cause: error });
  }
}
