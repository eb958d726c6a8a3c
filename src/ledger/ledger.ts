/**
 * The ledger's port: whole atomic operations, never an open transaction.
 *
 * - `claim` resolves only after its event is on disk (I2); when it rejects, nothing may be sent.
 * - Every operation locks what it decides on, so that of two callers only one gets `proceed` (I3).
 * - Events are appended in the transaction that writes the rows they imply, each with the hash of
 *   the one before (I10). What `events` returns is on disk.
 *
 * Every method rejects with a LatchError whose code begins with `store_` when the store fails.
 */
import type { Book } from "../book/book.ts";
import type { ClaimDecision } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import type { BookEvent, ClaimEvent, LedgerEvent } from "../claim/claim-event.ts";
import type { ClaimRequest } from "../claim/decide-claim.ts";
import type { RecordCommand } from "../claim/decide-record.ts";
import type { ReplaceCommand, ReplaceDecision } from "../claim/decide-replace.ts";
import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";
import type { AccountId, BrokerOrderId, ClaimKey } from "../core/ids.ts";
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
      readonly body: ClaimEvent & { type: "repeat_answered" | "cancel_passed" };
    }
  | {
      readonly subject: "book";
      readonly account: AccountId;
      readonly symbol: string;
      readonly body: BookEvent & { type: "intent_blocked" };
    };

export interface EventQuery {
  /** Only events with a higher sequence. */
  readonly after?: number;
  /** At most this many, oldest first; default 1,000. */
  readonly limit?: number;
}

export interface Ledger {
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
  rememberAccount(login: string, account: AccountId): Promise<void>;
  /** Writes and syncs, so that a store that takes no claims rejects. */
  probe(): Promise<void>;
  claimOf(key: ClaimKey): Promise<Claim | undefined>;
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
  /** The number of the last event that is on disk; 0 where there is none. */
  lastSequence(): Promise<number>;
  close(): Promise<void>;
}
