/** A person's word about an incident or a position. */
import type { ErrorEntry } from "./error-entry.ts";

export const OPERATOR_ERRORS = {
  incident_not_found: {
    httpStatus: 404,
    retryable: false,
    exitCode: 1,
    hint: "Check the number; tradelatch incidents and /latch/v1/incidents list them.",
  },
  incident_changed: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "Look at the incident as it is now, and decide with its version.",
  },
  incident_over: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "Nothing is left to do; how it ended is on record.",
  },
  incident_without_claim: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "Leave out how the claim ended (--as, endClaimAs), and resolve the incident alone.",
  },
  incident_claim_waits: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "Say how the claim ended too (--as, endClaimAs), or leave it to the evidence.",
  },
  incident_not_a_position: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "Adopt and flatten are for positions that differ; resolve this one.",
  },
  incident_other_end: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "An entry ends absent or rejected, an exit also already_flat; an action also done.",
  },
  exit_still_held: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "Say that it was rejected, or leave it to the evidence; nothing was changed.",
  },
  position_moved: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "Look at the numbers as they are now, and confirm those; nothing was changed.",
  },
  position_unreadable: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "The broker's position could not be read; nothing was changed, try again.",
  },
  operator_key_unset: {
    httpStatus: 403,
    retryable: false,
    exitCode: 1,
    hint: "Set TRADELATCH_OPERATOR_KEY and restart, or use tradelatch incidents on this machine.",
  },
  operator_key_refused: {
    httpStatus: 403,
    retryable: false,
    exitCode: 1,
    hint: "Send the operator key in the header TradeLatch-Operator-Key; an agent's is not enough.",
  },
} as const satisfies Record<string, ErrorEntry>;
