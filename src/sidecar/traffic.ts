/**
 * What is under way at the server: the answers that are still owed, per connection and in all, and
 * the orders that are being handled, whether or not their client is still there.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

export class Traffic {
  readonly #answers = new Set<ServerResponse>();
  readonly #orders = new Set<Promise<unknown>>();
  readonly #perConnection = new WeakMap<object, number>();
  #waiting: (() => void)[] = [];

  get underWay(): number {
    return this.#answers.size;
  }

  /** Counts an answer until it has been given or its client has gone. */
  enter(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#answers.add(response);
    this.#count(socket, 1);
    response.once("close", () => {
      this.#answers.delete(response);
      this.#count(socket, -1);
      this.#tell();
    });
  }

  /** Counts an order until it is handled. */
  async handling<Result>(order: Promise<Result>): Promise<Result> {
    this.#orders.add(order);
    try {
      return await order;
    } finally {
      this.#orders.delete(order);
      this.#tell();
    }
  }

  /** Whether an answer is owed on this connection. */
  isBusy(connection: object): boolean {
    return (this.#perConnection.get(connection) ?? 0) > 0;
  }

  /** Resolves as soon as nothing is under way. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #isIdle(): boolean {
    return this.#answers.size === 0 && this.#orders.size === 0;
  }

  #count(connection: object, change: number): void {
    this.#perConnection.set(connection, (this.#perConnection.get(connection) ?? 0) + change);
  }

  #tell(): void {
    if (!this.#isIdle()) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
