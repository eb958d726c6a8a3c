/** One connection to the sidecar: bytes are sent, and what comes back is kept. */
import { connect, type Socket } from "node:net";

export type IsWhole = (received: Buffer) => boolean;

export class Exchange {
  /** Everything that was received, once the connection has ended. */
  readonly over: Promise<Buffer>;
  readonly #chunks: Buffer[] = [];
  readonly #socket: Socket;

  constructor(port: number, bytes: Buffer, endsEarly: boolean) {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.#socket = socket;
    socket.on("data", (chunk) => this.#chunks.push(chunk));
    // A server that cuts off what it has heard enough of resets the connection.
    socket.on("error", () => undefined);
    socket.on("end", () => socket.end());
    this.over = new Promise((resolve) => socket.once("close", () => resolve(this.received)));
    if (endsEarly) socket.end(bytes);
    else socket.write(bytes);
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  end(): void {
    this.#socket.destroy();
  }
}
