/**
 * The sidecar's own /stream: takes over the connections that ask to become websockets, and sends
 * every trade update to everyone who listens, in order.
 *
 * 1. Connections are bounded. Those without a good key have a share of their own, in which the
 *    oldest makes room: a storm of bad credentials neither grows nor keeps the others out.
 * 2. Nothing is written on a connection on which a request before still waits for its answer.
 * 3. What the listeners are owed when the broker was away is stream-feed.ts's business.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../core/clock.ts";
import type { Refusal } from "./access.ts";
import { alpacaError, type SidecarErrorName } from "./alpaca-error.ts";
import { presentedKey } from "./presented-key.ts";
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from "./stream-limits.ts";
import { StreamListener } from "./stream-listener.ts";
import type { ReportProblem } from "./stream-problem.ts";
import type { TradeUpdate } from "./trade-update.ts";

export interface StreamRelayPorts {
  readonly clock: Clock;
  /** Whether a key is good; `keyId` is undefined for a bearer token, which is a secret alone. */
  readonly authenticate: (keyId: string | undefined, secret: string) => boolean;
  /** Host and Origin: why a web page is kept out; undefined for whoever may come in. */
  readonly refuseStranger: (request: IncomingMessage) => Refusal | undefined;
  /** Whether every event from now on will be delivered. */
  readonly isLive: () => boolean;
  /** Whether an answer is owed on a connection that asks to be upgraded. Default: none ever is. */
  readonly isBusy?: ((connection: object) => boolean) | undefined;
  /** Default "binary", as Alpaca does it. */
  readonly frames?: "binary" | "text" | undefined;
  readonly limits?: Partial<StreamLimits> | undefined;
  readonly onProblem?: ReportProblem | undefined;
}

const STREAM_PATH = /^\/stream\/?(?:\?.*)?$/;
const WEBSOCKET = /^websocket$/i;

export class StreamRelay {
  readonly #ports: StreamRelayPorts;
  readonly #limits: StreamLimits;
  readonly #frames: "binary" | "text";
  readonly #websockets: WebSocketServer;
  readonly #strangers = new Set<StreamListener>();
  readonly #listeners = new Set<StreamListener>();
  readonly #detachments: (() => void)[] = [];
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;
  #allGone: (() => void) | undefined;

  constructor(ports: StreamRelayPorts) {
    this.#ports = ports;
    this.#limits = { ...DEFAULT_STREAM_LIMITS, ...ports.limits };
    this.#frames = ports.frames ?? "binary";
    // The library knows this option, its declarations do not yet.
    const untyped = { closeTimeout: this.#limits.farewellMs };
    this.#websockets = new WebSocketServer({
      ...{ noServer: true, maxPayload: this.#limits.clientFrameBytes, perMessageDeflate: false },
      ...untyped,
    });
    // Otherwise the library answers in words of its own.
    this.#websockets.on("wsClientError", (_error, socket) => refuse(socket, "upgrade_refused"));
    void this.#probe().catch(() => {});
  }

  /** Authenticated clients. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Clients without a good key so far. */
  get strangers(): number {
    return this.#strangers.size;
  }

  /** Answers `server`'s requests to upgrade: /stream is ours, everything else is refused. */
  attach(server: Server): void {
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head);
    };
    server.on("upgrade", upgrade);
    this.#detachments.push(() => server.off("upgrade", upgrade));
  }

  /** Sends `update` to everyone who listens. */
  deliver(update: TradeUpdate): void {
    if (this.#listeners.size === 0) return;
    // One buffer for all: text frames need none.
    const frame = this.#frames === "binary" ? Buffer.from(update.frame) : update.frame;
    for (const listener of this.#listeners) listener.deliver(frame);
  }

  /** Answers those who asked to listen while the broker was away. */
  acknowledge(): void {
    for (const listener of this.#listeners) listener.acknowledge();
  }

  /** Bids everybody farewell and resolves when every socket is gone. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    for (const detach of this.#detachments.splice(0)) detach();
    const everyone = [...this.#listeners, ...this.#strangers];
    if (everyone.length === 0) return;
    const gone = new Promise<void>((resolve) => {
      this.#allGone = resolve;
    });
    const answered = new AbortController();
    const limit = this.#ports.clock.sleep(this.#limits.farewellMs, answered.signal);
    for (const listener of everyone) listener.bidFarewell();
    await Promise.race([gone, limit.catch(() => {})]);
    answered.abort();
    for (const listener of everyone) listener.cut();
    await gone;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (this.#ports.isBusy?.(socket)) {
      // Whatever is written now would be taken for the answer to the request before, an order's.
      socket.destroy();
      return;
    }
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      refuse(socket, refusal);
      return;
    }
    const isAuthenticated = presentedKey(request.headers) !== undefined;
    this.#websockets.handleUpgrade(request, socket, head, (client) => {
      this.#welcome(client, isAuthenticated);
    });
  }

  #refusal(request: IncomingMessage): SidecarErrorName | undefined {
    const stranger = this.#ports.refuseStranger(request);
    if (stranger !== undefined) return stranger;
    // Some clients ask for another version of HTTP with any request, also with an order.
    if (!WEBSOCKET.test(request.headers.upgrade ?? "")) return "upgrade_refused";
    if (!STREAM_PATH.test(request.url ?? "")) return "not_found";
    if (this.#closing.signal.aborted) return "closing";
    if (this.#isFull()) return "overloaded";
    const key = presentedKey(request.headers);
    if (key === undefined || this.#ports.authenticate(key.id, key.secret)) return undefined;
    return "unauthorized";
  }

  #welcome(client: WebSocket, isAuthenticated: boolean): void {
    const { clock, authenticate, isLive, onProblem } = this.#ports;
    const listener = new StreamListener(
      client,
      {
        ...{ clock, limits: this.#limits, frames: this.#frames, authenticate, isLive, onProblem },
        admit: (stranger) => this.#admit(stranger),
      },
      isAuthenticated,
    );
    client.once("close", () => this.#forget(listener));
    if (isAuthenticated) {
      this.#listeners.add(listener);
      return;
    }
    const [oldest] = this.#strangers;
    if (oldest !== undefined && this.#strangers.size >= this.#limits.strangers) {
      this.#strangers.delete(oldest);
      oldest.cut();
    }
    this.#strangers.add(listener);
  }

  #admit(stranger: StreamListener): boolean {
    if (this.#isFull()) return false;
    this.#strangers.delete(stranger);
    this.#listeners.add(stranger);
    return true;
  }

  #forget(listener: StreamListener): void {
    this.#strangers.delete(listener);
    this.#listeners.delete(listener);
    if (this.#listeners.size + this.#strangers.size === 0) this.#allGone?.();
  }

  #isFull(): boolean {
    return this.#listeners.size >= this.#limits.listeners;
  }

  async #probe(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#ports.clock.sleep(this.#limits.probeIntervalMs, this.#closing.signal);
      for (const listener of [...this.#listeners]) listener.probe();
    }
  }
}

function refuse(socket: Duplex, name: SidecarErrorName): void {
  const { status, headers, body } = alpacaError(name);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
    ...Object.entries(headers).map(([header, value]) => `${header}: ${value}`),
    "connection: close",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
