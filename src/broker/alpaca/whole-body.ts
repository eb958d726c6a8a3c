/**
 * Answers that are read to their end: a body that is cut off is a failure and not a shorter body,
 * and no body is longer than a bound.
 */

export type FetchApi = (url: string, init: RequestInit) => Promise<Response>;

/** A page of 500 orders is under 1 MB. */
export const MAX_BODY_BYTES = 16 * 1_024 * 1_024;

/** Statuses whose Response may have no body at all. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** An answer whose body is there in full; throws where it is too long or breaks off. */
export async function wholeResponse(
  status: number,
  headers: ResponseInit["headers"],
  body: AsyncIterable<Uint8Array>,
): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) throw new Error(`the body is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  return new Response(BODILESS.has(status) ? null : bytes, { status, headers: headers ?? [] });
}

const NOTHING: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {},
};

/** `fetchApi` with its answer read to the end. */
export function wholeBodies(fetchApi: FetchApi): FetchApi {
  return async (url, init) => {
    const { status, headers, body } = await fetchApi(url, init);
    return wholeResponse(status, headers, body ?? NOTHING);
  };
}
