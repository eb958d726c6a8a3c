/**
 * The trade-updates websocket at /stream. Nothing is replayed: who does not listen at the moment of
 * an event has missed it.
 *
 * Bad credentials are answered `unauthorized` and the socket is closed. Within the process a
 * listener may do without a websocket; it hears what an authenticated one would hear.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Credentials } from "./credentials.ts";
import type { StreamFault } from "./fault-rule-schema.ts";
import { authorizationFrame, listeningFrame, readClientFrame } from "./stream-frames.ts";

const TRADE_UPDATES = "trade_updates";
const MAXIMUM_FRAME_BYTES = 64 * 1024;
const POLICY_VIOLATION = 1008;

export interface StreamListener {
  readonly hear: (frame: string) => void;
  /** The connection is cut; nothing more comes. */
  readonly cut: () => void;
}

export class TradeStream {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAXIMUM_FRAME_BYTES });
  readonly #credentials: Credentials;
  readonly #binary: boolean;
  readonly #authenticated = new Set<WebSocket>();
  readonly #listening = new Set<WebSocket>();
  readonly #listeners = new Set<StreamListener>();
  #heldBack: string[] = [];

  constructor(credentials: Credentials, frames: "binary" | "text") {
    this.#credentials = credentials;
    this.#binary = frames === "binary";
  }

  /** Takes over a connection that asked to become a websocket. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client));
  }

  /** Has `listener` hear every trade update until it is cut; the answer ends it before. */
  listen(listener: StreamListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a trade update to everyone who listens, subject to `fault`. */
  publish(frame: string, fault?: StreamFault): void {
    switch (fault?.kind) {
      case "event_lost":
        return;
      case "stream_cut":
        this.cut();
        return;
      case "event_reordered":
        this.#heldBack.push(frame);
        return;
      case "event_repeated":
        this.#broadcast([frame, frame]);
        return;
      case undefined:
        this.#broadcast([frame]);
    }
  }

  /** Cuts every connection without a word, as a network does. */
  cut(): void {
    this.#heldBack = [];
    for (const client of this.#server.clients) client.terminate();
    this.#authenticated.clear();
    this.#listening.clear();
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.cut();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #broadcast(frames: readonly string[]): void {
    const due = [...frames, ...this.#heldBack];
    this.#heldBack = [];
    for (const client of this.#listening) {
      for (const frame of due) this.#send(client, frame);
    }
    for (const listener of this.#listeners) for (const frame of due) listener.hear(frame);
  }

  #serve(client: WebSocket): void {
    client.on("message", (data) => this.#receive(client, data.toString()));
    client.on("error", () => client.terminate());
    client.on("close", () => {
      this.#authenticated.delete(client);
      this.#listening.delete(client);
    });
  }

  #receive(client: WebSocket, text: string): void {
    const frame = readClientFrame(text);
    switch (frame.kind) {
      case "authenticate":
        this.#authenticate(client, this.#credentials.accepts(frame.keys));
        return;
      case "listen":
        this.#subscribe(client, frame.streams);
        return;
      case "unreadable":
        this.#send(client, JSON.stringify({ stream: "error", data: { error: "invalid frame" } }));
    }
  }

  #authenticate(client: WebSocket, accepted: boolean): void {
    this.#send(client, authorizationFrame("authenticate", accepted));
    if (accepted) this.#authenticated.add(client);
    else client.close(POLICY_VIOLATION, "unauthorized");
  }

  #subscribe(client: WebSocket, streams: readonly string[]): void {
    if (!this.#authenticated.has(client)) {
      this.#send(client, authorizationFrame("listen", false));
      return;
    }
    if (streams.includes(TRADE_UPDATES)) this.#listening.add(client);
    else this.#listening.delete(client);
    this.#send(client, listeningFrame(streams.filter((stream) => stream === TRADE_UPDATES)));
  }

  #send(client: WebSocket, frame: string): void {
    client.send(this.#binary ? Buffer.from(frame) : frame);
  }
}
