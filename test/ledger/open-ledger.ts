/** Ledgers inside the test's own process; each is closed when its test is over. */
import { expect, onTestFinished } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { ClaimRequest } from "../../src/claim/decide-claim.ts";
import { LatchError } from "../../src/core/errors.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { foldEvents } from "./fold.ts";
import { ACCOUNT, START } from "./sample-commands.ts";

export function openLedger(file: string, clock = new ManualClock(START)): Ledger {
  const ledger = openSqliteLedger(file, clock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

/** The claim of a command that must be answered with `proceed`. */
export async function claimed(ledger: Ledger, command: ClaimRequest): Promise<Claim> {
  const decision = await ledger.claim(command);
  if (decision.kind !== "proceed") throw new Error(`the answer was ${JSON.stringify(decision)}`);
  return decision.claim;
}

/** The log is whole, and the ledger tells of claims and books what its events come to. */
export async function expectAgreement(ledger: Ledger): Promise<void> {
  const events = await ledger.events({ limit: 100_000 });
  expect(firstBreak(events)).toBeUndefined();
  const { claims, books } = foldEvents(events);
  for (const claim of claims) expect(await ledger.claimOf(claim.key)).toEqual(claim);
  expect(await ledger.books(ACCOUNT)).toEqual(books);
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
