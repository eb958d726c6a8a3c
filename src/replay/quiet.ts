/**
 * Knows when a process has come to rest: nothing is in flight, and whatever is unfinished waits for
 * the clock. Only then may the driver advance the time of all processes.
 *
 * A latch goes on for three reasons only: an answer came, a turn of the event loop that it had
 * asked for came (a commit), or its clock moved. The first are counted here, the second by Node,
 * and the third is the driver's. Nothing is assumed about how many steps anything takes.
 *
 * An answer that the broker holds back until time passes waits for the clock too: a driver whose
 * broker does that says which answers those are.
 */
import { getActiveResourcesInfo } from "node:process";

/** How many of the requests of these numbers the broker holds an answer of back. */
export type CountHeld = (numbers: ReadonlySet<string>) => number;

/** A request's number stands in its query, for {@link CountHeld} to find it again. */
export const NUMBER_FIELD = "number";

/** Turns of the event loop without an answer, after which the broker is asked what it holds. */
const TURNS_BEFORE_ASKING = 10;

export class Quiet {
  readonly #countHeld: CountHeld | undefined;
  readonly #underWay = new Map<string, Promise<Response>>();
  #sent = 0;

  /** Without `countHeld`, every request is taken to be answered without time passing. */
  constructor(countHeld?: CountHeld) {
    this.#countHeld = countHeld;
  }

  /** `fetch` as given, counted from its start until the body has been read. */
  readonly fetchApi: typeof fetch = (input, init) => {
    this.#sent += 1;
    const number = String(this.#sent);
    const exchange = wholeAnswer(this.#countHeld ? numbered(input, number) : input, init);
    this.#underWay.set(number, exchange);
    const forget = () => void this.#underWay.delete(number);
    exchange.then(forget, forget);
    return exchange;
  };

  /** Resolves when nothing is in flight any more. */
  async settled(): Promise<void> {
    do {
      if (this.#countHeld === undefined) await Promise.allSettled(this.#underWay.values());
      else await this.#untilHeld();
      await nextTurn();
    } while (this.#isInFlight() || isTurnAwaited());
  }

  /** Until every request that is under way is one whose answer is held back. */
  async #untilHeld(): Promise<void> {
    let known = this.#underWay.size;
    for (let turn = 0; known > 0; turn += 1) {
      await nextTurn();
      if (this.#underWay.size !== known || isTurnAwaited()) {
        known = this.#underWay.size;
        turn = 0;
      } else if (turn >= TURNS_BEFORE_ASKING) {
        if (!this.#isInFlight()) return;
        turn = 0;
      }
    }
  }

  #isInFlight(): boolean {
    if (this.#countHeld === undefined) return this.#underWay.size > 0;
    return this.#countHeld(new Set(this.#underWay.keys())) < this.#underWay.size;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether any work has asked for a later turn of the event loop. */
function isTurnAwaited(): boolean {
  return getActiveResourcesInfo().includes("Immediate");
}

function numbered(input: Parameters<typeof fetch>[0], number: string): URL {
  const url = new URL(String(input));
  url.searchParams.set(NUMBER_FIELD, number);
  return url;
}

async function wholeAnswer(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(input, init);
  const body = await response.arrayBuffer();
  const { status, statusText, headers } = response;
  return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
}
