/** Whether somebody still waits for an answer. */
import type { ServerResponse } from "node:http";

/** Aborts when the connection ends before the answer was handed over. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}
