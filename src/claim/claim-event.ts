/**
 * What happens to a claim, as facts in the past tense. Events are the only thing that changes a
 * claim or a book; they are appended to the log and never altered. Times are on each event's own
 * record in the ledger.
 */

import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";
import type {
  AccountId,
  BrokerOrderId,
  ClaimKey,
  ClientOrderId,
  OwnerId,
  RequestId,
} from "../core/ids.ts";
import type { Intent, IntentDraft, Side } from "../identity/intent.ts";
import type { IncidentEvent } from "../incident/incident.ts";
import type { BrokerOrder, EvidenceSource, Refusal } from "./evidence.ts";
import type { GuardEvent } from "./guard-event.ts";

/** How the action ended. */
export type Outcome =
  | "filled"
  | "partially_filled"
  | "canceled"
  | "expired"
  | "rejected"
  | "not_sent"
  | "absent"
  | "already_flat";

/** Who proved the outcome. */
export type Provenance = "venue" | "inferred" | "operator";

/** Where a claim's request id came from. */
export type IdentityKind =
  | "explicit"
  | "anchored"
  | "arrival"
  /** It is a leg of another claim's order. */
  | "leg";

export interface Amount {
  readonly side: Side;
  readonly quantity: DecimalText | null;
}

interface AttemptOpened {
  /** The life of the position that the attempt belongs to. */
  readonly episode: number;
  readonly attempt: number;
  readonly clientOrderId: ClientOrderId;
  readonly owner: OwnerId;
  /** After this moment the attempt may no longer be sent. */
  readonly sendDeadline: EpochMs;
  /** Shares that a close reserves; null for an open. */
  readonly reserved: DecimalText | null;
}

export type ClaimEvent =
  | (AttemptOpened & {
      readonly type: "claimed";
      readonly intent: Intent;
      readonly identity: IdentityKind;
      /** The number that an intent without an anchor was given; null for the others. */
      readonly arrival: number | null;
      readonly fingerprint: string;
      /** What the broker's clock showed; null where nobody knew, absent in older logs. */
      readonly brokerTime?: EpochMs | null;
      /** That may be too early: see {@link Claim.isBrokerTimeGuess}. */
      readonly isTimeGuess?: true;
    })
  | (AttemptOpened & {
      readonly type: "reopened";
      readonly decisionId: string | null;
      /** What a part of the position comes to by now, where that is not what it came to before. */
      readonly amount?: Amount;
    })
  | { readonly type: "accepted"; readonly order: BrokerOrder; readonly callerTold: boolean }
  | { readonly type: "refused"; readonly refusal: Refusal; readonly callerTold: boolean }
  | { readonly type: "fills_awaited" }
  | { readonly type: "close_questioned" }
  | { readonly type: "refusal_concluded" }
  | { readonly type: "attempt_not_sent"; readonly reason: string }
  | { readonly type: "rate_limited"; readonly retryAfterMs: number; readonly reason: string }
  | { readonly type: "not_sent_concluded"; readonly reason: string }
  | {
      readonly type: "outcome_unknown";
      readonly reason: string;
      /** When the POST ended, where its sender reported it; null when nobody knows. */
      readonly postEndedAt: EpochMs | null;
      /** The broker said that an order with this client_order_id exists. */
      readonly idTaken: boolean;
    }
  | {
      readonly type: "order_working" | "order_ended";
      readonly order: BrokerOrder;
      readonly source: EvidenceSource;
    }
  | {
      readonly type: "fill_booked" | "late_fill_booked";
      readonly brokerOrderId: BrokerOrderId;
      readonly quantity: DecimalText;
      readonly cost: DecimalText;
      /** Of what was bought the broker may keep a fee; absent where it does not. */
      readonly feeInCoin?: true;
      /** The life of the position that the fill is of, where its claim was of another. */
      readonly episode?: number;
      /** The life before that one which goes on in it: the fill came before its end. */
      readonly lifeFrom?: number;
      /** When it was, by the broker's clock, where it has ended the position and that is told. */
      readonly filledAt?: EpochMs;
      /** When its order came there, where exits at work hold all that was there before an entry. */
      readonly submittedAt?: EpochMs;
      readonly source: EvidenceSource;
    }
  | {
      /** The broker shows an order inside the one of the claim `parent`. */
      readonly type: "leg_adopted";
      readonly parent: RequestId;
      readonly intent: Intent;
      readonly episode: number;
      readonly owner: OwnerId;
      /** When the order that it is a leg of was opened. */
      readonly openedAt: EpochMs;
      readonly order: BrokerOrder;
      readonly source: EvidenceSource;
    }
  | {
      /** Which claims are the legs of the claim's order, and what all of them come to. */
      readonly type: "legs_tied";
      readonly legs: readonly RequestId[];
      /** What legs on the order's own side have filled. */
      readonly filled: DecimalText;
      /** What the order itself asks for. */
      readonly quantity: DecimalText | null;
      /** Shares that the exits among them hold together. */
      readonly held: DecimalText;
    }
  | {
      /** A leg of a combo has filled: the book of its own contract moves. */
      readonly type: "leg_booked";
      readonly brokerOrderId: BrokerOrderId;
      readonly symbol: string;
      readonly side: Side;
      readonly quantity: DecimalText;
      readonly cost: DecimalText;
      /** The life of the contract's position that the fill is of; absent in older ledgers. */
      readonly episode?: number;
      /** It took from that position. */
      readonly closes?: true;
      /** As in `fill_booked`. */
      readonly filledAt?: EpochMs;
      readonly source: EvidenceSource;
    }
  | {
      readonly type: "not_found_read";
      readonly scope: "single" | "list";
      /** When the read was begun, in the time of the first one. */
      readonly readAt: EpochMs;
    }
  | {
      /** The broker is about to be asked for another order in the place of the claim's. */
      readonly type: "replace_requested";
      readonly clientOrderId: ClientOrderId;
      /** Shares that the new order is to ask for; null leaves the old order's. */
      readonly quantity: DecimalText | null;
      /** Until then the same request is on its way. */
      readonly busyUntil: EpochMs;
      /** Shares that a close holds for it besides those it holds anyway. */
      readonly extra: DecimalText;
    }
  | {
      /** Certainly no new order came of the request. */
      readonly type: "replace_dropped";
      readonly clientOrderId: ClientOrderId;
      readonly reason: string;
      /** What the request held besides, given back. */
      readonly extra: DecimalText;
    }
  | {
      /** The broker shows the claim's order as replaced by another, which is now the claim's. */
      readonly type: "order_replaced";
      readonly order: BrokerOrder;
      readonly replaces: BrokerOrderId;
      /** Shares that the new order may close; null for an open. */
      readonly reserved: DecimalText | null;
      readonly source: EvidenceSource;
      /** Whether it counts what the orders before it have filled; absent where it does not. */
      readonly countsChain?: true;
    }
  | {
      /** A cancel of the claim's order went to the broker; what came of it the order shows. */
      readonly type: "cancel_passed";
      readonly outcome: string;
      /** What the broker answered; null where it did not, absent from older events. */
      readonly httpStatus?: number | null;
    }
  | {
      /** A request to replace the claim's order came to no new order. */
      readonly type: "replace_answered";
      readonly answer: "SKIP" | "BLOCKED";
      /** Why it was refused; null of a repeat, which got the order that was there. */
      readonly code: string | null;
    }
  | { readonly type: "absence_proved" }
  | { readonly type: "id_owned_elsewhere"; readonly order: BrokerOrder }
  | { readonly type: "flatness_proved"; readonly provenance: Provenance }
  | { readonly type: "still_held" }
  | { readonly type: "changed_elsewhere" }
  | {
      /** The broker shows an order whose absence was proved, or that had never been sent. */
      readonly type: "order_surfaced";
      readonly order: BrokerOrder;
      /** Shares that the order may still close; null for an open. */
      readonly reserved: DecimalText | null;
      readonly source: EvidenceSource;
    }
  | { readonly type: "malformed" }
  | {
      /** A person has found out how it ended. */
      readonly type: "operator_ended";
      readonly outcome: "absent" | "rejected" | "already_flat";
      readonly by: string;
      readonly reason: string;
    }
  | { readonly type: "sealed" }
  | { readonly type: "caller_told"; readonly answer: "certain" | "pending" }
  | {
      readonly type: "repeat_answered";
      readonly answer: "PENDING" | "SKIP" | "BLOCKED";
      readonly code: string | null;
      readonly decisionId: string | null;
    };

