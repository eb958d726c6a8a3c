/** Which ledger a command means. */
import type { Environment } from "../config.ts";

/** In the folder that the command runs in. */
export const DEFAULT_STORE = "tradelatch.db";

/** What the flag says, or else the variable; one that is empty counts as not set. */
export function storeOf(flag: string | undefined, environment: Environment): string {
  return flag ?? (environment.TRADELATCH_STORE || DEFAULT_STORE);
}
