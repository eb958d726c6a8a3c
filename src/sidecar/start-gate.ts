/** Lets what needs a started latch wait for the start to be over, or for there being none. */
import type { Latch } from "../latch.ts";

export class StartGate {
  readonly over: Promise<Latch | undefined>;
  #settle: (latch: Latch | undefined) => void = () => undefined;
  #latch: Latch | undefined;

  constructor() {
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get latch(): Latch | undefined {
    return this.#latch;
  }

  open(latch: Latch): void {
    this.#latch = latch;
    this.#settle(latch);
  }

  abandon(): void {
    this.#settle(undefined);
  }
}
