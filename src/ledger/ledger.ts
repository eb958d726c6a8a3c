/**
 * The ledger's port: whole atomic operations, never an open transaction.
 *
 * - `claim` resolves only after its event is on disk (I2); when it rejects, nothing may be sent.
 * - Every operation locks what it decides on, so that of two callers only one gets `proceed` (I3).
 * - Events are appended in the transaction that decides them, each with the hash of the one before
 *   (I10), and whoever asks next is told what they come to. What `events` returns is on disk.
 *
 * Every method rejects with a LatchError whose code begins with `store_` when the store fails.
 */
import type { Book } from "../book/book.ts";
import type { ClaimDecision } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import type { BookEvent, ClaimEvent, LedgerEvent } from "../claim/claim-event.ts";
import type { AdoptedPosition } from "../claim/decide-adoption.ts";
import type { ClaimRequest } from "../claim/decide-claim.ts";
import type { DivergenceCommand } from "../claim/decide-divergence.ts";
import type { GuardAnswer, GuardCommand } from "../claim/decide-guard.ts";
import type { RecordCommand } from "../claim/decide-record.ts";
import type { ReplaceCommand, ReplaceDecision } from "../claim/decide-replace.ts";
import type { Verdict, VerdictCommand } from "../claim/decide-verdict.ts";
import type { GuardOutcome } from "../claim/guard-action.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import type { GuardEvent } from "../claim/guard-event.ts";
import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";
import type { AccountId, AgentId, BrokerOrderId, ClaimKey, RequestId } from "../core/ids.ts";
import type { Incident, IncidentKind, Resolution } from "../incident/incident.ts";
import type { ClaimsPage, ClaimsQuery } from "./claims-query.ts";

export type RecordResult =
  | { readonly kind: "recorded"; readonly claim: Claim; readonly changed: boolean }
  /** The writer's fencing number is old: the claim was reopened meanwhile. */
  | { readonly kind: "stale"; readonly claim: Claim };

/** A position as it stood when the ledger was first opened for its account. */
export interface OpeningPosition {
  readonly symbol: string;
  readonly quantity: DecimalText;
  readonly averagePrice: DecimalText;
}

export type StoredEvent = LedgerEvent & {
  /** Counts from 1 without a gap. */
  readonly sequence: number;
  readonly at: EpochMs;
  readonly previousHash: string;
  readonly hash: string;
};

/** An event that changed nothing; the last second of these may be lost in a crash. */
export type Note =
  | {
      readonly subject: "claim";
      readonly key: ClaimKey;
      readonly symbol: string;
      readonly body: ClaimEvent & {
        type: "repeat_answered" | "replace_answered" | "cancel_passed";
      };
    }
  | {
      readonly subject: "book";
      readonly account: AccountId;
      readonly symbol: string;
      readonly body: BookEvent & { type: "intent_blocked" };
    }
  | {
      readonly subject: "guard";
      readonly key: ClaimKey;
      readonly symbol: string;
      readonly body: GuardEvent & { type: "guard_answered" };
    };

/** Notes about claims: each leaves its claim, and every book, as they are. */
export const LEAVES_ROWS: ReadonlySet<string> = new Set<
  (Note & { subject: "claim" })["body"]["type"]
>(["repeat_answered", "replace_answered", "cancel_passed"]);

export interface EventQuery {
  /** Only events with a higher sequence. */
  readonly after?: number;
  /** At most this many, oldest first; default {@link EVENTS_DEFAULT}. */
  readonly limit?: number;
}

export const EVENTS_DEFAULT = 1_000;
/** So many of the last events are asked for their time. */
export const LAST_EVENTS = 100;

export type EventType = LedgerEvent["body"]["type"];

/** One look at a stretch of the log, of bounded cost; see event-scan.ts. */
export interface EventScan {
  readonly account: AccountId;
  /** Only events with a higher number. */
  readonly after: number;
  /** Only events with a lower number, and none that is not on disk. */
  readonly before: number;
  readonly order: "newest_first" | "oldest_first";
  readonly types?: readonly EventType[] | undefined;
  /** Leaves out claims of others; events that are of no claim are there. */
  readonly agent?: AgentId | undefined;
  readonly requestId?: RequestId | undefined;
  readonly symbol?: string | undefined;
  /** Also those of actions that are no orders, which belong to no account. */
  readonly withActions?: boolean | undefined;
  /** At most so many are given. */
  readonly limit: number;
}

