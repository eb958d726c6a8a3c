/**
 * One connection to Alpaca's stock stream through its SDK, from the connecting to the end.
 *
 * 1. It is up when every symbol is confirmed; what the SDK counts as connected says less.
 * 2. It is closed with a word where that is possible: one that just vanishes counts for up to a
 *    minute and a half against the one connection that most plans allow.
 * 3. The SDK does not reconnect: whoever runs this decides when to try again.
 */
import type { streaming } from "@alpacahq/alpaca-trade-api";
import { WebSocket } from "ws";
import type { Clock } from "../../core/clock.ts";
import type { BarEars, StreamEnd } from "../market-data.ts";
import { tellable } from "./redaction.ts";
import { readStreamedBar } from "./wire-bar.ts";

export interface BarStreamOptions {
  readonly keyId: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly url: string;
  readonly symbols: readonly string[];
  readonly ears: BarEars;
}

/** From the first packet to the confirmed subscription. */
const CONNECT_DEADLINE_MS = 10_000;
/** How long a close may take before the socket is cut. */
const CLOSE_DEADLINE_MS = 2_000;
/** In the SDK's words, which are Alpaca's: codes 402, 404, 409. */
const REFUSALS: readonly string[] = ["auth failed", "insufficient subscription", "v2 not enabled"];
const BUSY = "connection limit exceeded";
const OVER = new Error("the stream is over");

export class BarStream {
  readonly #options: BarStreamOptions;
  #socket: WebSocket | undefined;
  #problem: string | undefined;

  constructor(options: BarStreamOptions) {
    this.#options = options;
  }

  /** Resolves when the socket is gone; never rejects. */
  async run(signal: AbortSignal): Promise<StreamEnd> {
    const { streaming } = await import("@alpacahq/alpaca-trade-api");
    if (signal.aborted) return this.#end();
    const { clock, url, keyId, secret } = this.#options;
    const stream = new streaming.StockDataStream({
      ...{ credentials: { keyId, secret }, url, reconnect: false },
      wsFactory: (address, codec) => this.#open(address, codec),
    });
    const up = new AbortController();
    this.#listen(stream, streaming.EVENT.SUBSCRIPTION, up);
    stream.connect();
    const stop = () => this.#close();
    signal.addEventListener("abort", stop, { once: true });
    clock.sleep(CONNECT_DEADLINE_MS, up.signal).then(
      () => this.#fail(`not up within ${CONNECT_DEADLINE_MS / 1_000} s`),
      () => undefined,
    );
    await this.#gone();
    up.abort(OVER);
    signal.removeEventListener("abort", stop);
    return this.#end();
  }

  #listen(
    stream: streaming.StockDataStream,
    subscription: streaming.EVENT,
    up: AbortController,
  ): void {
    const { symbols, ears } = this.#options;
    stream.subscribeForBars([...symbols]);
    stream.onError((message) => {
      this.#problem ??= message;
      if (!up.signal.aborted) this.#close();
    });
    stream.onBar((wire) => {
      const bar = readStreamedBar(wire);
      if (bar !== undefined && !this.#isClosing) ears.onBar(bar);
    });
    stream.on(subscription, () => {
      const { bars } = stream.getSubscriptions();
      const lacking = symbols.filter((symbol) => !bars.includes(symbol));
      if (lacking.length > 0) this.#fail(`not subscribed: ${lacking.join(", ")}`);
      else if (!up.signal.aborted) {
        up.abort(OVER);
        this.#problem = undefined;
        ears.onUp();
      }
    });
  }

  /** The SDK says so before the socket is, and one at a time is all that is allowed. */
  #gone(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket?.readyState === WebSocket.CLOSED) resolve();
      else this.#socket?.once("close", () => resolve());
    });
  }

  get #isClosing(): boolean {
    return (this.#socket?.readyState ?? WebSocket.CLOSED) >= WebSocket.CLOSING;
  }

  #open(address: string, codec: streaming.Codec): WebSocket {
    const headers = codec === "msgpack" ? { "Content-Type": "application/msgpack" } : {};
    const options = { perMessageDeflate: false, handshakeTimeout: CONNECT_DEADLINE_MS, headers };
    this.#socket = new WebSocket(address, options);
    return this.#socket;
  }

  #fail(reason: string): void {
    this.#problem ??= reason;
    this.#close();
  }

  #close(): void {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    const closed = new AbortController();
    socket.once("close", () => closed.abort(OVER));
    socket.close();
    this.#options.clock.sleep(CLOSE_DEADLINE_MS, closed.signal).then(
      () => socket.terminate(),
      () => undefined,
    );
  }

  #end(): StreamEnd {
    const said = this.#problem ?? "the connection was closed";
    const reason = tellable(said, this.#options.secret);
    if (said === BUSY) return { kind: "busy", reason };
    return { kind: REFUSALS.includes(said) ? "refused" : "lost", reason };
  }
}
