/**
 * What happens to a claim, as facts in the past tense. Events are the only thing that changes a
 * claim or a book; they are appended to the log and never altered. Times are on each event's own
 * record in the ledger.
 */

import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";
import type { AccountId, BrokerOrderId, ClaimKey, ClientOrderId, OwnerId } from "../core/ids.ts";
import type { Intent, IntentDraft } from "../identity/intent.ts";
import type { BrokerOrder, EvidenceSource, Refusal } from "./evidence.ts";

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
export type IdentityKind = "explicit" | "anchored" | "arrival";

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
    })
  | (AttemptOpened & { readonly type: "reopened"; readonly decisionId: string | null })
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
      readonly source: EvidenceSource;
    }
  | {
      readonly type: "not_found_read";
      readonly scope: "single" | "list";
      /** When the read was begun. */
      readonly readAt: EpochMs;
    }
  | { readonly type: "absence_proved" }
  | { readonly type: "id_owned_elsewhere"; readonly order: BrokerOrder }
  | { readonly type: "flatness_proved"; readonly provenance: Provenance }
  | { readonly type: "still_held" }
  | { readonly type: "malformed" }
  | { readonly type: "sealed" }
  | { readonly type: "caller_told"; readonly answer: "certain" | "pending" }
  | {
      readonly type: "repeat_answered";
      readonly answer: "PENDING" | "SKIP" | "BLOCKED";
      readonly code: string | null;
      readonly decisionId: string | null;
    };

export type ClaimEventType = ClaimEvent["type"];

/** Events of a book that no claim brings about. */
export type BookEvent =
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
    };
