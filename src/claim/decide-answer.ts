/**
 * Decides what the answer to a POST makes of its claim. The sender's fencing number must be the
 * claim's own: a writer that slept through a reopening is refused, and what it saw will be read
 * from the broker instead.
 */
import { sameClaim } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import type { ClaimKey } from "../core/ids.ts";
import { type Claim, isAccepted, neverWas } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import { isSought } from "./decide-absence.ts";
import { orderEvents, sealEvents, surfacedEvents } from "./decide-order.ts";
import type { Refusal, SubmitOutcome } from "./evidence.ts";
import { evolveClaim, foldClaim } from "./evolve.ts";

export interface AnswerCommand {
  readonly fencing: number;
  readonly outcome: SubmitOutcome;
  /** When the POST was over. */
  readonly now: EpochMs;
  /** Whether the caller is still there to be told an answer that is certain. */
  readonly callerWaits: boolean;
}

/**
 * Undefined when the writer's fencing number is old. `holder` is the claim that already owns the
 * order of an accepted POST, if any does: two agents may have given one client_order_id at once.
 */
export function decideAnswer(
  claim: Claim,
  command: AnswerCommand,
  holder?: ClaimKey,
): readonly ClaimEvent[] | undefined {
  if (command.fencing !== claim.fencing) return undefined;
  const { outcome } = command;
  const isHeld = holder !== undefined && !sameClaim(holder, claim.key);
  if (claim.status !== "OPEN") return isHeld ? [] : outcomeAfterOpen(claim, command);
  // I6: its fills are booked by the claim that adopted it, and must not be booked here as well.
  if (isHeld)
    return [unknown(`the order is held by claim ${holder.requestId}`, command.now, false)];
  switch (outcome.kind) {
    case "accepted":
      return afterAcceptance(claim, command, {
        callerTold: command.callerWaits,
        order: outcome.order,
        type: "accepted",
      });
    case "refused":
      return afterRefusal(claim, command, {
        type: "refused",
        refusal: outcome.refusal,
        callerTold: command.callerWaits,
      });
    case "id_taken":
      return [unknown(outcome.message, command.now, true)];
    case "ambiguous":
      return [unknown(outcome.reason, command.now, false)];
    case "not_sent":
      return [{ type: "attempt_not_sent", reason: outcome.reason }];
    case "rate_limited":
      return [
        { type: "rate_limited", retryAfterMs: outcome.retryAfterMs, reason: outcome.message },
      ];
  }
}

/** The owner has stopped trying an attempt that never left: the action ends as not_sent. */
export function decideNotSent(
  claim: Claim,
  fencing: number,
  reason: string,
  now: EpochMs,
): readonly ClaimEvent[] | undefined {
  if (fencing !== claim.fencing || claim.status !== "OPEN") return undefined;
  return sealed(claim, [{ type: "not_sent_concluded", reason }], now);
}

/** Nobody heard of the POST in time: from now on only the broker's records can tell. */
export function decideExpiry(
  claim: Claim,
  now: EpochMs,
  postDeadlineMs: number,
): readonly ClaimEvent[] {
  if (claim.status !== "OPEN" || now < claim.sendDeadline + postDeadlineMs) return [];
  return [
    {
      type: "outcome_unknown",
      reason: "no answer by the deadline",
      postEndedAt: null,
      idTaken: false,
    },
  ];
}

/**
 * An answer to a claim that was given up meanwhile, or whose order was read before its own answer
 * came (the stream is often faster): an order in it is a read like any other.
 */
function outcomeAfterOpen(claim: Claim, command: AnswerCommand): readonly ClaimEvent[] {
  const { outcome, now, callerWaits } = command;
  // The claim was given up before its own answer came: a certain one still counts.
  if (outcome.kind === "refused" && isSought(claim)) {
    const { refusal } = outcome;
    return afterRefusal(claim, command, { type: "refused", refusal, callerTold: callerWaits });
  }
  if (outcome.kind !== "accepted") return [];
  if (isAccepted(claim) && claim.brokerOrderId !== outcome.order.brokerOrderId) return [];
  const read = neverWas(claim)
    ? surfacedEvents(claim, outcome.order, "response", now)
    : orderEvents(claim, outcome.order, "response", now);
  const tells = callerWaits && claim.told !== "certain";
  return tells ? [...read, { type: "caller_told", answer: "certain" }] : read;
}

function unknown(reason: string, now: EpochMs, idTaken: boolean): ClaimEvent {
  return { type: "outcome_unknown", reason, postEndedAt: now, idTaken };
}

function afterAcceptance(
  claim: Claim,
  { now }: AnswerCommand,
  accepted: ClaimEvent & { type: "accepted" },
): ClaimEvent[] {
  const resolved = evolveClaim(claim, claim.key, accepted, now);
  const read = orderEvents(resolved, accepted.order, "response", now);
  const over = read.some(({ type }) => type === "order_ended");
  return over ? [accepted, ...read] : [accepted, { type: "fills_awaited" }, ...read];
}

function afterRefusal(
  claim: Claim,
  { now }: AnswerCommand,
  refused: ClaimEvent & { type: "refused" },
): readonly ClaimEvent[] {
  if (claim.intent.effect === "close" && raisesQuestion(refused.refusal)) {
    return [refused, { type: "close_questioned" }];
  }
  return sealed(claim, [refused, { type: "refusal_concluded" }], now);
}

/** A refused close asks what became of the position; bad credentials say nothing about it. */
function raisesQuestion(refusal: Refusal): boolean {
  return refusal.httpStatus !== 401;
}

function sealed(claim: Claim, events: readonly ClaimEvent[], now: EpochMs): readonly ClaimEvent[] {
  return [...events, ...sealEvents(foldClaim(claim, events, now), null)];
}
