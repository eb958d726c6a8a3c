/**
 * Reads back unknown outcomes until they are known: at once, then with growing pauses, for as long
 * as it takes. One loop a claim; nothing here sends or concludes.
 */
import { setMaxListeners } from "node:events";
import type { Claim } from "../claim/claim.ts";
import { isSought } from "../claim/decide-absence.ts";
import { claimName } from "../core/key-names.ts";
import { type ReadBackPorts, readBackOnce } from "./read-back.ts";
import { ReadTime } from "./read-time.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

export interface ReadBackLoopPorts extends ReadBackPorts {
  readonly onFailure: (error: unknown, claim: Claim) => void;
}

export class ReadBackLoop {
  readonly #ports: ReadBackLoopPorts;
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(ports: ReadBackLoopPorts) {
    this.#ports = ports;
    // Every loop listens while it sleeps; their number is bounded by the claims at work.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Begins to seek the claim's order, unless that is under way. */
  start(claim: Claim): void {
    const name = claimName(claim.key);
    if (this.#running.has(name) || this.#stop.signal.aborted) return;
    const run = this.#seek(claim)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#ports.onFailure(error, claim);
      })
      .finally(() => this.#running.delete(name));
    this.#running.set(name, run);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running.values());
  }

  async #seek(claim: Claim): Promise<void> {
    const { clock } = this.#ports;
    let current = claim;
    let pauseMs = FIRST_PAUSE_MS;
    const time = new ReadTime(clock);
    for (;;) {
      current = await readBackOnce(this.#ports, current, time);
      if (!isSought(current)) return;
      await clock.sleep(pauseMs, this.#stop.signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}
