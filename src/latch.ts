/**
 * The latch of one account, as everything above it sees it: the order path, the fills and the
 * ledger behind one interface.
 */
import type { AuditTrail } from "./audit/audit-of-account.ts";
import type { Book } from "./book/book.ts";
import type { AssetLookup, RateBudgetState, WireOrder } from "./broker/broker.ts";
import type { Claim } from "./claim/claim.ts";
import type { ClaimPolicy } from "./claim/policy.ts";
import type { EpochMs } from "./core/clock.ts";
import type { AccountId, AgentId, BrokerOrderId } from "./core/ids.ts";
import type { CancelAnswer } from "./gateway/answer-note.ts";
import type { GoneSignal } from "./gateway/caller.ts";
import type { OrderAnswer } from "./gateway/order-answer.ts";
import type { ReplaceAnswer, ReplaceIntent } from "./gateway/replace-order.ts";
import type { CloseOptions, Guarded } from "./guard/guard.ts";
import type { IntentInput } from "./identity/intent-schema.ts";
import type { Incident } from "./incident/incident.ts";
import type { ClaimFilters, ClaimsPage } from "./ledger/claims-query.ts";
import type { EventQuery, IncidentsQuery, StoredEvent } from "./ledger/ledger.ts";
import type { Operator } from "./operator/operator.ts";
import type { EntryCheck } from "./reconcile/entry-check.ts";
import type { Settling } from "./settlement/settlement.ts";

/**
 * The gateway of one agent group in one account.
 *
 * @example
 * ```ts
 * const latch = await openLatch({ store: "latch.db", agent: "momentum" });
 * const answer = await latch.submit({
 *   symbol: "TQQQ", side: "buy", effect: "open", quantity: "6",
 *   anchor: { bar: "2026-05-21T09:42", stage: "base" },
 * });
 * ```
 */
export interface Latch extends Guarded, Settling {
  readonly account: AccountId;
  /** The agent group whose orders {@link Latch.submit} sends. */
  readonly agent: AgentId;
  /** The broker's address, without a slash at its end. */
  readonly brokerUrl: string;
  /** One logical action, at most one order; the answer says which of the four ways it went. */
  submit(intent: IntentInput): Promise<OrderAnswer>;
  /** The same for another agent group of the account. */
  submitFor(agent: AgentId, intent: IntentInput, options?: SubmitOptions): Promise<OrderAnswer>;
  /** Replaces a working order by one with other terms, once. */
  replace(intent: ReplaceIntent): Promise<ReplaceAnswer>;
  /**
   * Puts on record that a cancel of an order of ours, or of all (`null`), went to the broker past
   * the gateway; what came of it the orders show.
   */
  recordCancel(brokerOrderId: BrokerOrderId | null, answer: CancelAnswer): Promise<void>;
  book(symbol: string): Promise<Book>;
  books(): Promise<readonly Book[]>;
  /** Claims that are not settled, oldest first. */
  unsettledClaims(): Promise<readonly Claim[]>;
  countByStatus(): Promise<Readonly<Record<string, number>>>;
  /** The claim of `requestId`; without an agent this one's own, or else any agent's that has it. */
  claim(requestId: string, agent?: AgentId): Promise<Claim | undefined>;
  /** Newest first, in pages; rejects with `invalid_query` for a limit or cursor that is none. */
  claims(filters?: ClaimFilters): Promise<ClaimsPage>;
  /** What was decided and why, of this account. */
  readonly audit: AuditTrail;
  /** The event log, from disk only. */
  events(query?: EventQuery): Promise<readonly StoredEvent[]>;
  /** The number of the last event on disk; 0 where there is none. */
  lastSequence(): Promise<number>;
  /** What is left of our share of the broker's rate limit. */
  rateBudget(): RateBudgetState;
  /** One round of looking after what is at work: fills, lost answers, dead owners' claims. */
  tick(): Promise<void>;
  /**
   * Looks once at everything that is not settled, by evidence from the broker; what came of it.
   * Call it before the first order of a process, and again with what it gave while some claims
   * could not be read.
   */
  recover(earlier?: Recovery): Promise<Recovery>;
  /**
   * Asks the broker to cancel every working order, and waits until those of ours have ended; gives
   * those that have not within `withinMs`, undefined where the broker may not have been asked.
   */
  cancelOrders(withinMs: number): Promise<readonly Claim[] | undefined>;
  /** Reads every order of ours at work and books its fills; false where one could not be read. */
  readOrders(): Promise<boolean>;
  /** What trades under the broker's own id of an asset, a UUID. */
  asset(assetId: string): Promise<AssetLookup>;
  /** An order in the broker's own JSON; undefined when it cannot be read now. */
  orderWire(brokerOrderId: BrokerOrderId): Promise<string | undefined>;
  /**
   * Orders in the broker's own JSON that may have changed since `since`: the open ones, and those
   * submitted within a day before it; undefined when they cannot be read now.
   */
  orderWiresSince(since: EpochMs | undefined): Promise<readonly WireOrder[] | undefined>;
  /** Compares every book with the broker's positions; a difference counts once two reads agree. */
  comparePositions(): Promise<void>;
  /** The latest first; a hundred of them unless `limit` says otherwise. */
  incidents(query?: IncidentsQuery): Promise<readonly Incident[]>;
  incident(id: number): Promise<Incident | undefined>;
  /** Whether an entry in `symbol` is free, and if not the chain of causes. */
  entryCheck(symbol: string): Promise<EntryCheck>;
  /** Puts an order that the broker's stream told of on record; resolves once it is. */
  applyUpdate(order: WireOrder): Promise<void>;
  /** Who is to hear of orders of which polling has found fills, an end or a successor. */
  onOrdersMoved(listener: (orders: readonly WireOrder[]) => void): void;
  /** When a tick would next read something, as the last one left it; undefined: nothing to read. */
  nextDueAt(): EpochMs | undefined;
  /** What a person who looks after it is shown, and may do. */
  readonly operator: Operator;
  /**
   * Ends what is under way: who waits for an answer gets PENDING, a POST that was cut off is on
   * record as unknown and taken up again at the next start. An action of the guard that is under
   * way is waited for. Then writes what is buffered.
   */
  close(options?: CloseOptions): Promise<void>;
}

export interface SubmitOptions {
  /** What differs for this agent from the settings. */
  readonly policy?: Partial<ClaimPolicy> | undefined;
  /** Aborts when the caller goes away: an answer no longer reaches it. */
  readonly gone?: GoneSignal | undefined;
  /** How long this caller waits for a certain answer, 0 to 10,000; default: the setting. */
  readonly waitMs?: number | undefined;
}

/** What a start found: the claims that were not settled when the process began. */
export interface Recovery {
  readonly claims: readonly RecoveredClaim[];
  /** Claims that the broker could not be asked about: orders wait for them, for a while. */
  readonly unread: number;
}

export interface RecoveredClaim {
  readonly claim: Claim;
  /**
   * `settled` by what the broker shows; `working`, where its order is; `unknown`, where nobody
   * knows yet, the broker does not show the order, or a refusal waits for a verdict.
   */
  readonly became: "settled" | "working" | "unknown";
}
