/** Decides every command that concerns one claim that exists: the single door for the stores. */
import { sameClaim } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import type { ClaimKey } from "../core/ids.ts";
import type { Claim } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import { decideNotFound, type NotFoundCommand } from "./decide-absence.ts";
import { type AnswerCommand, decideAnswer, decideExpiry, decideNotSent } from "./decide-answer.ts";
import { decideOrder, type OrderCommand } from "./decide-order.ts";
import {
  type ReplaceDroppedCommand,
  type ReplacedCommand,
  replaceDroppedEvents,
  replacedEvents,
} from "./decide-replace.ts";

export type RecordCommand =
  | ({ readonly type: "answer" } & AnswerCommand)
  | {
      readonly type: "not_sent";
      readonly fencing: number;
      readonly reason: string;
      readonly now: EpochMs;
    }
  | ({ readonly type: "order" } & OrderCommand)
  | ({ readonly type: "not_found" } & NotFoundCommand)
  | { readonly type: "expiry"; readonly postDeadlineMs: number; readonly now: EpochMs }
  | ({ readonly type: "replaced" } & ReplacedCommand)
  | ({ readonly type: "replace_dropped"; readonly now: EpochMs } & ReplaceDroppedCommand)
  /**
   * Nothing has become of the claim for long: people are to know. `isMissing`: the broker says that
   * it does not have the order that it has taken. `unreadBecause`: or reads of that fail, and why.
   */
  | {
      readonly type: "overdue";
      readonly isMissing?: boolean;
      readonly unreadBecause?: string | undefined;
      readonly now: EpochMs;
    }
  | {
      readonly type: "told";
      readonly answer: "certain" | "pending";
      readonly fencing: number;
      readonly now: EpochMs;
    };

/**
 * Whether nothing at the broker shows it any more: a refused order leaves no record, nor does one
 * whose id is another's, which a look-up tells. Whoever is told of it may rely on it, so it has to
 * be on disk first.
 */
export function isToldOnce(command: RecordCommand): boolean {
  if (command.type === "answer") return command.outcome.kind === "refused";
  return command.type === "order" && command.source === "read_back";
}

/**
 * Whether it says that the broker has taken the order that was sent: its caller may be told before
 * that is written, since the claim is, and the broker tells the rest again.
 */
export function isAcceptance(command: RecordCommand): boolean {
  return command.type === "answer" && command.outcome.kind === "accepted";
}

/**
 * The events of `command`; none where it tells nothing new; undefined when its writer's fencing
 * number is old.
 */
export function decideRecord(
  claim: Claim,
  command: RecordCommand,
  holder: ClaimKey | undefined,
): readonly ClaimEvent[] | undefined {
  switch (command.type) {
    case "answer":
      return decideAnswer(claim, command, holder);
    case "not_sent":
      return decideNotSent(claim, command.fencing, command.reason, command.now);
    case "order":
      return decideOrder(claim, command, holder);
    case "not_found":
      return decideNotFound(claim, command);
    case "expiry":
      return decideExpiry(claim, command.now, command.postDeadlineMs);
    case "replaced":
      // I6: what another claim has is booked there.
      return isAnothers(claim, holder) ? [] : replacedEvents(claim, command);
    case "replace_dropped":
      return replaceDroppedEvents(claim, command);
    case "overdue":
      return [];
    case "told":
      return decideTold(claim, command.fencing, command.answer);
  }
}

function isAnothers({ key }: Claim, holder: ClaimKey | undefined): boolean {
  return holder !== undefined && !sameClaim(holder, key);
}

/** What the owner's caller was told; a certain answer is never taken back. */
function decideTold(
  claim: Claim,
  fencing: number,
  answer: "certain" | "pending",
): readonly ClaimEvent[] | undefined {
  if (fencing !== claim.fencing) return undefined;
  const known = claim.told === answer || claim.told === "certain";
  return known ? [] : [{ type: "caller_told", answer }];
}
