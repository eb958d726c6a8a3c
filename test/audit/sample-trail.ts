/** Ledgers with a history to audit, and their exports, for the tests of this folder. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountParts, exportParts } from "../../src/audit/export.ts";
import { checkExport } from "../../src/audit/export-check.ts";
import { linesIn } from "../../src/audit/export-lines.ts";
import type { ExportVerdict } from "../../src/audit/export-verdict.ts";
import type { AccountId } from "../../src/core/ids.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  accepted,
  claimCommand,
  filledOrder,
  orderRead,
  pendingNote,
  START,
} from "../ledger/sample-commands.ts";

export const OTHER_ACCOUNT = "account-2" as AccountId;
export const SIGNER: KeyObject = generateKeyPairSync("ed25519").privateKey;
export const EXPORTED_AT = START + 60_000;

/** Two accounts in turns, a claim that is filled, one that is repeated, and text that needs care. */
export async function writeTrail(ledger: Ledger): Promise<void> {
  const first = await claimed(ledger, claimCommand({ requestId: "first", reason: "é 😀 \u2028" }));
  const other = claimCommand({ requestId: "theirs", symbol: "SPY" }, { account: OTHER_ACCOUNT });
  const theirs = await claimed(ledger, other);
  await ledger.record(first.key, accepted(first));
  await ledger.record(theirs.key, accepted(theirs));
  ledger.note(pendingNote(first), START + 5);
  await ledger.lastSequence();
  await ledger.record(first.key, orderRead(filledOrder(first, "6"), START + 1_000));
  await claimed(ledger, claimCommand({ requestId: "last", symbol: "QQQ" }));
}

/** The export of a ledger with that history; of one account alone where it is named. */
export async function exportedTrail(account?: AccountId): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tradelatch-audit-"));
  const ledger = openSqliteLedger(join(folder, "ledger.db"), new ManualClock(START));
  try {
    await writeTrail(ledger);
    return await exported(ledger, SIGNER, account);
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true });
  }
}

export async function exported(ledger: Ledger, key = SIGNER, account?: AccountId): Promise<string> {
  const clock = { now: () => EXPORTED_AT };
  const parts =
    account === undefined
      ? exportParts(ledger, key, clock)
      : accountParts(ledger, account, key, clock);
  let text = "";
  for await (const part of parts) text += part.text;
  return text;
}

/** What is said of a file with this content. */
export function verdictOf(content: string | Buffer, key?: string): Promise<ExportVerdict> {
  return checkExport(linesIn(inPieces(Buffer.from(content))), key);
}

/** As a file comes: in pieces that end anywhere. */
async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += 777) yield bytes.subarray(from, from + 777);
}
