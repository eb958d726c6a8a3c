/** Keeps what a client's stream tells until a test reads it. */
export class UpdateQueue<Update> {
  readonly #updates: Update[] = [];
  #wake: () => void = () => {};

  push(update: Update): void {
    this.#updates.push(update);
    this.#wake();
  }

  async next(): Promise<Update> {
    for (;;) {
      const update = this.#updates.shift();
      if (update !== undefined) return update;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
