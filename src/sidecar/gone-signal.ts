/** Whether somebody still waits for an answer. */
import type { ServerResponse } from "node:http";
import type { GoneSignal } from "../gateway/caller.ts";

/** Aborts when the connection ends before the answer was handed over. */
export function goneSignal(response: ServerResponse): GoneSignal {
  const gone = new Departure();
  if (response.destroyed) gone.abort();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone;
}

class Departure implements GoneSignal {
  readonly #listeners = new Set<() => void>();
  #isGone = false;

  get aborted(): boolean {
    return this.#isGone;
  }

  addEventListener(_: "abort", listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    for (const tell of this.#listeners) tell();
  }
}
