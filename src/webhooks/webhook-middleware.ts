/**
 * A webhook as a middleware of Express's shape, which is also that of Node's own server. It reads
 * the body itself; behind a parser it needs the bytes that the parser kept.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { LatchError } from "../core/errors.ts";
import { requireFields } from "../guard/guard-input.ts";
import { WEBHOOK_BODY_MAX } from "./fastify-webhook.ts";
import type { Webhook } from "./webhook.ts";

/** What parsers leave on a request. */
interface WithBody extends IncomingMessage {
  readonly body?: unknown;
  /** Where `express.json({ verify })` was told to keep the bytes. */
  readonly rawBody?: unknown;
}

export interface MiddlewareOptions {
  /** Bytes of a body. Default: 1 MiB. */
  readonly bodyLimit?: number;
}

type Read =
  | { readonly kind: "bytes"; readonly rawBody: Uint8Array }
  | { readonly kind: "too_large" }
  /** Somebody has read it, and kept only what was in it. */
  | { readonly kind: "parsed" };

/**
 * Put it before any parser, or behind `express.raw` for every type. Throws LatchError
 * `invalid_option`.
 *
 * @example
 * ```ts
 * app.post("/stripe", webhookMiddleware(webhook));
 * ```
 */
export function webhookMiddleware(webhook: Webhook, options: MiddlewareOptions = {}) {
  requireFields(options, { bodyLimit: true }, "invalid_option");
  const { bodyLimit = WEBHOOK_BODY_MAX } = options;
  requireLimit(bodyLimit);
  return (request: WithBody, response: ServerResponse, next: (error?: unknown) => void): void => {
    deliver(webhook, bodyLimit, request, response).catch(next);
  };
}

/** Of what no number compares with, every body would be within its limit. */
function requireLimit(bodyLimit: unknown): void {
  if (Number.isSafeInteger(bodyLimit) && Number(bodyLimit) > 0) return;
  const received = `bodyLimit is ${JSON.stringify(bodyLimit)}`;
  throw new LatchError("invalid_option", `${received}: expected a whole number of bytes over 0`);
}

async function deliver(
  webhook: Webhook,
  bodyLimit: number,
  request: WithBody,
  response: ServerResponse,
): Promise<void> {
  const read = await readBytes(request, bodyLimit);
  if (read.kind === "parsed") {
    const message = "the request's body was parsed before it came to the webhook";
    throw new LatchError("webhook_body_parsed", message);
  }
  if (read.kind === "too_large") {
    const message = `the body is larger than ${bodyLimit} bytes`;
    send(response, 413, { connection: "close" }, { status: "refused", message });
    return;
  }
  const { rawBody } = read;
  const { status, headers, body } = await webhook({ rawBody, headers: request.headers });
  send(response, status, headers, body);
}

async function readBytes(request: WithBody, bodyLimit: number): Promise<Read> {
  for (const kept of [request.rawBody, request.body]) {
    if (kept instanceof Uint8Array) return { kind: "bytes", rawBody: kept };
  }
  if (request.readableEnded) return { kind: "parsed" };
  const pieces: Buffer[] = [];
  let length = 0;
  // What is too large is still to be answered on the same connection.
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    length += piece.length;
    if (length > bodyLimit) return { kind: "too_large" };
    pieces.push(piece);
  }
  return { kind: "bytes", rawBody: Buffer.concat(pieces) };
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: object,
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
