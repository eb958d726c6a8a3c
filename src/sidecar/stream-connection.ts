/**
 * One connection to the broker's trade-updates stream, from its handshake to its end.
 *
 * 1. It is up when the broker has acknowledged that we listen, and not before.
 * 2. It ends by itself when the broker is silent, refuses us or sends what cannot be read: an
 *    unreadable frame may have been an event, and only an end makes everybody catch up.
 * 3. Waits are the clock's. Who connects again, and when, is stream-upstream.ts's business.
 */
import { WebSocket } from "ws";
import type { Clock, EpochMs } from "../core/clock.ts";
import type { StreamProblem } from "./stream-problem.ts";
import { readBrokerFrame, TRADE_UPDATES, type TradeUpdate } from "./trade-update.ts";

export interface ConnectionOptions {
  /** Such as `wss://paper-api.alpaca.markets/stream`. */
  readonly url: string;
  readonly keyId: string;
  readonly secretKey: string;
  readonly clock: Clock;
  readonly onUp: () => void;
  readonly onUpdate: (update: TradeUpdate) => void;
}

export interface ConnectionEnd {
  /** When it came up; undefined when it never did. */
  readonly upSince: EpochMs | undefined;
  /** When the broker was last heard: what happened since may have been missed. */
  readonly heardAt: EpochMs;
  readonly problem: StreamProblem;
}

/** Frames hold one order with its legs; a hundredth of this is usual. */
const BROKER_FRAME_BYTES = 1_024 * 1_024;
/** From the start of the connection to the acknowledgement that we listen. */
const HANDSHAKE_DEADLINE_MS = 10_000;
const PING_INTERVAL_MS = 15_000;
/** From a ping to the next sign of life. */
const PONG_DEADLINE_MS = 10_000;

const UNAUTHORIZED_STATUSES: ReadonlySet<number | undefined> = new Set([401, 403]);

export class StreamConnection {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  readonly #ended = new AbortController();
  #problem: StreamProblem = { kind: "connection_lost" };
  #upSince: EpochMs | undefined;
  #heardAt: EpochMs;
  /** Counts signs of life, because a clock can stand still between two of them. */
  #signs = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#socket = new WebSocket(options.url, {
      maxPayload: BROKER_FRAME_BYTES,
      perMessageDeflate: false,
    });
  }

  /** Resolves when the connection has ended and its socket is gone; never rejects. */
  async run(): Promise<ConnectionEnd> {
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#attach();
    void this.#watch().catch(() => {});
    await closed;
    this.#ended.abort();
    return { upSince: this.#upSince, heardAt: this.#heardAt, problem: this.#problem };
  }

  /** Ends the connection at once. */
  end(): void {
    this.#socket.terminate();
  }

  #attach(): void {
    const socket = this.#socket;
    const { keyId, secretKey } = this.#options;
    socket.on("open", () => {
      this.#send({ action: "authenticate", data: { key_id: keyId, secret_key: secretKey } });
    });
    socket.on("message", (data) => {
      this.#heard();
      this.#receive(data.toString());
    });
    socket.on("ping", () => this.#heard());
    socket.on("pong", () => this.#heard());
    socket.on("unexpected-response", (_request, response) => {
      const isDenied = UNAUTHORIZED_STATUSES.has(response.statusCode);
      response.resume();
      this.#fail({ kind: isDenied ? "unauthorized" : "connection_refused" });
    });
    socket.on("error", (cause) => this.#fail({ kind: this.#problem.kind, cause }));
  }

  #receive(text: string): void {
    const frame = readBrokerFrame(text);
    switch (frame.kind) {
      case "authorization":
        if (frame.authorized) this.#send({ action: "listen", data: { streams: [TRADE_UPDATES] } });
        else this.#fail({ kind: "unauthorized" });
        return;
      case "listening":
        if (frame.streams.includes(TRADE_UPDATES)) this.#up();
        else this.#fail({ kind: "connection_refused" });
        return;
      case "update":
        this.#options.onUpdate(frame.update);
        return;
      case "unreadable":
        this.#fail({ kind: "unreadable_frame" });
        return;
      case "other":
    }
  }

  #up(): void {
    if (this.#upSince !== undefined) return;
    this.#upSince = this.#options.clock.now();
    this.#options.onUp();
  }

  async #watch(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ended;
    await clock.sleep(HANDSHAKE_DEADLINE_MS, signal);
    while (this.#upSince !== undefined) {
      const before = this.#signs;
      this.#socket.ping(undefined, undefined, () => {});
      await clock.sleep(PONG_DEADLINE_MS, signal);
      if (this.#signs === before) break;
      await clock.sleep(PING_INTERVAL_MS - PONG_DEADLINE_MS, signal);
    }
    this.#fail({ kind: "connection_silent" });
  }

  #heard(): void {
    this.#signs += 1;
    this.#heardAt = this.#options.clock.now();
  }

  #send(frame: unknown): void {
    this.#socket.send(JSON.stringify(frame), () => {});
  }

  #fail(problem: StreamProblem): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#problem = problem;
    this.#socket.terminate();
  }
}
