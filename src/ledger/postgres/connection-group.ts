/** Connections for transactions: bounded in number, each in one hand at a time. */
import type { DedicatedConnection } from "./dedicated-connection.ts";

export class ConnectionGroup {
  readonly #open: () => Promise<DedicatedConnection>;
  readonly #most: number;
  readonly #idle: DedicatedConnection[] = [];
  readonly #busy = new Set<DedicatedConnection>();
  /** Those who wait for a connection, the first one first. */
  readonly #waiting: (() => void)[] = [];
  #places = 0;
  #isOver = false;

  constructor(most: number, open: () => Promise<DedicatedConnection>) {
    this.#most = most;
    this.#open = open;
  }

  /** A connection for `work` alone; it must have ended its transaction when it resolves. */
  async use<Value>(work: (connection: DedicatedConnection) => Promise<Value>): Promise<Value> {
    if (this.#places < this.#most) this.#places += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      const connection = await this.#connection();
      this.#busy.add(connection);
      try {
        return await work(connection);
      } catch (error) {
        // Nobody may find a transaction that was begun.
        await connection.run("ROLLBACK").catch(() => connection.giveUp());
        if (connection.isClosed) this.leaveIdle();
        throw error;
      } finally {
        this.#busy.delete(connection);
        if (!connection.isClosed) this.#idle.push(connection);
      }
    } finally {
      const next = this.#waiting.shift();
      // Whoever waits gets the place; nobody can come in between.
      if (next === undefined) this.#places -= 1;
      else next();
    }
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((one) => one.end()));
  }

  /** Once one was cut nothing is asked on its like: they may be cut as well. */
  leaveIdle(): void {
    for (const one of this.#idle.splice(0)) one.giveUp();
  }

  async #connection(): Promise<DedicatedConnection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (!idle.isClosed) return idle;
    }
    const opened = await this.#open();
    // Nobody else would end it.
    if (this.#isOver) opened.giveUp();
    return opened;
  }
}
