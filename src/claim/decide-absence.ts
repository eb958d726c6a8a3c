/**
 * Decides when an order that nobody can find was never there. One look proves nothing: lists and
 * look-ups lag behind. Absence takes at least three reads that agree, begun after the POST was over
 * for certain, spanning the absence window, and then a scan of the orders list that finds nothing.
 * A gap between two reads counts for a bounded time only, as a clock may be set forward in it.
 * Between two readers it counts for nothing: they may have clocks that are apart.
 */
import type { EpochMs } from "../core/clock.ts";
import { type Claim, postOverAt } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import { evolveClaim } from "./evolve.ts";
import { ABSENCE_READS, type ClaimPolicy } from "./policy.ts";

export interface NotFoundCommand {
  /** One order asked for by its id, or the orders list around the time of sending. */
  readonly scope: "single" | "list";
  /** When the read was begun: what it says is no newer. */
  readonly readAt: EpochMs;
  /** By its reader's own clock: it knew of no read before it from which its time could go on. */
  readonly isFirst?: boolean;
  readonly now: EpochMs;
  readonly policy: ClaimPolicy;
}

export function decideNotFound(claim: Claim, command: NotFoundCommand): readonly ClaimEvent[] {
  if (!isSought(claim) || command.readAt < postOverAt(claim, command.policy.postDeadlineMs)) {
    return [];
  }
  // Others have looked meanwhile: by its own clock it has no place among their reads.
  if (command.isFirst && claim.notFound !== null) return [];
  const { scope, readAt } = command;
  const read: ClaimEvent = { type: "not_found_read", scope, readAt };
  const after = evolveClaim(claim, claim.key, read, command.now);
  if (!isAbsenceProved(after, command.policy)) return [read];
  return [read, { type: "absence_proved" }, { type: "sealed" }];
}

/** Whether the claim's order is one that may or may not exist. */
export function isSought(claim: Claim): boolean {
  return (
    claim.status === "IN_RECONCILIATION" && claim.brokerOrderId === null && claim.refusal === null
  );
}

/** Whether the single reads suffice, so that a scan of the list would complete the proof. */
export function awaitsListScan(claim: Claim, policy: ClaimPolicy): boolean {
  const reads = claim.notFound;
  if (reads === null || claim.idTaken) return false;
  return reads.count >= ABSENCE_READS && reads.lastAt - reads.firstAt >= policy.absenceWindowMs;
}

function isAbsenceProved(claim: Claim, policy: ClaimPolicy): boolean {
  const reads = claim.notFound;
  if (reads === null || reads.listAt === null || !awaitsListScan(claim, policy)) return false;
  return reads.listAt >= reads.lastAt;
}
