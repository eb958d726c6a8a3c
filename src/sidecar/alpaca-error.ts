/**
 * The sidecar's own refusals, in Alpaca's shape: `{code, message}`, with a `tradelatch` object
 * beside them that names the cause and what mends it. One registry holds them all.
 *
 * Codes are built as Alpaca builds its own, status first, and have a 9 in the fourth place, which
 * none of Alpaca's has: so a client that matches Alpaca's codes never takes ours for one of them.
 */

interface SidecarErrorEntry {
  readonly httpStatus: number;
  /** Absent where Alpaca's own answer has none. */
  readonly code?: number;
  readonly message: string;
  readonly hint: string;
}

export const SIDECAR_ERRORS = {
  path_refused: {
    httpStatus: 400,
    code: 40090001,
    message: "the request's path can be read in more than one way",
    hint: "Send the plain path, such as /v2/orders, in origin form.",
  },
  request_malformed: {
    httpStatus: 400,
    code: 40090002,
    message: "the request cannot be read",
    hint: "Send HTTP/1.1 with a body in UTF-8; nothing was sent to the broker.",
  },
  upgrade_refused: {
    httpStatus: 400,
    code: 40090003,
    message: "the connection can be upgraded to a websocket on /stream only",
    hint: "Send plain HTTP/1.1 without an Upgrade header (Java: HTTP_1_1); nothing was sent.",
  },
  unauthorized: {
    httpStatus: 401,
    message: "unauthorized.",
    hint: "Send an agent's id and secret, or on loopback the broker's key pair.",
  },
  route_refused: {
    httpStatus: 403,
    code: 40390001,
    message: "this write does not pass through the sidecar",
    hint: "Only listed writes pass; make this one with the broker directly.",
  },
  host_refused: {
    httpStatus: 403,
    code: 40390002,
    message: "the Host header names no host of this sidecar",
    hint: "Use the address the sidecar listens on, or configure the name it is reached by.",
  },
  origin_refused: {
    httpStatus: 403,
    code: 40390003,
    message: "a web page of another origin may not use this sidecar",
    hint: "Call the sidecar from a program, not from a page in a browser.",
  },
  override_refused: {
    httpStatus: 403,
    code: 40390004,
    message: "a header asks for another method than the request's own",
    hint: "Send the request with the method that is meant.",
  },
  not_found: {
    httpStatus: 404,
    code: 40490001,
    message: "the sidecar has no such page",
    hint: "Alpaca's API is under /v2; the sidecar's own is in /openapi.json.",
  },
  no_broker: {
    httpStatus: 404,
    code: 40490002,
    message: "this sidecar has no broker: it guards actions, and takes no orders",
    hint: "POST /claim guards an action; serve without --broker none takes orders.",
  },
  order_malformed: {
    httpStatus: 422,
    code: 42290001,
    message: "the order cannot be read",
    hint: "Send it as Alpaca takes it, an order as a JSON object; nothing was sent to the broker.",
  },
  key_required: {
    httpStatus: 422,
    code: 42290002,
    message: "this write passes under an Idempotency-Key only",
    hint: "Give each action a key of its own, the same on every try; nothing was sent.",
  },
  request_timeout: {
    httpStatus: 408,
    code: 40890001,
    message: "the request took too long to arrive",
    hint: "Nothing was sent to the broker; send the request again.",
  },
  outcome_unknown: {
    httpStatus: 409,
    code: 40990001,
    message: "the outcome of this order is not known yet",
    hint: "Send the same request again after Retry-After; it cannot place a second order.",
  },
  order_not_taken: {
    httpStatus: 409,
    code: 40990002,
    message: "the sidecar takes no orders at the moment; this call sent none",
    hint: "Send the same request again after Retry-After; an earlier try of it is not forgotten.",
  },
  incident_conflict: {
    httpStatus: 409,
    code: 40990003,
    message: "the incident cannot be resolved as it was asked",
    hint: "See the incident in this answer; it is the incident as it is now.",
  },
  exercise_unknown: {
    httpStatus: 409,
    code: 40990004,
    message: "what became of this exercise is not known",
    hint: "Look at the position first: sent again it exercises whatever is held by then.",
  },
  body_too_large: {
    httpStatus: 413,
    code: 41390001,
    message: "the request's body is too large",
    hint: "Bodies of at most 1 MiB are taken; nothing was sent to the broker.",
  },
  headers_too_large: {
    httpStatus: 431,
    code: 43190001,
    message: "the request's headers are too large",
    hint: "Send shorter headers or a shorter query; nothing was sent to the broker.",
  },
  internal_error: {
    httpStatus: 500,
    code: 50090001,
    message: "the sidecar failed",
    hint: "See the sidecar's log; if it happens again, report it with that line.",
  },
  stream_unavailable: {
    httpStatus: 501,
    code: 50190001,
    message: "trade updates are served over a websocket only",
    hint: "Connect to /stream with a websocket client.",
  },
  upstream_unreachable: {
    httpStatus: 502,
    code: 50290001,
    message: "the broker could not be asked",
    hint: "Check the broker's address and the network; the request may be repeated.",
  },
  write_outcome_unknown: {
    httpStatus: 502,
    code: 50290002,
    message: "the broker's answer was lost, so the outcome of this write is unknown",
    hint: "Read the state before repeating it; a cancel can be repeated at any time.",
  },
  overloaded: {
    httpStatus: 503,
    code: 50390002,
    message: "too many requests are under way; this one was not sent",
    hint: "Send it again when others have been answered.",
  },
  closing: {
    httpStatus: 503,
    code: 50390003,
    message: "the sidecar is shutting down; the request was not sent",
    hint: "Send it again when the sidecar has been started.",
  },
} as const satisfies Record<string, SidecarErrorEntry>;

export type SidecarErrorName = keyof typeof SIDECAR_ERRORS;

/** An answer that is complete: what is written to the client, and nothing else. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface ErrorDetails {
  /** In the place of the registry's sentence. */
  readonly message?: string;
  /** In the place of the registry's status; the code then begins with it too. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further fields of the `tradelatch` object. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The status stands in front of five digits. */
const STATUS_PLACE = 100_000;
const JSON_TYPE = "application/json; charset=utf-8";

/** The answer for a refusal of ours. */
export function alpacaError(name: SidecarErrorName, details: ErrorDetails = {}): PlainAnswer {
  const entry: SidecarErrorEntry = SIDECAR_ERRORS[name];
  const status = details.status ?? entry.httpStatus;
  const code =
    entry.code === undefined ? undefined : status * STATUS_PLACE + (entry.code % STATUS_PLACE);
  const body = {
    ...(code === undefined ? {} : { code }),
    message: details.message ?? entry.message,
    tradelatch: { error: name, hint: entry.hint, ...details.extra },
  };
  return {
    status,
    headers: { "content-type": JSON_TYPE, ...details.headers },
    body: JSON.stringify(body),
  };
}
