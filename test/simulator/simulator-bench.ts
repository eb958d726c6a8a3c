/** A simulated broker for one test, spoken to over real HTTP and websocket, closed afterwards. */
import { afterEach } from "vitest";
import { WebSocket } from "ws";
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../src/simulator/index.ts";

/** 2026-05-21, a Thursday, 10:00 in New York. */
export const IN_SESSION = Date.parse("2026-05-21T14:00:00Z");
/** 18:00 of the day before, after the post-market's start. */
export const EVENING = Date.parse("2026-05-20T22:00:00Z");

export const KEYS = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" };

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
export type Body = any;

export interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly text: string;
  readonly headers: Headers;
}

export interface Bench {
  readonly simulator: Simulator;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** Places an order; what is left out is a market buy of one TQQQ for the day. */
  order(fields?: Record<string, unknown>): Promise<Answer>;
  stream(path?: string): Promise<StreamClient>;
}

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export async function openBench(options: SimulatorOptions = {}): Promise<Bench> {
  const simulator = await startSimulator({ prices: { TQQQ: "75.33" }, ...options });
  closers.push(() => simulator.close());
  const call: Bench["call"] = async (method, path, body, headers = KEYS) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const init = body === undefined ? { method, headers } : { method, headers, body: text };
    return answerOf(await fetch(simulator.url + path, init));
  };
  const order: Bench["order"] = (fields = {}) =>
    call("POST", "/v2/orders", {
      symbol: "TQQQ",
      ...(fields.notional === undefined ? { qty: "1" } : {}),
      side: "buy",
      type: "market",
      time_in_force: "day",
      ...fields,
    });
  const stream: Bench["stream"] = async (path = "/stream") => {
    const client = await openStream(simulator.url.replace("http", "ws") + path);
    closers.push(() => client.close());
    return client;
  };
  return { simulator, call, order, stream };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  const body = isJson && text !== "" ? JSON.parse(text) : undefined;
  return { status: response.status, body, text, headers: response.headers };
}

/** Reads frames one by one; a frame that has arrived is never missed. */
export class StreamClient {
  readonly #socket: WebSocket;
  readonly #frames: { readonly data: Body; readonly binary: boolean }[] = [];
  #wake: () => void = () => {};

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data, binary) => {
      this.#frames.push({ data: JSON.parse(data.toString()), binary });
      this.#wake();
    });
    socket.on("close", () => this.#wake());
  }

  async frame(): Promise<{ readonly data: Body; readonly binary: boolean }> {
    while (this.#frames.length === 0) {
      if (this.closed) throw new Error("the stream was closed");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift() as { data: Body; binary: boolean };
  }

  async next(): Promise<Body> {
    return (await this.frame()).data;
  }

  /** The data of the next trade updates. */
  async events(count: number): Promise<Body[]> {
    const found: Body[] = [];
    while (found.length < count) found.push((await this.next()).data);
    return found;
  }

  send(frame: unknown): void {
    this.#socket.send(JSON.stringify(frame));
  }

  async listen(keys = { key_id: "key", secret_key: "secret" }): Promise<this> {
    this.send({ action: "authenticate", data: keys });
    await this.next();
    this.send({ action: "listen", data: { streams: ["trade_updates"] } });
    await this.next();
    return this;
  }

  get closed(): boolean {
    return this.#socket.readyState >= WebSocket.CLOSING;
  }

  async untilClosed(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
  }

  close(): void {
    this.#socket.terminate();
  }
}

async function openStream(url: string): Promise<StreamClient> {
  const socket = new WebSocket(url);
  const client = new StreamClient(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  return client;
}
