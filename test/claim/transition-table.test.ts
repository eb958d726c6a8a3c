import { describe, expect, test } from "vitest";
import type { ClaimEventType } from "../../src/claim/claim-event.ts";
import type { GuardEventType } from "../../src/claim/guard-event.ts";
import {
  CLAIM_STATUSES,
  type ClaimStatus,
  isLive,
  TRANSITIONS,
  transition,
} from "../../src/claim/transitions.ts";
import { InvariantError } from "../../src/core/errors.ts";

/** What follows an event, from the columns' states; a dash is a pair that must not happen. */
const COLUMNS = ["NONE", "OPEN", "RESOLVED", "IN_RECONCILIATION", "FINAL", "SETTLED"] as const;

/**
 * The claim's life, written out from the design and not from the code:
 * O = OPEN, R = RESOLVED, I = IN_RECONCILIATION, F = FINAL, S = SETTLED.
 */
const LIFE: Readonly<Record<ClaimEventType | GuardEventType, string>> = {
  //                    NONE OPEN RESOLVED IN_REC FINAL SETTLED
  claimed: "            O    -    -        -      -     -",
  leg_adopted: "        I    -    -        -      -     -",
  legs_tied: "          -    O    R        I      F     S",
  reopened: "           -    -    -        -      O     O",
  accepted: "           -    R    -        -      -     -",
  refused: "            -    R    -        R      -     -",
  fills_awaited: "      -    -    I        -      -     -",
  close_questioned: "   -    -    I        -      -     -",
  refusal_concluded: "  -    -    F        -      -     -",
  attempt_not_sent: "   -    O    -        -      -     -",
  rate_limited: "       -    O    -        -      -     -",
  not_sent_concluded: " -    F    -        -      -     -",
  outcome_unknown: "    -    I    -        -      -     -",
  order_working: "      -    I    I        I      -     -",
  order_ended: "        -    F    F        F      -     -",
  fill_booked: "        -    O    R        I      F     -",
  leg_booked: "         -    O    R        I      F     S",
  late_fill_booked: "   -    -    -        -      F     S",
  not_found_read: "     -    -    -        I      -     -",
  absence_proved: "     -    -    -        F      -     -",
  id_owned_elsewhere: " -    -    -        F      -     -",
  flatness_proved: "    -    -    -        F      -     -",
  still_held: "         -    -    -        F      -     -",
  changed_elsewhere: "  -    -    -        F      -     -",
  order_surfaced: "     -    -    -        -      I     I",
  operator_ended: "     -    -    -        F      -     -",
  malformed: "          -    -    -        F      -     -",
  sealed: "             -    -    -        -      S     -",
  replace_requested: "  -    -    -        I      -     -",
  order_replaced: "     -    -    -        I      -     -",
  replace_dropped: "    -    O    R        I      F     S",
  replace_answered: "   -    O    R        I      F     S",
  cancel_passed: "      -    O    R        I      F     S",
  caller_told: "        -    O    R        I      F     S",
  repeat_answered: "    -    O    R        I      F     S",
  guard_claimed: "      O    -    -        -      -     -",
  guard_reopened: "     -    -    -        -      -     O",
  guard_doubted: "      -    I    -        -      -     -",
  guard_settled: "      -    S    -        S      -     -",
  guard_released: "     -    S    -        S      -     -",
  guard_answered: "     -    O    -        I      -     S",
  settlement_surfaced: "-    -    -        I      -     I",
  settlement_refused: " -    O    -        I      -     S",
};

const LETTERS: Readonly<Record<string, ClaimStatus>> = {
  O: "OPEN",
  R: "RESOLVED",
  I: "IN_RECONCILIATION",
  F: "FINAL",
  S: "SETTLED",
};

const PAIRS = Object.entries(LIFE).flatMap(([event, row]) =>
  row
    .trim()
    .split(/\s+/)
    .map((letter, column) => ({
      from: COLUMNS[column] ?? "NONE",
      event: event as ClaimEventType | GuardEventType,
      to: LETTERS[letter],
    })),
);
const LISTED = PAIRS.flatMap(({ from, event, to }) =>
  to === undefined ? [] : [{ from, event, to }],
);
const UNLISTED = PAIRS.filter(({ to }) => to === undefined);

describe("the claim's life", () => {
  test("is written out for every state and every event", () => {
    expect(PAIRS).toHaveLength(43 * 6);
    expect([...CLAIM_STATUSES]).toEqual(COLUMNS.slice(1));
  });

  test("has no event and no state in the code that is not written out here", () => {
    const events = Object.values(TRANSITIONS).flatMap((row) => Object.keys(row));
    expect(events.filter((event) => !(event in LIFE))).toEqual([]);
    expect(Object.keys(TRANSITIONS).sort()).toEqual([...COLUMNS].sort());
  });

  test.each(LISTED)("$from takes $event and becomes $to", ({ from, event, to }) => {
    expect(transition(from, event)).toBe(to);
  });

  test.each(UNLISTED)("$from never takes $event", ({ from, event }) => {
    const message = `a claim in ${from} cannot take ${event}`;
    expect(() => transition(from, event)).toThrow(new InvariantError(message));
  });

  test("is live until it is proved how the action ended", () => {
    expect(CLAIM_STATUSES.filter(isLive)).toEqual(["OPEN", "RESOLVED", "IN_RECONCILIATION"]);
  });
});
