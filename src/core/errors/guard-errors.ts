/** Actions that are not orders, their settlements, and webhooks. */
import type { ErrorEntry } from "./error-entry.ts";

export const GUARD_ERRORS = {
  invalid_guard_call: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "Correct the named field; docs/GUARD.md says what each call takes. Nothing was changed.",
  },
  guard_terms_differ: {
    httpStatus: 422,
    retryable: false,
    exitCode: 1,
    hint: "Repeat it unchanged: another request_id is another action, done besides the first.",
  },
  settlement_token_missing: {
    httpStatus: 403,
    retryable: false,
    exitCode: 1,
    hint: "Send what PROCEED gave: settlement_token, the header TradeLatch-Settlement-Token.",
  },
  settlement_token_wrong: {
    httpStatus: 403,
    retryable: false,
    exitCode: 1,
    hint: "Only the owner settles: send the settlement_token that its own PROCEED returned.",
  },
  guard_claim_released: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "An incident holds this word; look at the provider, for two attempts may have acted.",
  },
  guard_outcome_differs: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "The first word stays, and an incident holds this one; look at the provider.",
  },
  guard_claim_live: {
    httpStatus: 409,
    retryable: true,
    exitCode: 1,
    hint: "Send the owner's settlement token, or wait until its lease is over.",
  },
  guard_other_attempt: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "It was claimed again since: look at the provider anew, for the attempt that stands.",
  },
  guard_late_word: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "It may have happened: look at the provider, then release it with late_word: true.",
  },
  guard_claim_settled: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "GET /claims/{id} has what is on record; a settled action is never released.",
  },
  guard_result_unusable: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "It was done, once; give back JSON of at most 256 KiB, or a reference to what is larger.",
  },
  guard_lease_over: {
    httpStatus: 409,
    retryable: true,
    exitCode: 1,
    hint: "Nothing was run; a longer guardLeaseMs gives a slow verifier time. Call again.",
  },
  settlement_terms_differ: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "Give every process that takes part the same threshold, policy and sources.",
  },
  webhook_body_parsed: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "Mount the webhook before any body parser, or behind express.raw; signatures need bytes.",
  },
} as const satisfies Record<string, ErrorEntry>;
