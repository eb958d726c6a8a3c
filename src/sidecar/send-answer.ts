/**
 * Writes a whole answer to a client. A client that has gone, or that got the beginning of another
 * answer, gets nothing: half of one answer and half of another would be read as a third.
 */
import type { ServerResponse } from "node:http";
import type { PlainAnswer } from "./alpaca-error.ts";

/** Statuses whose answers have no body and say nothing about its length. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

export function sendAnswer(response: ServerResponse, answer: PlainAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const { status, headers, body } = answer;
  if (BODILESS.has(status)) {
    response.writeHead(status, headers);
    response.end();
    return;
  }
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
