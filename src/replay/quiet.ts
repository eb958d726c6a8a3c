/**
 * Knows when a process has come to rest: nothing is in flight, and whatever is unfinished waits for
 * the clock. Only then may the replay's driver advance the time of all processes.
 */

/**
 * Turns of the event loop without a request under way after which a process is at rest. Every step
 * of ours between two requests takes one turn (a commit), and no path takes nearly as many steps.
 */
const QUIET_TURNS = 25;

export class Quiet {
  #underWay = 0;

  /** `fetch` as given, counted from its start until the body has been read. */
  readonly fetchApi: typeof fetch = async (input, init) => {
    this.#underWay += 1;
    try {
      const response = await fetch(input, init);
      const body = await response.arrayBuffer();
      const { status, statusText, headers } = response;
      return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
    } finally {
      this.#underWay -= 1;
    }
  };

  /** Resolves when nothing is in flight any more. */
  async settled(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#underWay > 0) turns = 0;
    }
  }
}
