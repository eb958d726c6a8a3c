/** The ledger, its copies, and the clock that it is kept by. */
import type { ErrorEntry } from "./error-entry.ts";

export const STORE_ERRORS = {
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
    hint: "Remove node_modules and install again with the Node that runs this; nothing was sent.",
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
  copy_failed: {
    httpStatus: 500,
    retryable: true,
    exitCode: 1,
    hint: "Mend the reason and copy again; unless it says otherwise, neither ledger was changed.",
  },
} as const satisfies Record<string, ErrorEntry>;
