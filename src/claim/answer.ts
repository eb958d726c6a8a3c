/** What a caller is told about its intent, before and after the broker was asked. */
import type { DecimalText } from "../core/decimal.ts";
import type { ClaimKey } from "../core/ids.ts";
import type { FieldDifference } from "../identity/fingerprint.ts";
import type { Claim, Receipt } from "./claim.ts";

/** Why an intent is refused, each with what mends it. `docs/ERRORS.md` lists them. */
export const BLOCK_CODES = {
  fingerprint_mismatch:
    "The same request id came before with other terms; send it unchanged, or under a new id.",
  exit_duplicate_after_422:
    "The broker refused this exit and its state is not proved yet; wait for the verdict.",
  close_while_flat:
    "Nothing is held to close; where a claim closed the position, the cause names it.",
  close_crosses_zero: "The close is larger than the position; lower its quantity.",
  close_wrong_side: "The close is on the side of the position; a close is opposite to it.",
  insufficient_quantity:
    "Other closes hold the shares; wait for them to end, or lower the quantity.",
  part_too_small:
    "The part comes to less than one whole share or contract; close a larger part, or all.",
  short_not_allowed: "Opening a short position is off; set allowShort to permit it.",
  open_against_position: "The open would reduce the position that is held; send it as a close.",
  entry_blocked:
    "The position is in question and the policy blocks entries; see the incident, or resolve it.",
  refused_by_broker: "The broker refused the order for certain; its message says why.",
  not_sent: "The order certainly never reached the broker; the same intent may be sent again.",
  feed_stale: "The strategy's feed has no current bars; entries are free again once it has.",
  bar_over: "The bar is one of the past, for indicators only; decide again with the next one.",
  dry_run: "A dry run sends nothing; leave out --dry-run to trade.",
} as const satisfies Record<string, string>;

export type BlockCode = keyof typeof BLOCK_CODES;

/** A refusal with its cause (I8). */
export interface Block {
  readonly code: BlockCode;
  /** A sentence for people, with the numbers. */
  readonly message: string;
  /** The claim that brought it about; null where there is none. */
  readonly cause: ClaimKey | null;
  readonly difference: FieldDifference | null;
  /** Shares that could be closed now, where that is the question. */
  readonly availableQuantity: DecimalText | null;
}

/** Why a live claim's caller has to wait. */
export type PendingPhase =
  /** The broker has the order and it is not over. */
  | "working"
  /** Being sent right now, by whoever owns it. */
  | "in_flight"
  /** Nobody knows; reads go on. */
  | "unknown"
  /** A cancel was asked for and is not confirmed. */
  | "canceling";

/** What the claim transaction decided. */
export type ClaimDecision =
  | {
      readonly kind: "proceed";
      readonly claim: Claim;
      /** An attempt came before: one fresh read must find nothing before this one is sent. */
      readonly reopened: boolean;
    }
  | { readonly kind: "pending"; readonly claim: Claim; readonly phase: PendingPhase }
  | { readonly kind: "skip"; readonly claim: Claim; readonly receipt: Receipt }
  | { readonly kind: "blocked"; readonly block: Block; readonly claim: Claim | null };

export function phaseOf(claim: Claim): PendingPhase {
  if (claim.status === "OPEN" || claim.status === "RESOLVED") return "in_flight";
  if (claim.orderStatus === "pending_cancel") return "canceling";
  return claim.brokerOrderId === null ? "unknown" : "working";
}
