/**
 * The claim's life, `OPEN → RESOLVED → IN_RECONCILIATION → FINAL → SETTLED`, as one table.
 *
 * - OPEN: somebody owns the right to send; nothing certain is known of the POST.
 * - RESOLVED: the broker's answer is certain. Left within the same transaction.
 * - IN_RECONCILIATION: an order is working, or its outcome is unknown, or a refused close is a
 *   question. Only evidence leads out, never time, a retry count or a restart (I4).
 * - FINAL: how it ended is proved; shares may still be missing from the book.
 * - SETTLED: every filled share is booked; the receipt is sealed.
 *
 * The claim of a guard has no broker, and lives by the same table: OPEN while its owner may be at
 * it, IN_RECONCILIATION while nobody knows what it did, SETTLED by a result or by a release.
 *
 * A pair that is not in the table throws. The diagram in docs/ARCHITECTURE.md is made from it.
 */
import { InvariantError } from "../core/errors.ts";
import type { ClaimEventType } from "./claim-event.ts";
import type { GuardEventType } from "./guard-event.ts";

export const CLAIM_STATUSES = [
  "OPEN",
  "RESOLVED",
  "IN_RECONCILIATION",
  "FINAL",
  "SETTLED",
] as const;
export type ClaimStatus = (typeof CLAIM_STATUSES)[number];

type EventType = ClaimEventType | GuardEventType;
type Row = Readonly<Partial<Record<EventType, ClaimStatus>>>;

/** What may be known of a claim in any state without moving it. */
const told = (status: ClaimStatus) =>
  ({
    caller_told: status,
    repeat_answered: status,
    replace_dropped: status,
    replace_answered: status,
    cancel_passed: status,
    legs_tied: status,
  }) as const satisfies Row;

export const TRANSITIONS: Readonly<Record<ClaimStatus | "NONE", Row>> = {
  NONE: { claimed: "OPEN", guard_claimed: "OPEN", leg_adopted: "IN_RECONCILIATION" },
  OPEN: {
    ...told("OPEN"),
    accepted: "RESOLVED",
    refused: "RESOLVED",
    attempt_not_sent: "OPEN",
    rate_limited: "OPEN",
    not_sent_concluded: "FINAL",
    outcome_unknown: "IN_RECONCILIATION",
    order_working: "IN_RECONCILIATION",
    order_ended: "FINAL",
    fill_booked: "OPEN",
    leg_booked: "OPEN",
    guard_answered: "OPEN",
    guard_settled: "SETTLED",
    guard_released: "SETTLED",
    guard_doubted: "IN_RECONCILIATION",
    settlement_refused: "OPEN",
  },
  RESOLVED: {
    ...told("RESOLVED"),
    fills_awaited: "IN_RECONCILIATION",
    close_questioned: "IN_RECONCILIATION",
    refusal_concluded: "FINAL",
    order_working: "IN_RECONCILIATION",
    order_ended: "FINAL",
    fill_booked: "RESOLVED",
    leg_booked: "RESOLVED",
  },
  IN_RECONCILIATION: {
    ...told("IN_RECONCILIATION"),
    refused: "RESOLVED",
    order_working: "IN_RECONCILIATION",
    order_ended: "FINAL",
    fill_booked: "IN_RECONCILIATION",
    leg_booked: "IN_RECONCILIATION",
    replace_requested: "IN_RECONCILIATION",
    order_replaced: "IN_RECONCILIATION",
    not_found_read: "IN_RECONCILIATION",
    absence_proved: "FINAL",
    id_owned_elsewhere: "FINAL",
    flatness_proved: "FINAL",
    still_held: "FINAL",
    changed_elsewhere: "FINAL",
    malformed: "FINAL",
    operator_ended: "FINAL",
    guard_answered: "IN_RECONCILIATION",
    guard_settled: "SETTLED",
    guard_released: "SETTLED",
    settlement_surfaced: "IN_RECONCILIATION",
    settlement_refused: "IN_RECONCILIATION",
  },
  FINAL: {
    ...told("FINAL"),
    fill_booked: "FINAL",
    leg_booked: "FINAL",
    late_fill_booked: "FINAL",
    sealed: "SETTLED",
    order_surfaced: "IN_RECONCILIATION",
    reopened: "OPEN",
  },
  SETTLED: {
    ...told("SETTLED"),
    late_fill_booked: "SETTLED",
    leg_booked: "SETTLED",
    order_surfaced: "IN_RECONCILIATION",
    settlement_surfaced: "IN_RECONCILIATION",
    settlement_refused: "SETTLED",
    guard_answered: "SETTLED",
    guard_reopened: "OPEN",
    reopened: "OPEN",
  },
};

/** The state after `event`; throws InvariantError for a pair that is not in the table. */
export function transition(from: ClaimStatus | "NONE", event: EventType): ClaimStatus {
  const to = TRANSITIONS[from][event];
  if (to === undefined) throw new InvariantError(`a claim in ${from} cannot take ${event}`);
  return to;
}

/** Whether the action may still have an order at work, or an outcome that nobody knows. */
export function isLive(status: ClaimStatus): boolean {
  return status === "OPEN" || status === "RESOLVED" || status === "IN_RECONCILIATION";
}