export interface ScannedEvents {
  readonly events: readonly StoredEvent[];
  /** The last number that was looked at: the `before`, or the `after`, of the next look. */
  readonly reached: number;
  /** Nothing is left between `after` and `before`. */
  readonly isOver: boolean;
}

/** A signed word about the log up to an event; what it says is audit/'s. */
export interface KeptCheckpoint {
  readonly sequence: number;
  readonly at: EpochMs;
  readonly text: string;
}

export interface Judgement {
  readonly claim: Claim;
  /** Null while the evidence does not suffice. */
  readonly verdict: Verdict | null;
}

export interface EvidenceNote {
  /** What was found out, in a sentence. */
  readonly text: string;
  /** What happens next; null leaves it as it was. */
  readonly next: string | null;
}

export interface IncidentReport {
  readonly kind: IncidentKind;
  readonly subject: string;
  readonly summary: string;
  readonly next: string;
}

export interface IncidentsQuery {
  readonly symbol?: string | undefined;
  readonly isOpen?: boolean | undefined;
  /** Only incidents with a lower number. */
  readonly before?: number | undefined;
  /** Default {@link INCIDENTS_DEFAULT}. */
  readonly limit?: number | undefined;
}

export const INCIDENTS_DEFAULT = 100;

/** How an operator may say that the claim of an order ended. */
export type OrderEnd = "absent" | "rejected" | "already_flat";
/** And that of an action that is no order. */
export type GuardEnd = GuardOutcome;
export type OperatorEnd = OrderEnd | GuardEnd;

export interface OperatorCommand {
  /** The incident's version that the operator has seen. */
  readonly version: number;
  /** Who says so. */
  readonly by: string;
  readonly reason: string;
  /** How the claim behind the incident ended; null leaves it to the evidence. */
  readonly endClaimAs: OperatorEnd | null;
  /** What the broker holds, where it was asked: no exit is already flat that it contradicts. */
  readonly brokerNet?: DecimalText | undefined;
  /** The book takes over what the broker holds; left out, the book stays as it is. */
  readonly position?: AdoptedPosition | undefined;
  readonly now: EpochMs;
}

export type OperatorResult =
  | { readonly kind: "resolved"; readonly incident: Incident }
  | { readonly kind: "unknown" }
  /** It was resolved before. */
  | { readonly kind: "over"; readonly incident: Incident }
  /** It has changed since the operator saw it. */
  | { readonly kind: "stale"; readonly incident: Incident }
  /** There is no claim whose end is open. */
  | { readonly kind: "no_claim"; readonly incident: Incident }
  /** The claim behind it would stay in question without an incident: its end must be said too. */
  | { readonly kind: "claim_waits"; readonly incident: Incident }
  /** The claim's kind does not end like that: an order is never `done`, an action never flat. */
  | { readonly kind: "other_end"; readonly incident: Incident }
  /** The broker holds `net`, and so the shares of the exit that was said to be flat already. */
  | { readonly kind: "exit_still_held"; readonly incident: Incident; readonly net: DecimalText }
  /** There is no position to take over: the incident is about something else. */
  | { readonly kind: "not_a_position"; readonly incident: Incident }
  /** The position, or the book, is not what the operator has confirmed. */
  | { readonly kind: "position_moved"; readonly incident: Incident };

/** What a command came to for the claim of an action that is no order. */
export interface GuardResult {
  readonly answer: GuardAnswer;
  /** As it stands now; undefined where there is none. */
  readonly claim: GuardClaim | undefined;
  /** The open incident about it; null where there is none. */
  readonly incident: number | null;
}

/** Such claims are numbered in the order in which they were made. */
export interface NumberedGuardClaim {
  readonly id: number;
  readonly claim: GuardClaim;
}

