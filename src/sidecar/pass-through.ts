/**
 * Carries a request to the broker and its answer back, byte for byte.
 *
 * 1. Sent once: no retries, no redirects followed, no decompression, no pipelining.
 * 2. Bodies stream in both directions; the slower side sets the pace (upload.ts, answer-relay.ts).
 * 3. When either side goes away the other is cut off too, so that no half answer looks whole. A
 *    write that must not be sent again is not, before it is answered: it is under way until then.
 * 4. No request waits for a socket: with all of them in use it is refused at once.
 *
 * It does not decide what may pass: that is route-policy.ts, before it. Of a write that must not be
 * sent again, no answer reaches a client on which it would be.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Dispatcher, Pool } from "undici";
import { alpacaError, type PlainAnswer } from "./alpaca-error.ts";
import { AnswerRelay, type Relayed } from "./answer-relay.ts";
import { requestTarget } from "./request-path.ts";
import { isOnce } from "./route-policy.ts";
import { sendAnswer } from "./send-answer.ts";
import { announcesMoreThan, UploadTooLarge, uploadOf } from "./upload.ts";
import { failureInWords, isUnsendable, neverSent } from "./upstream-failure.ts";
import { headersForBroker } from "./wire-headers.ts";

export interface PassThroughBounds {
  /** Requests under way at once, each on a socket of its own. */
  readonly sockets: number;
  readonly connectTimeoutMs: number;
  /** From the end of the request to the end of the answer's headers; bodies have no deadline. */
  readonly headersTimeoutMs: number;
  /** How long an unused socket stays open, unless the broker says otherwise. */
  readonly keepAliveMs: number;
  readonly bodyBytes: number;
}

const DEFAULT_PASS_THROUGH_BOUNDS: PassThroughBounds = {
  sockets: 256,
  connectTimeoutMs: 5_000,
  headersTimeoutMs: 30_000,
  keepAliveMs: 4_000,
  bodyBytes: 1_024 * 1_024,
};

export interface PassThroughOptions {
  /** Such as `https://paper-api.alpaca.markets`; a path in it is put before every path. */
  readonly baseUrl: string;
  readonly keyId: string;
  readonly secret: string;
  readonly bounds?: Partial<PassThroughBounds>;
}

/** How a pass ended, for the log and for whoever records it. */
export type Forwarded =
  | Relayed
  /** Nothing was sent; the client got a refusal of ours. */
  | { readonly kind: "not_sent"; readonly reason: string }
  /** It may have been sent; the client got a refusal of ours, or had gone. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface PassThrough {
  /** `path` and `query` are normalized (request-path.ts). Answers the client; never rejects. */
  forward(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: string,
  ): Promise<Forwarded>;
  /** Cuts event streams, which would never end by themselves. */
  endStreams(): void;
  /** Cuts whatever is under way. */
  close(): Promise<void>;
}

export function createPassThrough(options: PassThroughOptions): PassThrough {
  return new BrokerPassThrough(options);
}

class BrokerPassThrough implements PassThrough {
  readonly #options: PassThroughOptions;
  readonly #bounds: PassThroughBounds;
  readonly #prefix: string;
  readonly #pool: Pool;
  /** What is under way. */
  readonly #relays = new Set<AnswerRelay>();
  /** Paths of writes under way that must not be sent twice. */
  readonly #once = new Set<string>();

  constructor(options: PassThroughOptions) {
    const { origin, pathname } = new URL(options.baseUrl);
    this.#options = options;
    this.#bounds = { ...DEFAULT_PASS_THROUGH_BOUNDS, ...options.bounds };
    this.#prefix = pathname.replace(/\/+$/, "");
    this.#pool = new Pool(origin, {
      connections: this.#bounds.sockets,
      pipelining: 1,
      connect: { timeout: this.#bounds.connectTimeoutMs },
      headersTimeout: this.#bounds.headersTimeoutMs,
      bodyTimeout: 0,
      keepAliveTimeout: this.#bounds.keepAliveMs,
    });
  }

  async forward(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: string,
  ): Promise<Forwarded> {
    if (announcesMoreThan(request, this.#bounds.bodyBytes)) {
      return refuse(request, response, alpacaError("body_too_large"), "its body is too large");
    }
    if (this.#relays.size >= this.#bounds.sockets) {
      return refuse(request, response, alpacaError("overloaded"), "all sockets are in use");
    }
    const once = isOnce(request.method ?? "", path);
    if (once && this.#once.has(path)) {
      const message = "an exercise of this contract is under way; this one was not sent";
      return refuse(request, response, alpacaError("exercise_unknown", { message }), message);
    }
    const relay = new AnswerRelay(response, { isOnce: once });
    const onClose = () => relay.leave(new Error("the client went away"));
    response.once("close", onClose);
    this.#relays.add(relay);
    if (once) this.#once.add(path);
    try {
      this.#dispatch(request, requestTarget(path, query), relay);
      const relayed = await relay.over;
      return relayed.kind === "withheld" ? tellUnknown(response, relayed.reason) : relayed;
    } catch (error) {
      return refuseFailed(request, response, error, once);
    } finally {
      this.#relays.delete(relay);
      if (once) this.#once.delete(path);
      response.off("close", onClose);
    }
  }

  endStreams(): void {
    for (const relay of this.#relays) {
      if (relay.isEventStream) relay.cut(new Error("the sidecar is shutting down"));
    }
  }

  async close(): Promise<void> {
    this.endStreams();
    await this.#pool.destroy();
  }

  #dispatch(request: IncomingMessage, target: string, relay: AnswerRelay): void {
    const upload = uploadOf(request, this.#bounds.bodyBytes);
    this.#pool.dispatch(
      {
        method: (request.method ?? "GET") as Dispatcher.HttpMethod,
        path: this.#prefix + target,
        headers: headersForBroker(request.rawHeaders, this.#options),
        ...(upload === undefined ? {} : { body: upload }),
      },
      relay,
    );
  }
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  answer: PlainAnswer,
  reason: string,
): Forwarded {
  sendAnswer(response, answer);
  request.resume();
  return { kind: "not_sent", reason };
}

function refuseFailed(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  once: boolean,
): Forwarded {
  if (error instanceof UploadTooLarge) {
    sendAnswer(response, alpacaError("body_too_large"));
    return { kind: "unknown", reason: "its body grew too large" };
  }
  if (isUnsendable(error)) {
    return refuse(request, response, alpacaError("request_malformed"), "it is not HTTP");
  }
  const reason = failureInWords(error);
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (neverSent(error)) {
    const message = `the broker could not be reached: ${reason}; nothing was sent`;
    return refuse(request, response, alpacaError("upstream_unreachable", { message }), reason);
  }
  if (once) return tellUnknown(response, reason);
  const message = isRead
    ? `the broker did not answer: ${reason}`
    : `the broker's answer was lost (${reason}): the outcome of this write is unknown`;
  const name = isRead ? "upstream_unreachable" : "write_outcome_unknown";
  sendAnswer(response, alpacaError(name, { message }));
  return { kind: "unknown", reason };
}

/** In words on which no client sends it again by itself. */
function tellUnknown(response: ServerResponse, reason: string): Forwarded {
  const message = `the broker may have taken this exercise or not: ${reason}`;
  sendAnswer(response, alpacaError("exercise_unknown", { message }));
  return { kind: "unknown", reason };
}
