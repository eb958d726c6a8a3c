/**
 * What the order handling is given of a guarded request, and what it gives back. Credentials do
 * not come this far, and the body is text whatever the Content-Type says: one client sends
 * `text/plain`, another sends none.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { GoneSignal } from "../gateway/caller.ts";
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
  readonly gone: GoneSignal;
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
export function readBody(request: IncomingMessage, maxBytes: number): Promise<ReadBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (read: ReadBody) => {
      request.off("data", take);
      // Left open: the connection must stay usable for the answer when we stop reading early.
      request.resume();
      resolve(read);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) end({ kind: "too_large" });
      else chunks.push(chunk);
    };
    request.once("end", () => end(request.complete ? decoded(chunks) : { kind: "gone" }));
    request.once("error", () => end({ kind: "gone" }));
    request.once("close", () => end({ kind: "gone" }));
    // One that has ended already tells nobody.
    if (request.destroyed) end({ kind: "gone" });
    else if (announcesMoreThan(request, maxBytes)) end({ kind: "too_large" });
    else request.on("data", take);
  });
}

export function withoutCredentials(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !CREDENTIAL_HEADERS.has(name)),
  );
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Bytes that are not UTF-8 would be replaced silently, and an id would no longer be itself. */
function decoded(chunks: readonly Buffer[]): ReadBody {
  try {
    return { kind: "text", text: UTF8.decode(Buffer.concat(chunks)) };
  } catch {
    return { kind: "not_text" };
  }
}
