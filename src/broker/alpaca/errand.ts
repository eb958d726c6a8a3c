/**
 * One request on its way through the SDK, which neither sees nor needs what is in here: what cuts
 * the request off, and the answer. A signal of its own for each would take longer than both.
 */
import { Cut } from "../../core/cut.ts";
import type { HttpAnswer } from "./http-answer.ts";

export class Errand extends Cut {
  #answer: HttpAnswer | undefined;

  /** Undefined until the whole of it has come. */
  get answer(): HttpAnswer | undefined {
    return this.#answer;
  }

  answered(answer: HttpAnswer): void {
    this.#answer = answer;
  }
}
