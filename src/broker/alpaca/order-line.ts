/**
 * The line that writes take to the broker: undici's own request, which costs a quarter of what
 * fetch does. Reads stay with fetch, for its compressed lists.
 *
 * 1. Sent once: no retry, no redirect followed, no pipelining. A redirect is an answer like others.
 * 2. The body is read to its end before there is an answer, so that one that is cut off is a
 *    failure and not a shorter body, and it is bounded.
 * 3. A failure is the error of the connection itself: connection-failure.ts says what it proves.
 */
import { type Dispatcher, Pool } from "undici";
import { MAX_BODY_BYTES, type WholeFetchApi, type WholeInit, WholeResponse } from "./whole-body.ts";

type Headers = Readonly<Record<string, string>>;

/** Asked for by name: without it a server may choose any encoding. */
const UNCODED = { accept: "*/*", "accept-encoding": "identity" } as const;

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

async function send(pool: Pool, path: string, init: WholeInit): Promise<WholeResponse> {
  const { statusCode, headers, body } = await pool.request({
    method: init.method as Dispatcher.HttpMethod,
    path,
    headers: { ...UNCODED, ...(init.headers as Headers) },
    body: init.body as string,
    ...(init.over === undefined ? {} : { signal: init.over }),
  });
  const text = await body.text();
  return new WholeResponse({ httpStatus: statusCode, headers: listed(headers), body: text });
}

/** A header that came more than once is listed, as in one line. */
function listed(headers: Dispatcher.ResponseData["headers"]): Headers {
  const one: Record<string, string> = {};
  for (const name in headers) one[name] = String(headers[name]);
  return one;
}
