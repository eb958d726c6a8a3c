/**
 * The websocket of stock data at /v2/iex, /v2/sip and /v2/delayed_sip. Nothing is replayed: who is
 * not subscribed when a minute ends has missed its bar.
 *
 * 1. As many connections as the plan allows are authenticated at once; the next one is told 406. A
 *    connection that was cut may count for a while after it, as it does at Alpaca.
 * 2. A bar is sent when the clock has reached its minute's end, once.
 */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { EpochMs } from "../core/clock.ts";
import { type Credentials, keysFromHeaders, type PresentedKeys } from "./credentials.ts";
import type { BarFault } from "./fault-rule-schema.ts";
import { type LastTrade, type MarketBar, type MarketTape, minuteOf } from "./market-tape.ts";
import type { DataPlan } from "./simulator-options.ts";
import {
  type Channel,
  encoded,
  formatOf,
  type ProblemCode,
  problem,
  readStockFrame,
  type StreamFormat,
  subscription,
  success,
  TIME_IN,
} from "./stock-stream-frames.ts";
import { type WireTime, wireBar, wireQuote, wireTrade } from "./wire-market.ts";

export interface StockStreamPorts {
  readonly credentials: Credentials;
  readonly plan: DataPlan;
  readonly maximumConnections: number;
  readonly now: () => EpochMs;
  /** Runs `action` when `delayMs` of simulated time have passed. */
  readonly after: (delayMs: number, action: () => void) => void;
  readonly faultFor: (symbol: string) => BarFault | undefined;
}

interface Subscriber {
  readonly format: StreamFormat;
  readonly isSip: boolean;
  isAuthenticated: boolean;
  readonly symbols: Map<Channel, Set<string>>;
}

const STOCK_STREAM_PATH = /^\/v2\/(iex|sip|delayed_sip)\/?(\?.*)?$/;
const MAXIMUM_FRAME_BYTES = 64 * 1024;
const POLICY_VIOLATION = 1008;

