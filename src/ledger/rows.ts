/**
 * What a transaction of the ledger reads and writes, whatever store keeps it: domain values in and
 * out, inside one open transaction. A store beside this one implements it; transaction.ts and its
 * like carry decisions out on it.
 *
 * All that one transaction writes is kept or nothing is, and it reads what it has written itself.
 */
import type { Book } from "../book/book.ts";
import type { Claim } from "../claim/claim.ts";
import type { LedgerEvent } from "../claim/claim-event.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import type { EpochMs } from "../core/clock.ts";
import type { AccountId, AgentId, ClaimKey } from "../core/ids.ts";
import type { Incident } from "../incident/incident.ts";

/** So many equal claims are looked at, of each kind; a bot has one or two at a time. */
export const EQUALS_MAX = 16;
/** So far back, in claims of the account, the claims behind an incident are sought. */
export const CAUSES_LOOKBACK = 1_000;
/** So many claims behind an incident are named. */
export const CAUSES_MAX = 20;

/** Among so many events behind another one a move of a book is sought. */
export const MOVES_LOOKAHEAD = 20_000;

export type EqualsWanted = "all" | "unanswered";

export interface IncidentRows {
  /** The number of the next incident, counted from 1. */
  next(): number;
  get(account: AccountId, id: number): Incident | undefined;
  /** The open one about `subject`; there is one at most. */
  open(account: AccountId, subject: string): Incident | undefined;
  /** The open ones in `symbol`, the first one first. */
  openIn(account: AccountId, symbol: string): Incident[];
  save(incident: Incident): void;
  /**
   * The claims of one episode that came to something, the first one first: of the latest
   * {@link CAUSES_LOOKBACK} claims, and at most {@link CAUSES_MAX}.
   */
  causes(account: AccountId, symbol: string, episode: number): ClaimKey[];
}

/** Claims of actions that are no orders. */
export interface GuardRows {
  get(key: ClaimKey): GuardClaim | undefined;
  /** `before`: as this transaction has read it; undefined where it is new. */
  save(claim: GuardClaim, before: GuardClaim | undefined): void;
}

export interface Rows {
  readonly incidents: IncidentRows;
  readonly guards: GuardRows;
  claim(key: ClaimKey): Claim | undefined;
  /**
   * Claims of equal intents, the latest first: every live one, and of those in `episode` the latest
   * and the latest with fills; at most {@link EQUALS_MAX} of a kind. Where only `unanswered` ones
   * are wanted a store may leave out those that ended and whose caller was told so.
   */
  equals(
    account: AccountId,
    agent: AgentId,
    fingerprint: string,
    episode: number,
    wanted?: EqualsWanted,
  ): Claim[];
  /** The claim that owns the broker's order `brokerOrderId`. */
  holder(account: AccountId, brokerOrderId: string): ClaimKey | undefined;
  /** Oldest first. */
  unsettledClaims(account: AccountId): Claim[];
  /** `before`: as this transaction has read it; undefined where it is new. */
  saveClaim(claim: Claim, before: Claim | undefined): void;
  /** An empty one where there is none. */
  book(account: AccountId, symbol: string): Book;
  saveBook(book: Book): void;
  /**
   * Whether an event behind the one numbered `after` has moved the book in `symbol`; or may have,
   * where more than {@link MOVES_LOOKAHEAD} are behind it.
   */
  hasMoved(account: AccountId, symbol: string, after: number): boolean;
  /** Marks the account's opening as adopted; false when it was before. */
  markAdopted(account: AccountId, at: EpochMs): boolean;
  /** Puts `event` at the end of the log, chained to the last one of its account. */
  append(event: LedgerEvent, at: EpochMs): void;
}
