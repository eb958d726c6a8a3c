/**
 * The line that writes take to the broker: undici's dispatch, which costs a fraction of what fetch
 * does. Reads stay with fetch, for its compressed lists.
 *
 * 1. Sent once: no retry, no redirect followed, no pipelining. A redirect is an answer like others.
 * 2. The body is read to its end before there is an answer, so that one that is cut off is a
 *    failure and not a shorter body, and it is bounded.
 * 3. A failure is the error of the connection itself: connection-failure.ts says what it proves.
 */
import { type Dispatcher, Pool } from "undici";
import type { Errand } from "./errand.ts";
import type { HttpAnswer } from "./http-answer.ts";
import {
  LEFT_WITH_THE_ERRAND,
  MAX_BODY_BYTES,
  textOf,
  type WholeFetchApi,
  type WholeInit,
} from "./whole-body.ts";

type Headers = Readonly<Record<string, string>>;
type Controller = Pick<Dispatcher.DispatchController, "abort">;

/** Asked for by name: without it a server may choose any encoding. */
const UNCODED = { accept: "*/*", "accept-encoding": "identity" } as const;
/** Below it an answer only announces another. */
const FIRST_FINAL_STATUS = 200;

export interface OrderLine {
  readonly fetchApi: WholeFetchApi;
  /** Cuts whatever is under way. */
  close(): void;
}

/** What is no write of an order goes to `others`. */
export function openOrderLine(baseUrl: string, others: WholeFetchApi): OrderLine {
  const { origin } = new URL(baseUrl);
  const pool = new Pool(origin, { pipelining: 1, maxResponseSize: MAX_BODY_BYTES });
  return {
    fetchApi: (url, init) => {
      const isWrite = init.method === "POST" || init.method === "PATCH";
      const isOurs = isWrite && url.startsWith(`${origin}/`);
      return isOurs ? send(pool, url.slice(origin.length), init) : others(url, init);
    },
    close: () => void pool.destroy().catch(() => undefined),
  };
}

async function send(pool: Pool, path: string, init: WholeInit): Promise<Response> {
  const { errand } = init;
  const answer = await new Promise<HttpAnswer>((resolve, reject) => {
    const reading = new AnswerReading(errand, resolve, reject);
    const request = {
      method: init.method as Dispatcher.HttpMethod,
      path,
      headers: { ...UNCODED, ...(init.headers as Headers) },
      body: init.body as string,
    };
    pool.dispatch(request, reading);
  });
  errand?.answered(answer);
  return LEFT_WITH_THE_ERRAND;
}

/** Takes one answer from the connection; undici's own request makes a stream for each. */
class AnswerReading implements Dispatcher.DispatchHandler {
  readonly #errand: Errand | undefined;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #httpStatus = 0;
  #headers: Headers = {};

  constructor(
    errand: Errand | undefined,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#errand = errand;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Not before it is its turn on a connection is there anything to end. */
  onRequestStart(controller: Controller): void {
    this.#errand?.whenCut((reason) => controller.abort(reason));
  }

  onResponseStart(
    _: Controller,
    httpStatus: number,
    headers: Dispatcher.ResponseData["headers"],
  ): void {
    if (httpStatus < FIRST_FINAL_STATUS) return;
    this.#httpStatus = httpStatus;
    this.#headers = listed(headers);
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = textOf(this.#chunks);
    this.#resolve({ httpStatus: this.#httpStatus, headers: this.#headers, body });
  }

  onResponseError(_: unknown, error: Error): void {
    this.#reject(error);
  }
}

/** A header that came more than once is listed, as in one line. */
function listed(headers: Dispatcher.ResponseData["headers"]): Headers {
  const one: Record<string, string> = {};
  for (const name in headers) one[name] = String(headers[name]);
  return one;
}
