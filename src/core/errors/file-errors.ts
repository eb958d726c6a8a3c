/** Files that are read or written, but for the ledger. */
import type { ErrorEntry } from "./error-entry.ts";

export const FILE_ERRORS = {
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
} as const satisfies Record<string, ErrorEntry>;