export interface Ledger {
  /**
   * Decides about the claim of an action that is no order. On disk before it resolves: no broker
   * could tell it again.
   */
  guard(key: ClaimKey, command: GuardCommand): Promise<GuardResult>;
  /** Each key's claim of such an action, in their order; for a few hundred at once. */
  guardClaimsOf(keys: readonly ClaimKey[]): Promise<readonly (GuardClaim | undefined)[]>;
  /** Those that are not settled: at most `limit` that follow the one numbered `after`. */
  unsettledGuardClaims(after: number, limit: number): Promise<readonly NumberedGuardClaim[]>;
  /** All of them: for a check of the whole ledger, not for every day. */
  countGuardClaims(): Promise<number>;
  claim(request: ClaimRequest): Promise<ClaimDecision>;
  /**
   * What `claim` would decide, with nothing written: whether the intent is known, for as long as no
   * order can be taken.
   */
  preview(request: ClaimRequest): Promise<ClaimDecision>;
  /**
   * Whether the order of a claim may be replaced; `proceed` only once the request is on disk, and
   * to one caller of the same request.
   */
  requestReplace(key: ClaimKey, command: ReplaceCommand): Promise<ReplaceDecision>;
  record(key: ClaimKey, command: RecordCommand): Promise<RecordResult>;
  /** Buffered, and written within a second. */
  note(note: Note, at: EpochMs): void;
  /** Takes over the broker's positions once per account; false when that was done before. */
  adoptOpening(
    account: AccountId,
    positions: readonly OpeningPosition[],
    at: EpochMs,
  ): Promise<boolean>;
  /** The account that a broker's `login` had when it was last seen; undefined: it never was. */
  knownAccount(login: string): Promise<AccountId | undefined>;
  /** Every account that was ever opened with this ledger, the latest first. */
  accounts(): Promise<readonly AccountId[]>;
  rememberAccount(login: string, account: AccountId): Promise<void>;
  /** Writes and syncs, so that a store that takes no claims rejects. */
  probe(): Promise<void>;
  /**
   * Decides about a refused close by what was read; a verdict ends the claim, adjusts the book
   * where it has to be, and resolves the incident, in one transaction.
   */
  judge(key: ClaimKey, command: VerdictCommand): Promise<Judgement>;
  /** Compares a book with the broker's position; the incident that changed, if one did. */
  compare(
    account: AccountId,
    symbol: string,
    command: DivergenceCommand,
  ): Promise<Incident | undefined>;
  /** Adds evidence to the open incident about `subject`, where it says something new. */
  addEvidence(account: AccountId, subject: string, note: EvidenceNote, at: EpochMs): Promise<void>;
  /** Opens an incident that rests on no claim, unless one about `subject` is open. */
  beginIncident(
    account: AccountId,
    symbol: string,
    report: IncidentReport,
    at: EpochMs,
  ): Promise<void>;
  endIncident(
    account: AccountId,
    subject: string,
    end: Omit<Resolution, "at">,
    at: EpochMs,
  ): Promise<void>;
  /** An operator's word ends an incident, and where it says so the claim behind it. */
  resolveIncident(
    account: AccountId,
    id: number,
    command: OperatorCommand,
  ): Promise<OperatorResult>;
  incident(account: AccountId, id: number): Promise<Incident | undefined>;
  /** The latest first. */
  incidents(account: AccountId, query?: IncidentsQuery): Promise<readonly Incident[]>;
  claimOf(key: ClaimKey): Promise<Claim | undefined>;
  /** Each key's claim, in their order; for a few hundred at once. */
  claimsOf(keys: readonly ClaimKey[]): Promise<readonly (Claim | undefined)[]>;
  /** The claim whose order this is now. */
  claimOfOrder(account: AccountId, brokerOrderId: BrokerOrderId): Promise<Claim | undefined>;
  /** Newest first, in pages; rejects with `invalid_query` for a limit or cursor that is none. */
  claims(query: ClaimsQuery): Promise<ClaimsPage>;
  /** Claims that are not FINAL or SETTLED, and FINAL ones with shares missing; oldest first. */
  unsettledClaims(account: AccountId): Promise<readonly Claim[]>;
  countByStatus(account: AccountId): Promise<Readonly<Record<string, number>>>;
  book(account: AccountId, symbol: string): Promise<Book>;
  books(account: AccountId): Promise<readonly Book[]>;
  events(query?: EventQuery): Promise<readonly StoredEvent[]>;
  /** One look, of bounded cost, at events that fit. */
  scan(scan: EventScan): Promise<ScannedEvents>;
  /** Keeps it for ever, unless one about the same event is kept already. */
  keepCheckpoint(checkpoint: KeptCheckpoint): Promise<void>;
  /** Those about events with a higher number than `after`, oldest first. */
  checkpoints(after: number, limit: number): Promise<readonly KeptCheckpoint[]>;
  lastCheckpoint(): Promise<KeptCheckpoint | undefined>;
  /**
   * The latest time of the last {@link LAST_EVENTS}; undefined where there are none. Processes on
   * several machines give each its own, so that the very last one need not be it.
   */
  lastEventAt(): Promise<EpochMs | undefined>;
  /** The number of the last event that is on disk; 0 where there is none. */
  lastSequence(): Promise<number>;
  close(): Promise<void>;
}
