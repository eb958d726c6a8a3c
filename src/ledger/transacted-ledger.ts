/**
 * The writing operations of every store: each is one transaction, which runs on the rows that the
 * store gives it. What a store adds is how a transaction is kept, and how rows are read.
 */
import type { ClaimDecision } from "../claim/answer.ts";
import type { ClaimRequest } from "../claim/decide-claim.ts";
import type { DivergenceCommand } from "../claim/decide-divergence.ts";
import type { GuardCommand } from "../claim/decide-guard.ts";
import { isToldOnce, type RecordCommand } from "../claim/decide-record.ts";
import type { ReplaceCommand, ReplaceDecision } from "../claim/decide-replace.ts";
import type { VerdictCommand } from "../claim/decide-verdict.ts";
import type { EpochMs } from "../core/clock.ts";
import type { AccountId, ClaimKey } from "../core/ids.ts";
import type { Incident, Resolution } from "../incident/incident.ts";
import { runGuard } from "./guard-transaction.ts";
import {
  runBeginning,
  runCompare,
  runEnd,
  runEvidence,
  runJudge,
  runOperator,
} from "./incident-transaction.ts";
import type {
  EvidenceNote,
  GuardResult,
  IncidentReport,
  Judgement,
  OpeningPosition,
  OperatorCommand,
  OperatorResult,
  RecordResult,
} from "./ledger.ts";
import type { WaitingNote } from "./note-buffer.ts";
import type { Rows } from "./rows.ts";
import { tracedClaim, tracedRecord, tracedVerdict } from "./traced-operations.ts";
import { runClaim, runNotes, runOpening, runRecord, runReplace } from "./transaction.ts";

/** What a transaction is about, for a store that has to fetch its rows beforehand. */
export type Subject =
  | { readonly kind: "claim"; readonly request: ClaimRequest }
  | { readonly kind: "record"; readonly key: ClaimKey; readonly command: RecordCommand }
  | { readonly kind: "one_claim"; readonly key: ClaimKey }
  | { readonly kind: "guard"; readonly key: ClaimKey }
  | { readonly kind: "symbol"; readonly account: AccountId; readonly symbol: string }
  | { readonly kind: "other" };

const OTHER: Subject = { kind: "other" };

export abstract class TransactedLedger {
  /** Keeps all that `run` writes or nothing; on disk before it resolves where `durable` says so. */
  protected abstract write<Value>(
    durable: boolean,
    subject: Subject,
    run: (rows: Rows) => Value,
  ): Promise<Value>;

  claim(request: ClaimRequest): Promise<ClaimDecision> {
    return tracedClaim(request, () =>
      this.write(true, { kind: "claim", request }, (rows) => runClaim(rows, request)),
    );
  }

  guard(key: ClaimKey, command: GuardCommand): Promise<GuardResult> {
    return this.write(true, { kind: "guard", key }, (rows) => runGuard(rows, key, command));
  }

  requestReplace(key: ClaimKey, command: ReplaceCommand): Promise<ReplaceDecision> {
    return this.write(true, { kind: "one_claim", key }, (rows) => runReplace(rows, key, command));
  }

  record(key: ClaimKey, command: RecordCommand): Promise<RecordResult> {
    const subject = { kind: "record", key, command } as const;
    return tracedRecord(() =>
      this.write(isToldOnce(command), subject, (rows) => runRecord(rows, key, command)),
    );
  }

  adoptOpening(
    account: AccountId,
    positions: readonly OpeningPosition[],
    at: EpochMs,
  ): Promise<boolean> {
    return this.write(true, OTHER, (rows) => runOpening(rows, account, positions, at));
  }

  judge(key: ClaimKey, command: VerdictCommand): Promise<Judgement> {
    return tracedVerdict(key, () =>
      this.write(true, { kind: "one_claim", key }, (rows) => runJudge(rows, key, command)),
    );
  }

  compare(
    account: AccountId,
    symbol: string,
    command: DivergenceCommand,
  ): Promise<Incident | undefined> {
    const subject = { kind: "symbol", account, symbol } as const;
    return this.write(false, subject, (rows) => runCompare(rows, account, symbol, command));
  }

  addEvidence(account: AccountId, subject: string, note: EvidenceNote, at: EpochMs): Promise<void> {
    return this.write(false, OTHER, (rows) => runEvidence(rows, account, subject, note, at));
  }

  beginIncident(
    account: AccountId,
    symbol: string,
    report: IncidentReport,
    at: EpochMs,
  ): Promise<void> {
    const subject = { kind: "symbol", account, symbol } as const;
    return this.write(false, subject, (rows) => runBeginning(rows, account, symbol, report, at));
  }

  endIncident(
    account: AccountId,
    subject: string,
    end: Omit<Resolution, "at">,
    at: EpochMs,
  ): Promise<void> {
    return this.write(false, OTHER, (rows) => runEnd(rows, account, subject, end, at));
  }

  resolveIncident(
    account: AccountId,
    id: number,
    command: OperatorCommand,
  ): Promise<OperatorResult> {
    return this.write(true, OTHER, (rows) => runOperator(rows, account, id, command));
  }

  /** Notes that were buffered before they come here. */
  protected writeNotes(notes: readonly WaitingNote[]): Promise<void> {
    return this.write(false, OTHER, (rows) => runNotes(rows, notes));
  }
}
