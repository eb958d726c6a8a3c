/**
 * Answers that are read to their end before the SDK goes on: a body that is cut off is a failure
 * and not a shorter body, and no body is longer than a bound. The answer goes past the SDK, which
 * is given one response for all of them, without a body: it would look at the status alone, and
 * to make a response for each answer takes longer than to read one.
 */
import type { Errand } from "./errand.ts";

export type FetchApi = (url: string, init: RequestInit) => Promise<Response>;
/** Leaves the answer with the errand, and gives {@link LEFT_WITH_THE_ERRAND}. */
export type WholeFetchApi = (url: string, init: WholeInit) => Promise<Response>;

/** The errand has a name that the SDK hands on and does not know itself. */
export interface WholeInit extends RequestInit {
  readonly errand?: Errand;
}

/** A page of 500 orders is under 1 MB. */
export const MAX_BODY_BYTES = 16 * 1_024 * 1_024;

/** What the SDK is given in the place of every answer. */
export const LEFT_WITH_THE_ERRAND = new Response(null, { status: 204 });

/** `fetchApi` with its answer read to the end; it rejects where that is too long or breaks off. */
export function wholeBodies(fetchApi: FetchApi): WholeFetchApi {
  return async (url, { errand, ...init }) => {
    const over = new AbortController();
    errand?.whenCut((reason) => over.abort(reason));
    const { status, headers, body } = await fetchApi(url, { ...init, signal: over.signal });
    const text = body === null ? "" : textOf(await wholeBody(body));
    errand?.answered({ httpStatus: status, headers: Object.fromEntries(headers), body: text });
    return LEFT_WITH_THE_ERRAND;
  };
}

async function wholeBody(body: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) throw new Error(`the body is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return chunks;
}

const UTF8 = new TextDecoder();

export function textOf(chunks: readonly Uint8Array[]): string {
  const [only] = chunks;
  return UTF8.decode(chunks.length === 1 ? only : Buffer.concat(chunks));
}
