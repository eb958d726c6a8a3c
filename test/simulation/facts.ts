/**
 * What happened in a world, as its network, its disk and its bots saw it. The code under test has
 * no part in this record; the checkers judge by it, by the broker's book and by the store.
 */
import type { EpochMs } from "../../src/core/clock.ts";
import type { OrderAnswer } from "../../src/gateway/order-answer.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";
import type { Violation } from "./checkers/violation.ts";
import type { ActionPlan } from "./plan.ts";

/** One POST or PATCH of an order, on the wire. */
export interface PostFact {
  readonly process: string;
  readonly owner: string;
  readonly method: "POST" | "PATCH";
  readonly clientOrderId: string;
  /** The order that is to be replaced; null for a POST. */
  readonly replaces: string | null;
  readonly leftAt: EpochMs;
  /** By the sender's own clock. */
  readonly leftAtOwnTime: EpochMs;
  /** When the sender last came out of a pause; null where it never was in one. */
  readonly resumedAt: EpochMs | null;
  /** The number of the last event in the store when it left. */
  readonly storeSequence: number;
  /** When the broker saw it; null: never. */
  arrivedAt: EpochMs | null;
  /** Whether its claim would have survived a power failure when it left. */
  readonly wasClaimed: boolean;
  /** What its sender got; null: nothing, so far. */
  answer: { readonly at: EpochMs; readonly status: number } | "refused connection" | "lost" | null;
}

/** A look-up by client_order_id. */
export interface LookUpFact {
  readonly owner: string;
  readonly clientOrderId: string;
  readonly leftAt: EpochMs;
  /** The broker's own JSON 404. */
  isNotFound: boolean;
  answeredAt: EpochMs | null;
}

/** A read of orders, of one or of a list. */
export interface ReadFact {
  readonly leftAt: EpochMs;
  /** Null while the sidecar that reads has no order of the broker's to show for it. */
  answeredAt: EpochMs | null;
}

export interface ToldFact {
  readonly at: EpochMs;
  /** When the bot sent the call. */
  readonly askedAt: EpochMs;
  /** Whether it was still there for the answer. */
  readonly isHeard: boolean;
  /** Whether the sidecar took orders by then; at its start it only tells what it knows. */
  readonly tookOrders: boolean;
  readonly bot: number;
  readonly group: string;
  readonly action: ActionPlan;
  readonly answer: OrderAnswer;
  /** The number of the last event that was on disk by then. */
  readonly syncedSequence: number;
}

export interface CommitFact {
  readonly at: EpochMs;
  readonly events: readonly StoredEvent[];
}

/** A line of the history that a person reads. */
export interface HistoryLine {
  readonly at: EpochMs;
  readonly who: string;
  readonly what: string;
}

export class Facts {
  readonly posts: PostFact[] = [];
  readonly lookUps: LookUpFact[] = [];
  readonly reads: ReadFact[] = [];
  /** When the broker asked for a pause, in which no sidecar that heard it reads. */
  readonly rateLimitedAt: EpochMs[] = [];
  readonly told: ToldFact[] = [];
  readonly commits: CommitFact[] = [];
  /** When a power failure took an event back, by its hash. */
  readonly lostAt = new Map<string, EpochMs>();
  /** Events that were given out, by their number. */
  readonly published = new Map<number, StoredEvent>();
  /** What invariants that hold at every moment had to say at the moment. */
  readonly momentary: Violation[] = [];
  readonly history: HistoryLine[] = [];
  /** Errors that calls of the latch ended with. */
  readonly failures: unknown[] = [];
  /** What the processes logged. */
  readonly log: string[] = [];
  /** client_order_ids of orders that a person sent past the latch. */
  readonly byHand = new Set<string>();
}
