/** Stands between a ledger and its server, hands on what either says, and can break off at once. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** How the server says that it waits for a question, first of all once it has let somebody in. */
const READY = Buffer.from("Z\0\0\0\x05I", "latin1");

export class ServerRelay {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #silent = new Set<Socket>();
  #onCommitted: (() => void) | undefined;
  #isCommitDropped = false;
  /** As a long way: every answer takes so long. */
  delayMs = 0;
  /** No new connection gets through. */
  isAway = false;
  /** A new connection is let in, and nothing that it says gets through. */
  isDeaf = false;

  private constructor(target: URL) {
    this.#server = createServer((client) => this.#connect(client, target));
  }

  /** Ends with the test that it is made for. */
  static async start(url: string): Promise<{ readonly relay: ServerRelay; readonly url: string }> {
    const relay = new ServerRelay(new URL(url));
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    onTestFinished(() => {
      relay.reset();
      relay.#server.close();
    });
    const through = new URL(url);
    through.hostname = "127.0.0.1";
    through.port = String((relay.#server.address() as AddressInfo).port);
    return { relay, url: through.href };
  }

  /** As a firewall does, or a machine that has lost its memory: no connection ends in order. */
  reset(): void {
    for (const client of this.#clients) client.resetAndDestroy();
  }

  /** As a machine that lost its power: nobody hears anything on the connections that there are. */
  silence(): void {
    for (const client of this.#clients) this.#silent.add(client);
  }

  /** So many connections are there on which nothing gets through. */
  get silent(): number {
    return this.#silent.size;
  }

  /** Once the last connection has ended, from whichever side. */
  async untilNobodyIsThere(): Promise<void> {
    for (const client of this.#clients) if (!client.closed) await once(client, "close");
  }

  /** The next commit goes through, and the connection is reset before its answer is handed on. */
  loseNextCommit(): Promise<void> {
    return new Promise((resolve) => {
      this.#onCommitted = resolve;
    });
  }

  /** The connection is reset in front of the next commit, which the server never hears of. */
  dropNextCommit(): void {
    this.#isCommitDropped = true;
  }

  #connect(client: Socket, target: URL): void {
    if (this.isAway) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(Number(target.port), target.hostname);
    this.#clients.add(client);
    client.on("data", (said) => {
      if (this.#silent.has(client)) return;
      if (this.#isCommitDropped && said.includes("COMMIT\0")) {
        this.#isCommitDropped = false;
        client.resetAndDestroy();
      } else server.write(said);
    });
    server.on("data", (answer) => {
      if (this.isDeaf && answer.includes(READY)) this.#silent.add(client);
      const onCommitted = answer.includes("COMMIT") ? this.#onCommitted : undefined;
      if (onCommitted === undefined) {
        if (this.delayMs === 0) client.write(answer);
        else setTimeout(() => client.write(answer), this.delayMs);
        return;
      }
      this.#onCommitted = undefined;
      client.resetAndDestroy();
      onCommitted();
    });
    for (const socket of [client, server]) socket.on("error", () => undefined);
    server.on("close", () => client.destroy());
    client.on("close", () => {
      this.#clients.delete(client);
      server.destroy();
    });
  }
}
