/**
 * One call through the SDK: sent once, with a deadline of ours, answered as raw text.
 *
 * 1. The SDK's retries, rate limiter and timeout are off: each would decide behind our back
 *    whether and when something is sent, on a clock that nobody can advance.
 * 2. Nothing rejects: a failure is a value that says whether the request certainly never left.
 * 3. Bodies are read as text and bounded; the SDK's models, which turn missing fields into
 *    undefined and pass any type through, are not used.
 */
import { setMaxListeners } from "node:events";

import { ResponseError, trading } from "@alpacahq/alpaca-trade-api/rest";

import type { Clock } from "../../core/clock.ts";
import { describeFailure, neverLeft } from "./connection-failure.ts";
import type { HttpAnswer } from "./http-answer.ts";
import type { FetchApi } from "./whole-body.ts";

/** What the SDK's `...Raw` methods resolve with, as far as it is used here. */
export type SdkCall = (init: RequestInit) => Promise<{ readonly raw: Response }>;

export type Exchange =
  | { readonly kind: "answered"; readonly answer: HttpAnswer }
  | { readonly kind: "failed"; readonly neverLeft: boolean; readonly reason: string };

export interface TransportOptions {
  readonly keyId: string;
  readonly secret: string;
  readonly baseUrl: string;
  readonly clock: Clock;
  /** Gives answers that are read to their end. */
  readonly fetchApi: FetchApi;
}

/** A reason of our own: without one each abort makes an exception with a stack. */
const OVER = new Error("the request is over");

export class Transport {
  readonly configuration: trading.Configuration;
  readonly #clock: Clock;
  readonly #closing = new AbortController();

  constructor(options: TransportOptions) {
    this.#clock = options.clock;
    // Every call under way listens; their number is bounded by the rate budget, not here.
    setMaxListeners(0, this.#closing.signal);
    this.configuration = new trading.Configuration({
      keyId: options.keyId,
      secret: options.secret,
      basePath: options.baseUrl,
      fetchApi: options.fetchApi,
      timeoutMs: 0,
      redirect: "error",
    });
  }

  /** Aborts when {@link close} is called. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async perform(deadlineMs: number, call: SdkCall): Promise<Exchange> {
    if (this.closing.aborted) {
      return { kind: "failed", neverLeft: true, reason: "the broker's adapter is closed" };
    }
    const abort = new AbortController();
    const finished = new AbortController();
    const onClosing = () => abort.abort(new Error("closed while the request was under way"));
    this.closing.addEventListener("abort", onClosing, { once: true });
    this.#clock.sleep(deadlineMs, finished.signal).then(
      () => abort.abort(new Error(`no answer within ${deadlineMs} ms`)),
      () => {}, // Finished first: the sleeper was told to go.
    );
    try {
      return { kind: "answered", answer: await answerOf(call, abort.signal) };
    } catch (error) {
      return { kind: "failed", neverLeft: neverLeft(error), reason: describeFailure(error) };
    } finally {
      finished.abort(OVER);
      this.closing.removeEventListener("abort", onClosing);
    }
  }

  close(): void {
    this.#closing.abort();
  }
}

/** The SDK rejects for every status outside 200-299; for us both are answers. */
async function answerOf(call: SdkCall, signal: AbortSignal): Promise<HttpAnswer> {
  try {
    const { raw } = await call({ signal });
    return await readAnswer(raw);
  } catch (error) {
    if (error instanceof ResponseError) return readAnswer(error.response);
    throw error;
  }
}

async function readAnswer(response: Response): Promise<HttpAnswer> {
  const headers = Object.fromEntries(response.headers);
  return { httpStatus: response.status, headers, body: await response.text() };
}
