/** A broker's stream that does what a test says, for what the simulated broker never does. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { closeAfterwards } from "./stream-bench.ts";

export interface StandIn {
  readonly url: string;
  /** Connections that are open now, and the most that ever were at once. */
  readonly open: () => number;
  readonly most: () => number;
  /** Connections so far. */
  readonly count: () => number;
  /** Frames that came in, in order. */
  readonly frames: readonly string[];
  behave(behaviour: Partial<Behaviour>): void;
  /** The next connection that listens. */
  listening(): Promise<WebSocket>;
  send(data: Readonly<Record<string, unknown>>, binary?: boolean): void;
  sendText(text: string): void;
  cut(): void;
}

interface Behaviour {
  readonly authorizes: boolean;
  readonly answers: boolean;
  readonly pongs: boolean;
  /** HTTP status in the place of an upgrade. */
  readonly refusal: number | undefined;
}

export async function openStandIn(): Promise<StandIn> {
  let behaviour: Behaviour = { authorizes: true, answers: true, pongs: true, refusal: undefined };
  const server = createServer();
  const websockets = new WebSocketServer({ noServer: true, autoPong: false });
  const frames: string[] = [];
  let [open, most, count] = [0, 0, 0];
  let waiting: ((socket: WebSocket) => void)[] = [];
  const send = (socket: WebSocket, stream: string, data: object, binary = true) => {
    const text = JSON.stringify({ stream, data });
    socket.send(binary ? Buffer.from(text) : text);
  };
  const receive = (socket: WebSocket, text: string) => {
    frames.push(text);
    if (!behaviour.answers) return;
    const { action, data } = JSON.parse(text);
    if (action === "authenticate") {
      const status = behaviour.authorizes ? "authorized" : "unauthorized";
      send(socket, "authorization", { action, status });
      return;
    }
    send(socket, "listening", { streams: data.streams });
    for (const resolve of waiting) resolve(socket);
    waiting = [];
  };
  server.on("upgrade", (request, socket, head) => {
    count += 1;
    if (behaviour.refusal !== undefined) {
      socket.end(`HTTP/1.1 ${behaviour.refusal} No\r\nConnection: close\r\n\r\n`);
      return;
    }
    websockets.handleUpgrade(request, socket, head, (client) => {
      open += 1;
      most = Math.max(most, open);
      client.on("close", () => {
        open -= 1;
      });
      client.on("error", () => {});
      client.on("message", (data) => receive(client, data.toString()));
      client.on("ping", () => behaviour.pongs && client.pong());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closeAfterwards(async () => {
    for (const client of websockets.clients) client.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => open,
    most: () => most,
    count: () => count,
    frames,
    behave: (changes) => {
      behaviour = { ...behaviour, ...changes };
    },
    listening: () => new Promise((resolve) => waiting.push(resolve)),
    send: (data, binary) => {
      for (const client of websockets.clients) send(client, "trade_updates", data, binary);
    },
    sendText: (text) => {
      for (const client of websockets.clients) client.send(text);
    },
    cut: () => {
      for (const client of websockets.clients) client.terminate();
    },
  };
}
