/** Ledgers inside the test's own process; each is closed when its test is over. */
import { onTestFinished } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { ClaimCommand } from "../../src/claim/decide-claim.ts";
import { LatchError } from "../../src/core/errors.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { START } from "./sample-commands.ts";

export function openLedger(file: string, clock = new ManualClock(START)): Ledger {
  const ledger = openSqliteLedger(file, clock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

/** The claim of a command that must be answered with `proceed`. */
export async function claimed(ledger: Ledger, command: ClaimCommand): Promise<Claim> {
  const decision = await ledger.claim(command);
  if (decision.kind !== "proceed") throw new Error(`the answer was ${JSON.stringify(decision)}`);
  return decision.claim;
}

/** The LatchError that `action` throws or rejects with. */
export async function latchError(action: () => unknown): Promise<LatchError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof LatchError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
