/**
 * Stands between a ledger and its server, as a network does: it takes the server's answers and
 * hands them over together, once nothing has come from either side for a while. So whatever the
 * ledger says after that it has said because of an answer, and each such time is a round trip.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** Longer than the ledger takes for what it says without waiting, and the server to answer it. */
const QUIET_MS = 60;
/** A process that got no time meanwhile says what it has to say in the turns behind the pause. */
const QUIET_TURNS = 12;

export class ServerProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #roundTrips = 0;
  #beforeAnswers: (() => Promise<boolean>) | undefined;

  private constructor(target: URL) {
    this.#server = createServer((client) => this.#connect(client, target));
  }

  /** Ends with the test that it is made for. */
  static async start(url: string): Promise<{ readonly proxy: ServerProxy; readonly url: string }> {
    const proxy = new ServerProxy(new URL(url));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    onTestFinished(() => proxy.#close());
    const through = new URL(url);
    through.hostname = "127.0.0.1";
    through.port = String((proxy.#server.address() as AddressInfo).port);
    return { proxy, url: through.href };
  }

  get roundTrips(): number {
    return this.#roundTrips;
  }

  /** Resolves once `act`, which is asked before answers are handed over, says that it is done. */
  beforeAnswers(act: () => Promise<boolean>): Promise<void> {
    return new Promise((resolve) => {
      this.#beforeAnswers = async () => {
        const isDone = await act();
        if (isDone) {
          this.#beforeAnswers = undefined;
          resolve();
        }
        return isDone;
      };
    });
  }

  #connect(client: Socket, target: URL): void {
    const server = connect(Number(target.port), target.hostname);
    let held: Buffer[] = [];
    let isAnswered = true;
    let quiet: NodeJS.Timeout | undefined;
    let heardSoFar = 0;
    const handOver = async () => {
      const before = heardSoFar;
      for (let turns = 0; turns < QUIET_TURNS; turns += 1) await turnOfTheLoop();
      if (held.length === 0 || heardSoFar > before) return;
      await this.#beforeAnswers?.();
      isAnswered = true;
      client.write(Buffer.concat(held.splice(0)));
    };
    const heard = () => {
      heardSoFar += 1;
      clearTimeout(quiet);
      quiet = setTimeout(handOver, QUIET_MS);
    };
    client.on("data", (said) => {
      if (isAnswered) this.#roundTrips += 1;
      isAnswered = false;
      server.write(said);
      heard();
    });
    server.on("data", (answer) => {
      held.push(answer);
      heard();
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        held = [];
        other.destroy();
        this.#sockets.delete(socket);
      });
    }
  }

  async #close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
