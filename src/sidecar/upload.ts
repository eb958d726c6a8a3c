/**
 * The body of a request on its way to the broker: streamed, counted and cut off at its bound. The
 * request itself is never destroyed with it: its connection still has to carry the answer.
 */
import type { IncomingMessage } from "node:http";
import { Transform, type TransformCallback } from "node:stream";

export class UploadTooLarge extends Error {
  override readonly name = "UploadTooLarge";
}

/** Undefined when the request announces no body. */
export function uploadOf(request: IncomingMessage, maxBytes: number): Transform | undefined {
  if (!hasBody(request)) return undefined;
  const upload = new BoundedUpload(maxBytes);
  // What nobody wants any more has to be read nevertheless, or the connection's next request would
  // wait behind it for ever.
  upload.once("close", () => request.resume());
  return request.pipe(upload);
}

/** Whether the body is longer than `maxBytes` by its own account. */
export function announcesMoreThan(request: IncomingMessage, maxBytes: number): boolean {
  return Number(request.headers["content-length"] ?? 0) > maxBytes;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

class BoundedUpload extends Transform {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
    // Without a listener a failure that nobody is waiting for any more would end the process.
    this.on("error", () => {});
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) done(new UploadTooLarge("the body is too large"));
    else done(null, chunk);
  }
}