export type ClaimEventType = ClaimEvent["type"];

/** Events about a symbol, and not about one claim. */
export type BookEvent =
  | IncidentEvent
  | {
      /** The book takes over what the broker holds. */
      readonly type: "position_adjusted";
      readonly net: DecimalText;
      readonly averagePrice: DecimalText;
      /** The incident that the adjustment resolves; 0 where there is none. */
      readonly incident: number;
      /** The claim that it concludes; null where there is none. */
      readonly cause: ClaimKey | null;
      /** What the broker has kept as its fee, where that is the whole difference. */
      readonly fee?: DecimalText;
    }
  | {
      readonly type: "opening_adopted";
      readonly net: DecimalText;
      readonly averagePrice: DecimalText;
    }
  | {
      /** An intent that was turned away before it became a claim. */
      readonly type: "intent_blocked";
      readonly intent: IntentDraft;
      readonly code: string;
      readonly cause: ClaimKey | null;
    };

/** What stands for the symbol where an action is not about one. */
export const NO_SYMBOL = "";

/** An event with what it is about; the ledger adds time, number and hash. */
export type LedgerEvent =
  | {
      readonly subject: "claim";
      readonly key: ClaimKey;
      readonly symbol: string;
      readonly body: ClaimEvent;
    }
  | {
      readonly subject: "book";
      readonly account: AccountId;
      readonly symbol: string;
      readonly body: BookEvent;
    }
  | {
      /** A claim of a guard: an action that is not an order, and moves no book. */
      readonly subject: "guard";
      readonly key: ClaimKey;
      /** Always {@link NO_SYMBOL}. */
      readonly symbol: string;
      readonly body: GuardEvent;
    };

/** Events by which an order of ours moves a book. */
export const FILLS = ["fill_booked", "late_fill_booked", "leg_booked"] as const;
/** Events that move a book: by no other does it come to hold something else. */
export const MOVES: ReadonlySet<LedgerEvent["body"]["type"]> = new Set([
  ...FILLS,
  ...(["opening_adopted", "position_adjusted"] as const),
]);

/** The symbol whose book an event of a claim in `symbol` moves. */
export function bookOf(event: ClaimEvent, symbol: string): string {
  return event.type === "leg_booked" ? event.symbol : symbol;
}
