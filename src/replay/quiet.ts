/**
 * Knows when a process has come to rest: nothing is in flight, and whatever is unfinished waits for
 * the clock. Only then may the replay's driver advance the time of all processes.
 *
 * A latch goes on for three reasons only: an answer came, a turn of the event loop that it had
 * asked for came (a commit), or its clock moved. The first are counted here, the second by Node,
 * and the third is the driver's. Nothing is assumed about how many steps anything takes.
 */
import { getActiveResourcesInfo } from "node:process";

export class Quiet {
  readonly #underWay = new Set<Promise<Response>>();

  /** `fetch` as given, counted from its start until the body has been read. */
  readonly fetchApi: typeof fetch = (input, init) => {
    const exchange = wholeAnswer(input, init);
    this.#underWay.add(exchange);
    const forget = () => void this.#underWay.delete(exchange);
    exchange.then(forget, forget);
    return exchange;
  };

  /** Resolves when nothing is in flight any more. */
  async settled(): Promise<void> {
    do {
      await Promise.allSettled(this.#underWay);
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#underWay.size > 0 || isTurnAwaited());
  }
}

/** Whether any work has asked for a later turn of the event loop. */
function isTurnAwaited(): boolean {
  return getActiveResourcesInfo().includes("Immediate");
}

async function wholeAnswer(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(input, init);
  const body = await response.arrayBuffer();
  const { status, statusText, headers } = response;
  return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
}
