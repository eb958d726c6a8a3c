/**
 * What a caller of the gateway gets. Only `PROCEED` carries an order of its own: `SKIP` carries the
 * receipt of an earlier try, `PENDING` what is known so far, and neither can be mistaken for a new
 * fill.
 */
import {
  BLOCK_CODES,
  type Block,
  type BlockCode,
  type ClaimDecision,
  type PendingPhase,
  phaseOf,
} from "../claim/answer.ts";
import { type Claim, isLatched, type Receipt, receiptOf } from "../claim/claim.ts";
import type { BrokerOrder, Refusal } from "../claim/evidence.ts";
import type { BrokerOrderId, ClaimKey, ClientOrderId, RequestId } from "../core/ids.ts";
import type { FieldDifference } from "../identity/fingerprint.ts";

/** What every answer may say besides. */
interface InQuestion {
  /** The open incident in the order's symbol, the latest one; it blocks nothing by default. */
  readonly incident?: number;
}

/** The order is the caller's own and the broker has it. */
export interface ProceedAnswer extends InQuestion {
  readonly status: "PROCEED";
  readonly requestId: RequestId;
  readonly clientOrderId: ClientOrderId;
  readonly order: BrokerOrder;
  /** The order in the broker's own form, where it came with the answer; null where it did not. */
  readonly wire: string | null;
}

/** The action is under way or its outcome is unknown; while it is, no try of it sends another. */
export interface PendingAnswer extends InQuestion {
  readonly status: "PENDING";
  readonly requestId: RequestId;
  readonly clientOrderId: ClientOrderId;
  /** Null while the broker is not known to have the order. */
  readonly brokerOrderId: BrokerOrderId | null;
  readonly phase: PendingPhase;
  /** The evidence so far, in a sentence. */
  readonly because: string;
  /** This very call began the attempt: whether it sent an order is part of what is not known. */
  readonly isOwnAttempt?: true;
}

/** The action is over; this is what came of it. Nothing was sent by this call. */
export interface SkipAnswer extends InQuestion {
  readonly status: "SKIP";
  readonly requestId: RequestId;
  readonly receipt: Receipt;
}

/** Refused, by us or by the broker. Nothing is at work for this call. */
export interface BlockedAnswer extends InQuestion {
  readonly status: "BLOCKED";
  /** Null where the intent never became a claim. */
  readonly requestId: RequestId | null;
  readonly code: BlockCode;
  readonly message: string;
  readonly hint: string;
  /** The claim that brought the refusal about. */
  readonly cause: ClaimKey | null;
  readonly difference: FieldDifference | null;
  readonly availableQuantity: string | null;
  readonly refusal: Refusal | null;
}

export type OrderAnswer = ProceedAnswer | PendingAnswer | SkipAnswer | BlockedAnswer;

export function proceedAnswer(
  claim: Claim,
  order: BrokerOrder,
  wire: string | null = null,
): ProceedAnswer {
  const { clientOrderId } = claim;
  return { status: "PROCEED", requestId: claim.key.requestId, clientOrderId, order, wire };
}

/** What a decision that sends nothing tells its caller. */
export function decidedAnswer(decision: Exclude<ClaimDecision, { kind: "proceed" }>): OrderAnswer {
  if (decision.kind === "blocked") return blockedAnswer(decision.block, decision.claim);
  if (decision.kind === "pending") return standingAnswer(decision.claim);
  const { claim, receipt } = decision;
  return { status: "SKIP", requestId: claim.key.requestId, receipt };
}

/** What a claim, as it stands, tells a caller that sends nothing by this call. */
export function standingAnswer(claim: Claim): OrderAnswer {
  if (isLatched(claim)) return refusedAnswer(claim, claim.refusal);
  const receipt = receiptOf(claim);
  if (receipt === undefined) return pendingAnswer(claim);
  if (receipt.outcome === "not_sent") return notSentAnswer(claim, "the attempt never left");
  if (receipt.outcome === "absent") {
    return notSentAnswer(claim, "the broker's records show none under its client_order_id");
  }
  if (receipt.outcome === "rejected") return refusedAnswer(claim, claim.refusal);
  return { status: "SKIP", requestId: claim.key.requestId, receipt };
}

export function pendingAnswer(claim: Claim): PendingAnswer {
  const phase = phaseOf(claim);
  const { clientOrderId } = claim;
  const because =
    claim.unknownBecause ?? `the broker's order is ${claim.orderStatus ?? "not read"}`;
  const { brokerOrderId, key } = claim;
  const told = phase === "in_flight" ? "it is being sent" : because;
  return {
    status: "PENDING",
    requestId: key.requestId,
    clientOrderId,
    brokerOrderId,
    phase,
    because: told,
  };
}

export function blockedAnswer(block: Block, claim: Claim | null): BlockedAnswer {
  return {
    status: "BLOCKED",
    requestId: claim?.key.requestId ?? null,
    code: block.code,
    message: block.message,
    hint: BLOCK_CODES[block.code],
    cause: block.cause,
    difference: block.difference,
    availableQuantity: block.availableQuantity,
    refusal: claim?.refusal ?? null,
  };
}

export function refusedAnswer(claim: Claim, refusal: Refusal | null): BlockedAnswer {
  const said = refusal === null ? "" : ` (${refusal.httpStatus}): ${refusal.message}`;
  const block = plainBlock("refused_by_broker", `the broker refused the order${said}`, claim);
  return { ...blockedAnswer(block, claim), refusal };
}

export function notSentAnswer(claim: Claim, reason: string): BlockedAnswer {
  return blockedAnswer(plainBlock("not_sent", `no order was sent: ${reason}`, claim), claim);
}

function plainBlock(code: BlockCode, message: string, claim: Claim): Block {
  return { code, message, cause: claim.key, difference: null, availableQuantity: null };
}
