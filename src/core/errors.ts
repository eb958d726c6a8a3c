/**
 * The registry of errors, which `docs/ERRORS.md` equals. A message names the value received, the
 * hint what mends it. An outcome of an order is never one but an answer (PENDING, SKIP, BLOCKED).
 */

interface ErrorEntry {
  /** Status for an HTTP surface. */
  readonly httpStatus: number;
  /** Whether the same call can succeed later without a change by the caller. */
  readonly retryable: boolean;
  /** Exit code of the command line: 2 for misuse, 1 for failure. */
  readonly exitCode: 1 | 2;
  readonly hint: string;
}

export const ERRORS = {
  invalid_intent: {
    httpStatus: 422,
    retryable: false,
    exitCode: 2,
    hint: "Correct the named field and send the intent again; nothing was claimed or sent.",
  },
  invalid_option: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "See --help, or the options of openLatch, for what is accepted.",
  },
  invalid_query: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "Correct the named field; /openapi.json says what each page takes.",
  },
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
  claim_not_found: {
    httpStatus: 404,
    retryable: false,
    exitCode: 1,
    hint: "Check the id and the agent group; the audit lists what there is.",
  },
  order_not_found: {
    httpStatus: 404,
    retryable: false,
    exitCode: 1,
    hint: "Check the order's id: the broker has no such order, and nothing was sent.",
  },
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
  readers_full: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "So many readers of events are connected already; end one, or read pages of JSON.",
  },
  invalid_session: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "Correct the named field of the session file; fixtures/sessions has valid ones.",
  },
  invalid_records: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "Correct the named record, or leave it out; docs/RECONCILE.md says what is read.",
  },
  records_disagree: {
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    hint: "Look at each finding; docs/RECONCILE.md says what its reasons mean.",
  },
  file_unreadable: {
    httpStatus: 500,
    retryable: false,
    exitCode: 2,
    hint: "Check that the path exists and may be read.",
  },
  file_unwritable: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "Choose a directory that exists, may be written and has room; nothing was left there.",
  },
  output_unwritable: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "Make room where standard output goes, or send it elsewhere; look at what was done.",
  },
  file_in_the_way: {
    httpStatus: 500,
    retryable: false,
    exitCode: 2,
    hint: "Choose another name, or move away what is there; it was left as it is.",
  },
  store_not_a_database: {
    httpStatus: 503,
    retryable: false,
    exitCode: 1,
    hint: "Name another file with --store, or move this one away; it was not changed.",
  },
  store_not_loaded: {
    httpStatus: 503,
    retryable: false,
    exitCode: 1,
    hint: "Run npm rebuild better-sqlite3 with the Node that runs this; nothing was sent.",
  },
  store_corrupt: {
    httpStatus: 503,
    retryable: false,
    exitCode: 1,
    hint: "Restore the file from a backup; nothing is sent while the ledger cannot be trusted.",
  },
  store_newer: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Run the newer TradeLatch that wrote this ledger, or name another; no order was sent.",
  },
  store_unwritable: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Mend the folder, file or disk, or name a store that takes writes; nothing was sent.",
  },
  store_busy: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Another process held the ledger for too long; no order was sent, try again.",
  },
  store_full: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Free some space; no order was sent, and nothing that was recorded is lost.",
  },
  store_moved: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Put that ledger back, or start again on the one to be used; no order was sent.",
  },
  store_unreachable: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Start the database server, or mend the way to it; no order was sent, try again.",
  },
  store_refused: {
    httpStatus: 503,
    retryable: false,
    exitCode: 1,
    hint: "Check --store: user and rights, password, database, certificates and settings.",
  },
  store_unsafe: {
    httpStatus: 503,
    retryable: false,
    exitCode: 1,
    hint: "Turn fsync and full_page_writes on in the server; a claim must survive a power failure.",
  },
  store_failed: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "The claim could not be written, so no order was sent; mend the store and try again.",
  },
  store_missing: {
    httpStatus: 503,
    retryable: false,
    exitCode: 2,
    hint: "Name the ledger that is meant with --store or --from; a sidecar makes one at its start.",
  },
  store_in_use: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Stop every sidecar and bot that has this ledger open, then try again.",
  },
  store_not_empty: {
    httpStatus: 503,
    retryable: false,
    exitCode: 2,
    hint: "Name a file that does not exist or a database without a ledger; nothing was changed.",
  },
  clock_behind: {
    httpStatus: 503,
    retryable: false,
    exitCode: 1,
    hint: "Set this machine's clock right and start again; no order was sent.",
  },
  store_closed: {
    httpStatus: 503,
    retryable: false,
    exitCode: 1,
    hint: "The latch was closed; open it again before sending.",
  },
  backup_failed: {
    httpStatus: 500,
    retryable: true,
    exitCode: 1,
    hint: "The ledger is untouched; check the directory, its free space and its owner.",
  },
  audit_key_unusable: {
    httpStatus: 503,
    retryable: false,
    exitCode: 1,
    hint: "Give the file to this user alone (chmod 600), or name the right one with --audit-key.",
  },
  not_an_export: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "Name a file that tradelatch audit export has written.",
  },
  audit_broken: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "Keep it as it is and compare it with a copy; docs/AUDIT.md says what can be told.",
  },
  copy_failed: {
    httpStatus: 500,
    retryable: true,
    exitCode: 1,
    hint: "Mend the reason and copy again; unless it says otherwise, neither ledger was changed.",
  },
  broker_unavailable: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "No order was sent; check the broker's address and credentials and try again.",
  },
  not_started: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Wait until /readyz answers 200: the broker is away, or claims are being looked up.",
  },
  keys_refused: {
    httpStatus: 503,
    retryable: false,
    exitCode: 1,
    hint: "Check APCA_API_KEY_ID and APCA_API_SECRET_KEY, and that they are for this host.",
  },
  node_too_old: {
    httpStatus: 500,
    retryable: false,
    exitCode: 2,
    hint: "Install that Node or a later one, and with it the package anew; nothing was done.",
  },
  port_unavailable: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "Choose another port with --port, or end the program that holds it.",
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
  check_failed: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Do what the failed checks say, and run it again; nothing was sent or changed.",
  },
  replay_failed: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "Run it again; if it fails the same way, report it with this line.",
  },
  strategy_failed: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "Mend what the message names and start it again: orders are looked up then.",
  },
  run_unsound: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "The latch is at fault: report it with the strategy, the bars and the seed.",
  },
  invalid_strategy: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "Correct the strategy's file or the --set; docs/STRATEGIES.md shows one of 20 lines.",
  },
  invalid_bars: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "Correct the named line; docs/STRATEGIES.md has the form of a file of bars.",
  },
  live_not_confirmed: {
    httpStatus: 403,
    retryable: false,
    exitCode: 2,
    hint: "Run it at a terminal and type the account number, or use --paper; nothing was sent.",
  },
  feed_failed: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Check the feed's address, keys and network; positions are as they were.",
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** A failure that a caller or an operator can act on. Its `cause` is what lay beneath it. */
export class LatchError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LatchError";
    this.code = code;
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get httpStatus(): number {
    return ERRORS[this.code].httpStatus;
  }

  get exitCode(): 1 | 2 {
    return ERRORS[this.code].exitCode;
  }
}

/** A broken invariant: a bug of ours. It stops what was under way instead of guessing on. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** A process lives on where the folder that it was started in is deleted; short paths do not. */
export function isFolderGone(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  if (isFolderGone(error)) return "the folder that it is run in was deleted: go to another one";
  return error instanceof Error ? error.message : String(error);
}
