/**
 * Connections for single reads, which go out on any of them without waiting for one another. Every
 * one is a connection that is left once anything on it has failed: what was asked behind that fails
 * there as well, and is never answered by what was not asked.
 */
import type { DedicatedConnection } from "./dedicated-connection.ts";

interface Shared {
  readonly opened: Promise<DedicatedConnection>;
  connection: DedicatedConnection | undefined;
  users: number;
}

export class SharedConnections {
  readonly #most: number;
  readonly #open: () => Promise<DedicatedConnection>;
  #shared: Shared[] = [];
  #isOver = false;

  constructor(most: number, open: () => Promise<DedicatedConnection>) {
    this.#most = most;
    this.#open = open;
  }

  async use<Value>(work: (connection: DedicatedConnection) => Promise<Value>): Promise<Value> {
    const shared = this.#leastUsed();
    shared.users += 1;
    try {
      return await work(await shared.opened);
    } catch (error) {
      this.leaveIdle();
      throw error;
    } finally {
      shared.users -= 1;
    }
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#shared.splice(0).map(({ connection }) => connection?.end()));
  }

  /** Once one was cut nothing is asked on its like: they may be cut as well. */
  leaveIdle(): void {
    for (const { connection, users } of this.#shared) if (users === 0) connection?.giveUp();
  }

  #leastUsed(): Shared {
    this.#shared = this.#shared.filter(({ connection }) => connection?.isClosed !== true);
    const [least] = [...this.#shared].sort((a, b) => a.users - b.users);
    const isEnough = least?.users === 0 || this.#shared.length === this.#most;
    return least !== undefined && isEnough ? least : this.#another();
  }

  #another(): Shared {
    const shared: Shared = { opened: this.#open(), connection: undefined, users: 0 };
    this.#shared.push(shared);
    shared.opened.then(
      (connection) => {
        shared.connection = connection;
        if (this.#isOver) connection.giveUp();
      },
      () => {
        this.#shared = this.#shared.filter((one) => one !== shared);
      },
    );
    return shared;
  }
}
