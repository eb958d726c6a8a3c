/** Real processes that share one ledger file; each is ended when its test is over. */
import { fileURLToPath } from "node:url";
import type { ClaimDecision } from "../../src/claim/answer.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { RecordCommand } from "../../src/claim/decide-record.ts";
import type { ClaimKey } from "../../src/core/ids.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { RecordResult, StoredEvent } from "../../src/ledger/ledger.ts";
import { AskedProcess, startWorker } from "./asked-process.ts";

const WORKER = fileURLToPath(new URL("processes/ledger-worker.mjs", import.meta.url));

interface Operations {
  open: { argument: { file: string; umask?: number }; value: undefined };
  openAndClose: { argument: { file: string; startAt: string }; value: undefined };
  claim: {
    argument: { fields: IntentInput; now: number; startAt?: string };
    value: { kind: ClaimDecision["kind"]; claim: Claim };
  };
  claimMany: {
    argument: { numbers: readonly number[]; atOnce: number; now: number; startAt: string };
    value: readonly number[];
  };
  record: { argument: { key: ClaimKey; command: RecordCommand }; value: RecordResult };
  events: { argument: undefined; value: readonly StoredEvent[] };
  close: { argument: undefined; value: undefined };
  lock: { argument: { file: string }; value: undefined };
  storm: { argument: { file: string; heldMs: number; freeMs: number }; value: undefined };
  calm: { argument: undefined; value: undefined };
  unlock: { argument: undefined; value: undefined };
}

/** A moment that all processes can wait for, as soon as all have heard of it. */
export function commonStart(): string {
  return String(process.hrtime.bigint() + 1_000_000n);
}

export class LedgerProcess extends AskedProcess<Operations> {
  static async start(): Promise<LedgerProcess> {
    return new LedgerProcess(await startWorker(WORKER));
  }
}
