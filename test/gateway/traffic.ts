/**
 * Counts the requests of all processes of a test, and knows when nothing moves by itself any more:
 * every request under way is one whose answer the simulated broker holds back until time passes.
 * Each request carries a number in its query, by which it is known again in the broker's log.
 */
import type { Simulator } from "../../src/simulator/index.ts";

/** Turns of the event loop without anything under way after which the processes are at rest. */
const QUIET_TURNS = 12;

/** What happens to a request before it leaves; `"lost"`: it never does, and nothing answers. */
export type Gate = (method: string, path: string) => "pass" | "lost" | Error | Promise<void>;

/** One process's line to the broker. */
export interface Line {
  /** Nothing leaves it and nothing reaches it any more. */
  isDead: boolean;
  gate: Gate;
  /** What becomes of an answer on its way. */
  answered: (method: string, answer: Response) => Response;
}

export class Traffic {
  readonly #simulator: () => Simulator;
  readonly #underWay = new Set<string>();
  #sent = 0;

  constructor(simulator: () => Simulator) {
    this.#simulator = simulator;
  }

  /** A fetch of its own for one process; the test may change the ends of its line at any time. */
  fetchThrough(line: Line): typeof fetch {
    return async (input, init = {}) => {
      const url = new URL(String(input));
      const method = init.method ?? "GET";
      const passage = line.gate(method, url.pathname);
      if (passage instanceof Error) throw passage;
      if (passage === "lost" || line.isDead) return untilAborted(init.signal ?? undefined);
      if (passage instanceof Promise) await passage;
      const answer = await this.#fetch(url, init);
      if (line.isDead) return untilAborted(init.signal ?? undefined);
      return line.answered(method, answer);
    };
  }

  /** Resolves when every process waits for its clock, or for an answer that waits for time. */
  async rest(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#isBusy()) turns = 0;
    }
  }

  async #fetch(url: URL, init: RequestInit): Promise<Response> {
    this.#sent += 1;
    const number = String(this.#sent);
    url.searchParams.set("number", number);
    this.#underWay.add(number);
    try {
      const response = await fetch(url, init);
      const body = await response.arrayBuffer();
      const { status, statusText, headers } = response;
      return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
    } finally {
      this.#underWay.delete(number);
    }
  }

  #isBusy(): boolean {
    if (this.#underWay.size === 0) return false;
    const held = this.#simulator()
      .requests()
      .filter(({ query }) => this.#underWay.has(query.number ?? ""))
      .filter(({ answered }) => answered === "hung" || answered === "pending");
    return held.length < this.#underWay.size;
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