export class StockStream {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAXIMUM_FRAME_BYTES });
  readonly #ports: StockStreamPorts;
  readonly #clients = new Map<WebSocket, Subscriber>();
  /** Until when connections that were cut are taken to be there. */
  #held: EpochMs[] = [];
  /** Minutes before this have been told. */
  #toldUntil: EpochMs = Number.NEGATIVE_INFINITY;
  #silentUntil: EpochMs = Number.NEGATIVE_INFINITY;

  constructor(ports: StockStreamPorts) {
    this.#ports = ports;
  }

  isPath(url: string): boolean {
    return STOCK_STREAM_PATH.test(url);
  }

  /** Takes over a connection that asked to become a websocket. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client, request));
  }

  /** How many connections are authenticated. */
  get connections(): number {
    return [...this.#clients.values()].filter(({ isAuthenticated }) => isAuthenticated).length;
  }

  traded(symbol: string, trade: LastTrade): void {
    this.#publish("trades", symbol, (time) => ({ T: "t", S: symbol, ...wireTrade(trade, time) }));
    this.#publish("quotes", symbol, (time) => ({ T: "q", S: symbol, ...wireQuote(trade, time) }));
  }

  /** The clock has moved: tells of the minutes that are over. */
  moved(tape: MarketTape): void {
    const until = minuteOf(this.#ports.now());
    const from = this.#toldUntil;
    this.#toldUntil = until;
    if (until <= from || this.#clients.size === 0 || !Number.isFinite(from)) return;
    const bars = this.#subscribedTo(tape).flatMap((symbol) =>
      tape.bars(symbol, from, until).map((bar) => ({ symbol, bar })),
    );
    for (const { symbol, bar } of bars.sort((a, b) => a.bar.startAt - b.bar.startAt)) {
      this.#tell(symbol, bar, this.#ports.faultFor(symbol));
    }
  }

  /** Another world begins: what it tells starts at its own time. */
  restart(): void {
    this.#toldUntil = minuteOf(this.#ports.now());
    this.#silentUntil = Number.NEGATIVE_INFINITY;
    this.#held = [];
  }

  /** Cuts every connection without a word; for `heldMs` they count as if they were there. */
  cut(heldMs = 0): void {
    const heldUntil = this.#ports.now() + heldMs;
    for (let left = this.connections; left > 0; left -= 1) this.#held.push(heldUntil);
    for (const client of this.#server.clients) client.terminate();
    this.#clients.clear();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #tell(symbol: string, bar: MarketBar, fault: BarFault | undefined): void {
    const send = () =>
      this.#publish("bars", symbol, (time) => ({ T: "b", S: symbol, ...wireBar(bar, time) }));
    switch (fault?.kind) {
      case undefined:
        send();
        break;
      case "bar_lost":
        break;
      case "bar_repeated":
        send();
        send();
        break;
      case "bar_late":
        this.#ports.after(fault.delayMs, send);
        break;
      case "data_stream_silent":
        this.#silentUntil = this.#ports.now() + fault.durationMs;
        break;
      case "data_stream_cut":
        this.cut(fault.heldMs);
    }
  }

  #subscribedTo(tape: MarketTape): readonly string[] {
    const lists = [...this.#clients.values()].map(({ symbols }) => symbols.get("bars"));
    const wanted = new Set(lists.flatMap((list) => [...(list ?? [])]));
    return wanted.has("*") ? tape.symbols() : [...wanted];
  }

  #publish(channel: Channel, symbol: string, frame: (time: WireTime) => object): void {
    if (this.#clients.size === 0 || this.#ports.now() < this.#silentUntil) return;
    for (const [client, { format, symbols }] of this.#clients) {
      const list = symbols.get(channel);
      if (list === undefined || !(list.has(symbol) || list.has("*"))) continue;
      client.send(encoded(format, [frame(TIME_IN[format])]));
    }
  }

  #serve(client: WebSocket, request: IncomingMessage): void {
    const isSip = (request.url ?? "").startsWith("/v2/sip");
    const format = formatOf(request);
    const subscriber = { format, isSip, isAuthenticated: false, symbols: new Map() };
    this.#clients.set(client, subscriber);
    client.on("message", (data: Buffer) => this.#receive(client, subscriber, data));
    client.on("error", () => client.terminate());
    client.on("close", () => this.#clients.delete(client));
    client.send(encoded(format, [success("connected")]));
    const keys = keysFromHeaders(request.headers);
    if (keys.keyId !== undefined) this.#authenticate(client, subscriber, keys);
  }

  #receive(client: WebSocket, subscriber: Subscriber, data: Buffer): void {
    const { format, isAuthenticated, symbols } = subscriber;
    const frame = readStockFrame(format, data);
    if (frame.kind === "auth") {
      this.#authenticate(client, subscriber, frame.keys);
      return;
    }
    if (!isAuthenticated || frame.kind === "unreadable") {
      client.send(encoded(format, [problem(isAuthenticated ? 400 : 401)]));
      return;
    }
    for (const [channel, named] of frame.symbols) {
      const list = symbols.get(channel) ?? new Set();
      const change = (symbol: string) =>
        frame.kind === "subscribe" ? list.add(symbol) : list.delete(symbol);
      for (const symbol of named) change(symbol);
      symbols.set(channel, list);
    }
    client.send(encoded(format, [subscription(symbols)]));
  }

  #authenticate(client: WebSocket, subscriber: Subscriber, keys: PresentedKeys): void {
    const { format } = subscriber;
    if (subscriber.isAuthenticated) {
      client.send(encoded(format, [problem(403)]));
      return;
    }
    const code = this.#refusal(subscriber, keys);
    if (code === undefined) {
      subscriber.isAuthenticated = true;
      client.send(encoded(format, [success("authenticated")]));
    } else {
      client.send(encoded(format, [problem(code)]));
      client.close(POLICY_VIOLATION, "turned away");
    }
  }

  #refusal({ isSip }: Subscriber, keys: PresentedKeys): ProblemCode | undefined {
    const { credentials, plan, maximumConnections } = this.#ports;
    if (!credentials.accepts(keys)) return 402;
    if (isSip && plan === "basic") return 409;
    this.#held = this.#held.filter((until) => until > this.#ports.now());
    return this.connections + this.#held.length >= maximumConnections ? 406 : undefined;
  }
}
