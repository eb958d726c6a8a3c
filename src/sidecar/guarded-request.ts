/**
 * What the order handling is given of a guarded request, and what it gives back. Credentials do
 * not come this far, and the body is text whatever the Content-Type says: one client sends
 * `text/plain`, another sends none.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Agent } from "./access.ts";
import type { PlainAnswer } from "./alpaca-error.ts";
import { announcesMoreThan } from "./upload.ts";
import { CREDENTIAL_HEADERS } from "./wire-headers.ts";

export interface GuardedRequest {
  readonly method: string;
  /** Normalized; a crypto pair may still hold `%2F`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in small letters; without credentials. */
  readonly headers: IncomingHttpHeaders;
  /** Empty when there was none. */
  readonly body: string;
  readonly agent: Agent;
  /** Aborts when the client goes away before it has its answer. */
  readonly gone: AbortSignal;
}

export type GuardedAnswer = PlainAnswer;

/** Must not reject: what happened to the order is an answer. */
export type GuardedHandler = (request: GuardedRequest) => Promise<GuardedAnswer>;

export type ReadBody =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "too_large" }
  | { readonly kind: "not_text" }
  /** The client went away before it had sent everything. */
  | { readonly kind: "gone" };

/** Reads the whole body, up to `maxBytes`. What is over is thrown away, not kept. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<ReadBody> {
  if (announcesMoreThan(request, maxBytes)) {
    request.resume();
    return { kind: "too_large" };
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Left open: the connection must stay usable for the answer when we stop reading early.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > maxBytes) break;
      chunks.push(chunk as Buffer);
    }
  } catch {
    return { kind: "gone" };
  }
  if (bytes > maxBytes) {
    request.resume();
    return { kind: "too_large" };
  }
  return request.complete ? decoded(Buffer.concat(chunks)) : { kind: "gone" };
}

export function withoutCredentials(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !CREDENTIAL_HEADERS.has(name)),
  );
}

/** Bytes that are not UTF-8 would be replaced silently, and an id would no longer be itself. */
function decoded(bytes: Buffer): ReadBody {
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { kind: "not_text" };
  }
}
