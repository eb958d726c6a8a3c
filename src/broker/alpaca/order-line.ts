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
import { type FetchApi, wholeResponse } from "./whole-body.ts";

type Headers = Readonly<Record<string, string>>;

/** Asked for by name: without it a server may choose any encoding. */
const UNCODED = { accept: "*/*", "accept-encoding": "identity" } as const;

export interface OrderLine {
  readonly fetchApi: FetchApi;
  /** Cuts whatever is under way. */
  close(): void;
}

/** What is no write of an order goes to `others`. */
export function openOrderLine(baseUrl: string, others: FetchApi): OrderLine {
  const { origin } = new URL(baseUrl);
  const pool = new Pool(origin, { pipelining: 1 });
  return {
    fetchApi: (url, init) => {
      const isWrite = init.method === "POST" || init.method === "PATCH";
      return isWrite && url.startsWith(origin) ? send(pool, url, init) : others(url, init);
    },
    close: () => void pool.destroy().catch(() => undefined),
  };
}

async function send(pool: Pool, url: string, init: RequestInit): Promise<Response> {
  const { pathname, search } = new URL(url);
  const answer = await pool.request({
    method: init.method as Dispatcher.HttpMethod,
    path: `${pathname}${search}`,
    headers: { ...UNCODED, ...(init.headers as Headers) },
    body: init.body as string,
    ...(init.signal ? { signal: init.signal } : {}),
  });
  return wholeResponse(answer.statusCode, listed(answer.headers), answer.body);
}

function listed(headers: Dispatcher.ResponseData["headers"]): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
}
