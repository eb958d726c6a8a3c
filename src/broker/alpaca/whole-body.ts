/**
 * Answers that are read to their end before the SDK has them: a body that is cut off is a failure
 * and not a shorter body, and no body is longer than a bound. The SDK only looks at the status; a
 * body that it passed on through a stream of its own would take longer than the rest of the call.
 */
import type { HttpAnswer } from "./http-answer.ts";

export type FetchApi = (url: string, init: RequestInit) => Promise<Response>;
export type WholeFetchApi = (url: string, init: WholeInit) => Promise<WholeResponse>;

/** What aborts the request, under a name that the SDK hands on and does not listen to itself. */
export interface WholeInit extends RequestInit {
  readonly over?: AbortSignal;
}

/** A page of 500 orders is under 1 MB. */
export const MAX_BODY_BYTES = 16 * 1_024 * 1_024;

/** As a response it has a status alone; what the broker said is `answer`. */
export class WholeResponse extends Response {
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super(null, { status: answer.httpStatus });
    this.answer = answer;
  }
}

/** `fetchApi` with its answer read to the end; it rejects where that is too long or breaks off. */
export function wholeBodies(fetchApi: FetchApi): WholeFetchApi {
  return async (url, { over, ...init }) => {
    const request = over === undefined ? init : { ...init, signal: over };
    const { status, headers, body } = await fetchApi(url, request);
    const text = body === null ? "" : await wholeText(body);
    return new WholeResponse({
      httpStatus: status,
      headers: Object.fromEntries(headers),
      body: text,
    });
  };
}

async function wholeText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) throw new Error(`the body is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
