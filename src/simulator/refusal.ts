/**
 * Answers that say no, in the words and codes that were published for Alpaca.
 *
 * The same code serves many causes, so each cause has its own function here and nothing else in
 * the simulator writes an error body for an order.
 */

export interface Refusal {
  readonly status: number;
  readonly body: ErrorBody;
}

export interface ErrorBody {
  readonly code?: number;
  readonly message: string;
  readonly [extra: string]: unknown;
}

const NOT_ACCEPTED = 42210000;
const FORBIDDEN = 40310000;
const NOT_FOUND = 40410000;

/** 422: the input was not accepted. */
export function unprocessable(message: string, extra: object = {}): Refusal {
  return { status: 422, body: { code: NOT_ACCEPTED, message, ...extra } };
}

/** 403: understood, and not allowed for this account now. */
export function forbidden(message: string, extra: object = {}): Refusal {
  return { status: 403, body: { code: FORBIDDEN, message, ...extra } };
}

export function notFound(message: string): Refusal {
  return { status: 404, body: { code: NOT_FOUND, message } };
}

export function badRequest(message: string): Refusal {
  return { status: 400, body: { code: 40010000, message } };
}

export const unauthorized: Refusal = { status: 401, body: { message: "unauthorized." } };

export const duplicateClientOrderId: Refusal = {
  status: 422,
  body: { code: 40010001, message: "client_order_id must be unique" },
};

export const tooManyRequests: Refusal = {
  status: 429,
  body: { code: 42910000, message: "rate limit exceeded" },
};

export const noSuchPosition: Refusal = notFound("position does not exist");

export const unknownPath: Refusal = { status: 404, body: { message: "Not Found" } };
