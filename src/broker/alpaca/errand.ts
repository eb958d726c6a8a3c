/**
 * One request on its way through the SDK, which neither sees nor needs what is in here: what cuts
 * the request off, and the answer. A signal of its own for each would take longer than both.
 */
import type { HttpAnswer } from "./http-answer.ts";

export class Errand {
  #answer: HttpAnswer | undefined;
  #cutBy: Error | undefined;
  #onCut: (reason: Error) => void = () => undefined;

  /** Undefined until the whole of it has come. */
  get answer(): HttpAnswer | undefined {
    return this.#answer;
  }

  answered(answer: HttpAnswer): void {
    this.#answer = answer;
  }

  /** Whoever carries the request is told once, also where it was cut before; the last one asks. */
  whenCut(cut: (reason: Error) => void): void {
    this.#onCut = cut;
    if (this.#cutBy !== undefined) cut(this.#cutBy);
  }

  cut(reason: Error): void {
    if (this.#cutBy !== undefined) return;
    this.#cutBy = reason;
    this.#onCut(reason);
  }
}
