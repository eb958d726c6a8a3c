/** What a caller or a setting asked for cannot be done, or not now. */
import type { ErrorEntry } from "./error-entry.ts";

export const CALL_ERRORS = {
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
  readers_full: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "So many readers of events are connected already; end one, or read pages of JSON.",
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
    hint: "Choose another --port, or a --host that is of this machine, or end what holds the port.",
  },
  check_failed: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Do what the failed checks say, and run it again; nothing was sent or changed.",
  },
} as const satisfies Record<string, ErrorEntry>;
